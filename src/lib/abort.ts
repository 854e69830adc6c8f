// Waits that end when a signal fires: for work that cannot be interrupted itself, or for a time.
import { throwIfAborted } from './error.ts'

/**
 * The result of `work`. If the signal fires first, rejects with `aborted` at once; the work goes on, and how
 * it ends no longer matters.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const listening = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => {
      try {
        throwIfAborted(signal)
      } catch (error) {
        reject(error)
      }
    }
    stop()
    signal.addEventListener('abort', stop, { signal: listening.signal })
  })
  return Promise.race([work, aborted]).finally(() => listening.abort())
}

/** Resolves after so many milliseconds, or as soon as the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    signal?.addEventListener('abort', wake)
  })
}
