// Answers: where is the worker's script? It must not know what the worker does.

/**
 * Starts the worker. The address is a literal inside `new Worker(...)`, because that is the form every bundler recognises; the build
 * of the package rewrites it to `./worker.js`, the file next to the bundle (tools/worker-plugin.mjs).
 */
export function spawnWorker(): Worker {
  return new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })
}
