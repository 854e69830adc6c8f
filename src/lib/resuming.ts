// Goes on with a stream, such as an answer, when the engine that it comes from is lost.
import { expectDefined } from './error.ts'
import type { Live, Losable } from './live.ts'

/**
 * Yields what `work` yields. If what it works with is lost meanwhile, the next one goes on with what `work`
 * makes of the events so far.
 * @param signal ends the wait for the next one
 */
export async function* resuming<E extends Losable, T>(
  live: Live<E>,
  work: (one: E, before: readonly T[]) => AsyncIterable<T>,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const before: T[] = []
  let events: AsyncIterator<T> | undefined
  let of: E | undefined
  try {
    for (;;) {
      const result = await live.run(async (one) => {
        if (of !== one) events = work(one, before)[Symbol.asyncIterator]()
        of = one
        return expectDefined(events, 'a stream').next()
      }, signal)
      if (result.done) return
      before.push(result.value)
      yield result.value
    }
  } finally {
    await events?.return?.()
  }
}
