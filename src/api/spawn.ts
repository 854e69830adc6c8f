// Starts the worker from its script.

/**
 * Starts the worker. The address is a literal inside `new Worker(...)`, the form that every bundler
 * recognises. The package's build rewrites it to `./worker.js`, the file next to the bundle
 * (tools/worker-plugin.mjs).
 */
export function spawnWorker(): Worker {
  return new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })
}
