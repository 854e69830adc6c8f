// Starts the worker from its script.

/**
 * Starts the worker. The address is a literal inside `new Worker(...)`, the form that every bundler
 * recognises. It is right in the package, where `worker.js` lies next to the bundle, and here, where Vite
 * resolves it to `worker.ts`.
 */
export function spawnWorker(): Worker {
  try {
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'SecurityError') return spawnFromOtherOrigin()
    throw error
  }
}

/** A browser starts no worker from another origin, but a script of this origin may import its script. */
function spawnFromOtherOrigin(): Worker {
  const script = new Blob([`import ${JSON.stringify(packagedWorker())}`], { type: 'text/javascript' })
  const address = URL.createObjectURL(script)
  const worker = new Worker(address, { type: 'module' })
  worker.addEventListener('message', () => URL.revokeObjectURL(address), { once: true })
  return worker
}

/**
 * The address of worker.js if nothing bundles this module. It is not written in the form above, so that no
 * bundler makes a second copy of the worker.
 */
export const packagedWorker = (): string => `${import.meta.url.replace(/[^/]*$/, '')}worker.js`
