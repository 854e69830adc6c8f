// Answers: how do two tabs keep out of each other's way? With Web Locks, which end with the tab that holds them.
// It must not know what is done under a lock.
import { throwIfAborted } from '../lib/error.ts'

/** Who adds to a model is alone in doing so; who reads it only keeps it from being removed. */
export type LockUse = 'write' | 'read'

export interface LockOptions {
  readonly mode: 'exclusive' | 'shared'
  readonly signal?: AbortSignal | undefined
  /** Do not wait: the result is nothing when somebody holds the lock. */
  readonly ifFree?: boolean
}

/** Gives a lock back. */
export type Release = () => void

/** Waits for a lock of the model in `folder`; the result gives it back. Errors: `aborted`. */
export async function lock(folder: string, use: LockUse, options: LockOptions): Promise<Release | undefined> {
  throwIfAborted(options.signal)
  return await new Promise((granted, refused) => {
    const held = (given: Lock | null) =>
      given === null
        ? granted(undefined)
        : new Promise<void>((release) => {
            granted(release)
          })
    // The API takes a signal only where the caller waits.
    const how = options.ifFree ? { ifAvailable: true } : options.signal ? { signal: options.signal } : {}
    navigator.locks.request(`hadal/${folder}/${use}`, { mode: options.mode, ...how }, held).catch((error) => {
      try {
        throwIfAborted(options.signal)
        refused(error)
      } catch (aborted) {
        refused(aborted)
      }
    })
  })
}
