// Runs an async function over many items, a few at a time, and stops at the first failure.
import { throwIfAborted } from './error.ts'

export interface ParallelOptions {
  /** Calls running at once, at most. */
  readonly parallel: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls `work` for every item in order, at most `parallel` at once. The first failure aborts the signal
 * passed to `work` and starts no further items; so does the caller's signal. The promise settles only once
 * every call has ended.
 * Errors: the first failure; `aborted`.
 */
export async function forEachParallel<T>(
  items: Iterable<T>,
  options: ParallelOptions,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController()
  const cancel = () => controller.abort()
  options.signal?.addEventListener('abort', cancel)
  let failure: { readonly error: unknown } | undefined
  const iterator = items[Symbol.iterator]()
  const runLane = async () => {
    for (let item = iterator.next(); !item.done; item = iterator.next()) {
      if (failure) return
      throwIfAborted(options.signal)
      await work(item.value, controller.signal)
    }
  }
  const guardedLane = () =>
    runLane().catch((error) => {
      failure ??= { error }
      cancel()
    })
  await Promise.all(Array.from({ length: options.parallel }, guardedLane))
  options.signal?.removeEventListener('abort', cancel)
  if (failure) throw failure.error
}
