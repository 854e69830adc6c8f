// Answers: what does a tab need to have a store? A worker. It must not know what a test asks of it.
new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
