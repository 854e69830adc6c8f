// Starts the worker from its script.

/**
 * Starts the worker. The address is a literal inside `new Worker(...)`, the form that every bundler
 * recognises. It is right in the package, where `worker.js` lies next to the bundle, and here, where Vite
 * resolves it to `worker.ts`.
 */
export function spawnWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
}
