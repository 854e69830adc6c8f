// Locks that keep tabs from interfering with each other. Web Locks end with the tab that holds them.
import { throwIfAborted } from '../lib/error.ts'

/** `write`: one tab adds to a model. `read`: tabs that read a model keep it from being removed. */
export type LockUse = 'write' | 'read'

export interface LockOptions {
  readonly mode: 'exclusive' | 'shared'
  readonly signal?: AbortSignal | undefined
  /** Do not wait: the result is undefined when the lock is taken. */
  readonly ifFree?: boolean
}

/** Releases a lock. */
export type ReleaseLock = () => void

/** Waits for a lock of the model in `folder`; the result releases it. Errors: `aborted`. */
export async function acquireLock(
  folder: string,
  use: LockUse,
  options: LockOptions,
): Promise<ReleaseLock | undefined> {
  throwIfAborted(options.signal)
  return await new Promise((resolve, reject) => {
    const hold = (heldLock: Lock | null) =>
      heldLock === null
        ? resolve(undefined)
        : new Promise<void>((release) => {
            resolve(release)
          })
    // The API accepts a signal only together with waiting.
    const waiting = options.ifFree ? { ifAvailable: true } : options.signal ? { signal: options.signal } : {}
    navigator.locks
      .request(`hadal/${folder}/${use}`, { mode: options.mode, ...waiting }, hold)
      .catch((error) => {
        try {
          throwIfAborted(options.signal)
          reject(error)
        } catch (aborted) {
          reject(aborted)
        }
      })
  })
}
