// Answers: how does one range come in so that little of it is lost when the tab dies? It must not know what keeping it means.
import type { Source } from '../weights/source.ts'
import type { ByteRange } from './missing.ts'

export interface RangeFetch {
  readonly source: Source
  readonly path: string
  readonly range: ByteRange
  /** Memory for the range, free until the fetch has ended. */
  readonly memory: ArrayBuffer
  readonly signal: AbortSignal
  /** Puts bytes on the disk that belong at `start`. */
  readonly keep: (start: number, bytes: Uint8Array<ArrayBuffer>) => Promise<void>
  /** How much of the range has arrived. */
  readonly onFilled: (bytes: number) => void
}

/** On a slow line, what has come is kept so often, if it is at least this part of a range: a journal cannot hold crumbs. */
const keepEveryMs = 1000
const leastPart = 1 / 8

/**
 * Reads a range and keeps it: at once at its end, and on a slow line in parts before that. When the line breaks or the
 * caller cancels, what has arrived is kept too. Errors: those of the source, and whatever `keep` throws.
 */
export async function fetchRange(fetch: RangeFetch): Promise<void> {
  const { source, path, range, signal, keep } = fetch
  if (!source.readInto)
    return await keep(range.start, await source.read(path, range.start, range.end, signal))
  const into = new Uint8Array(fetch.memory, 0, range.end - range.start)
  let arrived = 0
  let kept = 0
  let keptAt = performance.now()
  let keeping: Promise<void> = Promise.resolve()
  const keepArrived = () => {
    const [from, to] = [kept, arrived]
    if (from === to) return
    kept = to
    keptAt = performance.now()
    keeping = keeping.then(() => keep(range.start + from, into.subarray(from, to)))
    keeping.catch(() => undefined) // it is awaited at the end
  }
  const onFilled = (bytes: number) => {
    arrived = bytes
    fetch.onFilled(bytes)
    const isDue =
      performance.now() - keptAt >= keepEveryMs && arrived - kept >= fetch.memory.byteLength * leastPart
    if (isDue) keepArrived()
  }
  try {
    await source.readInto(path, range.start, into, signal, onFilled)
    arrived = into.length
  } finally {
    keepArrived()
    await keeping
  }
}
