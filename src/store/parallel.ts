// Answers: how is the same done to many items, a few at once, until one fails? It must not know what is done.
import { throwIfAborted } from '../lib/error.ts'

export interface ParallelOptions {
  readonly parallel: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls `work` for every item in order, at most `parallel` at once. The first failure, or the caller's signal, fires the
 * signal that `work` got, and is thrown when nothing is under way any more.
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
  const queue = items[Symbol.iterator]()
  const lane = async () => {
    for (let item = queue.next(); !item.done; item = queue.next()) {
      if (failure) return
      throwIfAborted(options.signal)
      await work(item.value, controller.signal)
    }
  }
  const guarded = () =>
    lane().catch((error) => {
      failure ??= { error }
      cancel()
    })
  await Promise.all(Array.from({ length: options.parallel }, guarded))
  options.signal?.removeEventListener('abort', cancel)
  if (failure) throw failure.error
}
