// Reads byte ranges ahead of use, in order and within bounded memory.
import { expectDefined, throwIfAborted } from '../lib/error.ts'
import type { ReadRange } from './ranges.ts'
import type { Source } from './source.ts'
import { addTensorToError } from './tensor-error.ts'

export interface ReadAheadOptions {
  /** Reads in flight at once, at most. */
  readonly parallel: number
  /** Bytes being read, queued or with the caller, at most. A single larger range is read alone. */
  readonly maxBytes: number
  readonly signal: AbortSignal | undefined
}

export interface ReadAhead {
  /** Yields every range with its bytes, in order. The bytes are valid until the next range is requested. */
  reads(): AsyncGenerator<{ readonly range: ReadRange; readonly bytes: Uint8Array<ArrayBuffer> }>
  /** Throws if the caller cancelled or any read has failed, including reads that were not yielded yet. */
  check(): void
  /** Cancels all reads and waits until they have ended. */
  stop(): Promise<void>
}

/** Starts reading at the first `reads()`. Always call `stop` at the end. */
export function readAhead(
  source: Source,
  ranges: readonly ReadRange[],
  options: ReadAheadOptions,
): ReadAhead {
  const controller = new AbortController()
  const cancel = () => controller.abort()
  options.signal?.addEventListener('abort', cancel)
  const pool = bufferPool(source, ranges)
  const maxBuffers = Math.max(1, Math.floor(options.maxBytes / pool.bytes))
  // Yielded reads are removed: a settled promise would keep its bytes alive.
  const pending = new Map<number, Promise<Uint8Array<ArrayBuffer>>>()
  let failure: { readonly error: unknown } | undefined
  let nextIndex = 0
  let reading = 0
  let inFlight = 0

  const check = () => {
    throwIfAborted(options.signal)
    if (failure) throw failure.error
  }
  const read = async (range: ReadRange): Promise<Uint8Array<ArrayBuffer>> => {
    try {
      return await pool.read(range, controller.signal)
    } catch (error) {
      const tensor = range.slices[0]?.entry.name
      failure ??= { error: addTensorToError(error, 'was being read', { tensor, file: range.file }) }
      cancel()
      throw failure.error
    } finally {
      reading--
      startMore()
    }
  }
  const startMore = () => {
    while (reading < options.parallel && inFlight < maxBuffers && !controller.signal.aborted) {
      const range = ranges[nextIndex]
      if (!range) return
      reading++
      inFlight++
      const result = read(range)
      result.catch(() => undefined) // reported through `failure`
      pending.set(nextIndex++, result)
    }
  }
  return {
    async *reads() {
      for (const [at, range] of ranges.entries()) {
        check()
        startMore()
        const bytes = await expectDefined(pending.get(at), 'a started read')
        pending.delete(at)
        yield { range, bytes }
        pool.release(bytes)
        inFlight--
      }
    },
    check,
    async stop() {
      options.signal?.removeEventListener('abort', cancel)
      cancel()
      await Promise.allSettled(pending.values())
    },
  }
}

interface BufferPool {
  /** The length of each buffer: that of the largest range. */
  readonly bytes: number
  read(range: ReadRange, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  release(bytes: Uint8Array<ArrayBuffer>): void
}

/**
 * Reads into reused buffers: fresh memory would be cleared first, page by page, and garbage of this size
 * piles up faster than it is collected. A source without `readInto` allocates on every read.
 */
function bufferPool(source: Source, ranges: readonly ReadRange[]): BufferPool {
  const bytes = ranges.reduce((max, { start, end }) => Math.max(max, end - start), 1)
  const free: ArrayBuffer[] = []
  return {
    bytes,
    async read({ file, start, end }, signal) {
      if (!source.readInto) return await source.read(file, start, end, signal)
      const into = new Uint8Array(free.pop() ?? new ArrayBuffer(bytes), 0, end - start)
      await source.readInto(file, start, into, { signal })
      return into
    },
    release({ buffer }) {
      if (source.readInto) free.push(buffer)
    },
  }
}
