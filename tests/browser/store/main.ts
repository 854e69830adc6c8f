// Page of the store tests: starts the worker that has the store.
new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
