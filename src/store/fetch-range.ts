// Fetches one byte range and commits it in parts, so that little is lost when the tab dies.
import type { Source } from '../weights/source.ts'
import type { ByteRange } from './missing-ranges.ts'

/** One range to fetch. */
export interface RangeFetch {
  readonly source: Source
  readonly path: string
  readonly range: ByteRange
  /** Memory for the range, used until the fetch has ended. */
  readonly buffer: ArrayBuffer
  readonly signal: AbortSignal
  /** Writes bytes that belong at `start` to the disk and commits them. */
  readonly commit: (start: number, bytes: Uint8Array<ArrayBuffer>) => Promise<void>
  /** Called with how many bytes of the range have arrived. */
  readonly onFilled: (bytes: number) => void
}

/**
 * On a slow connection, arrived bytes are committed this often, but only this fraction of a range or more at
 * a time: the journal must not fill up with tiny ranges.
 */
const COMMIT_INTERVAL_MS = 1000
const MIN_COMMIT_FRACTION = 1 / 8

/**
 * Reads a range and commits it: as a whole, or in parts on a slow connection. If the connection breaks or the
 * caller cancels, the bytes that have arrived are committed too. Errors: those of the source, and whatever
 * `commit` throws.
 */
export async function fetchRange(request: RangeFetch): Promise<void> {
  const { source, path, range, signal, commit } = request
  if (!source.readInto)
    return await commit(range.start, await source.read(path, range.start, range.end, signal))
  const into = new Uint8Array(request.buffer, 0, range.end - range.start)
  let arrived = 0
  let committed = 0
  let committedAt = performance.now()
  let commits: Promise<void> = Promise.resolve()
  const commitArrived = () => {
    const [from, to] = [committed, arrived]
    if (from === to) return
    committed = to
    committedAt = performance.now()
    commits = commits.then(() => commit(range.start + from, into.subarray(from, to)))
    commits.catch(() => undefined) // awaited at the end
  }
  const onFilled = (bytes: number) => {
    arrived = bytes
    request.onFilled(bytes)
    const isDue =
      performance.now() - committedAt >= COMMIT_INTERVAL_MS &&
      arrived - committed >= request.buffer.byteLength * MIN_COMMIT_FRACTION
    if (isDue) commitArrived()
  }
  try {
    await source.readInto(path, range.start, into, { signal, onFilled })
    arrived = into.length
  } finally {
    commitArrived()
    await commits
  }
}
