// Answers: how are ranges read before they are needed, in order and within bounded memory?
// It must not know what the bytes are for.
import { quote } from '../lib/bytes.ts'
import { HadalError, present, throwIfAborted } from '../lib/error.ts'
import type { Range } from './ranges.ts'
import type { Source } from './source.ts'

export interface ReadAheadOptions {
  /** Reads under way at once. */
  readonly parallel: number
  /** Bytes being read, waiting for their turn or with the caller, at most; a single larger range is read alone. */
  readonly maxBytes: number
  readonly signal: AbortSignal | undefined
}

export interface ReadAhead {
  /** Every range with its bytes, in order. The bytes are the caller's until it asks for the next range. */
  reads(): AsyncGenerator<{ readonly range: Range; readonly bytes: Uint8Array<ArrayBuffer> }>
  /** Throws if the caller cancelled or any read has failed, also one whose turn has not come. */
  check(): void
  /** Cancels what is under way and waits until it has ended. */
  stop(): Promise<void>
}

/** Starts reading at the first `reads()`; always call `stop` at the end. */
export function readAhead(source: Source, ranges: readonly Range[], options: ReadAheadOptions): ReadAhead {
  const controller = new AbortController()
  const cancel = () => controller.abort()
  options.signal?.addEventListener('abort', cancel)
  const memory = bufferPool(source, ranges)
  const most = Math.max(1, Math.floor(options.maxBytes / memory.bytes))
  // Only what has not been handed on: a settled promise would keep its bytes alive.
  const pending = new Map<number, Promise<Uint8Array<ArrayBuffer>>>()
  let failure: { readonly error: unknown } | undefined
  let next = 0
  let reading = 0
  let inFlight = 0

  const check = () => {
    throwIfAborted(options.signal)
    if (failure) throw failure.error
  }
  const read = async (range: Range): Promise<Uint8Array<ArrayBuffer>> => {
    try {
      return await memory.read(range, controller.signal)
    } catch (error) {
      failure ??= { error: nameTensor(error, range) }
      cancel()
      throw failure.error
    } finally {
      reading--
      startMore()
    }
  }
  const startMore = () => {
    while (reading < options.parallel && inFlight < most && !controller.signal.aborted) {
      const range = ranges[next]
      if (!range) return
      reading++
      inFlight++
      const result = read(range)
      result.catch(() => undefined) // it is reported through `failure`, perhaps before its turn
      pending.set(next++, result)
    }
  }
  return {
    async *reads() {
      for (const [at, range] of ranges.entries()) {
        check()
        startMore()
        const bytes = await present(pending.get(at), 'a started read')
        pending.delete(at)
        yield { range, bytes }
        memory.giveBack(bytes)
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
  /** The length of a buffer: that of the largest range. */
  readonly bytes: number
  read(range: Range, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  giveBack(bytes: Uint8Array<ArrayBuffer>): void
}

/**
 * Reads into buffers that are used again: fresh memory would be cleared first, page by page, and garbage of this size
 * piles up faster than it is collected. A source that cannot read into given memory is read as it can.
 */
function bufferPool(source: Source, ranges: readonly Range[]): BufferPool {
  const bytes = ranges.reduce((most, { start, end }) => Math.max(most, end - start), 1)
  const free: ArrayBuffer[] = []
  return {
    bytes,
    async read({ file, start, end }, signal) {
      if (!source.readInto) return await source.read(file, start, end, signal)
      const into = new Uint8Array(free.pop() ?? new ArrayBuffer(bytes), 0, end - start)
      await source.readInto(file, start, into, signal)
      return into
    },
    giveBack({ buffer }) {
      if (source.readInto) free.push(buffer)
    },
  }
}

/** Adds to a failure of a file the first tensor that it keeps from being read. */
function nameTensor(failure: unknown, range: Range): unknown {
  const tensor = range.pieces[0]?.entry.name
  const known = failure instanceof HadalError && failure.tensor === undefined && failure.code !== 'aborted'
  if (!known || tensor === undefined) return failure
  const message = `${failure.message} Tensor ${quote(tensor)} was being read.`
  return new HadalError(failure.code, message, {
    hint: failure.hint,
    file: failure.file ?? range.file,
    tensor,
    cause: failure,
  })
}
