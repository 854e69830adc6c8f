// Reads parts of a file from a host that only sends whole files.
import type { HttpExchange } from './http-exchange.ts'
import { RetryableError, type RetryPolicy, withRetries } from './retry.ts'
import { truncatedFile } from './source.ts'

export interface WholeFileResponse {
  readonly exchange: HttpExchange
  /** The file's length as the response states it; that of the compressed file where CORS hides this. */
  readonly statedBytes: number | undefined
}

interface FileStream extends WholeFileResponse {
  readonly path: string
  /** The position in the file of the first byte of `buffered`. */
  position: number
  buffered: Uint8Array
}

export interface SequentialOptions {
  readonly retry: RetryPolicy
  /** A stream that is not read for this long is closed. */
  readonly idleMs: number
  /** Requests a whole file. */
  readonly open: (path: string, signal?: AbortSignal) => Promise<WholeFileResponse>
}

/** Fills `into` with the file's bytes from `start` on. */
export type FillFrom = (path: string, start: number, into: Uint8Array, signal?: AbortSignal) => Promise<void>

/**
 * Reads ranges out of whole-file responses without buffering a file. One response stays open, paused, between
 * reads. A later position continues it and discards the bytes in between; an earlier one requests the file
 * again. Reads in file order, as loading does them, thus download a file once. Reads run one at a time, in
 * the order of their calls.
 */
export function sequentialReader(options: SequentialOptions): FillFrom {
  let current: FileStream | undefined
  let lastRead: Promise<unknown> = Promise.resolve()
  let idleTimer: ReturnType<typeof setTimeout> | undefined
  const close = () => {
    clearTimeout(idleTimer)
    current?.exchange.cancel()
    current = undefined
  }

  const readOnce: FillFrom = async (path, start, into, signal) => {
    if (current?.path !== path || current.position > start) {
      close()
      current = { path, position: 0, buffered: new Uint8Array(0), ...(await options.open(path, signal)) }
    }
    const filled = await fill(current, start, into, signal)
    if (filled === into.length) return
    if (current.position === current.statedBytes)
      throw truncatedFile(path, start + into.length, current.position)
    throw new RetryableError('the connection ended early')
  }

  const readNow: FillFrom = async (path, start, into, signal) => {
    clearTimeout(idleTimer)
    await withRetries(options.retry, path, signal, async () => {
      try {
        await readOnce(path, start, into, signal)
      } catch (error) {
        close()
        throw error
      }
    })
    if (current?.position === current?.statedBytes) close()
    else idleTimer = setTimeout(close, options.idleMs)
  }

  return (path, start, into, signal) => {
    const result = lastRead.then(() => readNow(path, start, into, signal))
    lastRead = result.catch(() => undefined)
    return result
  }
}

/** Skips to `start` and fills `into`; returns how many bytes were filled before the stream ended. */
async function fill(
  stream: FileStream,
  start: number,
  into: Uint8Array,
  signal?: AbortSignal,
): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    if (stream.buffered.length === 0) {
      const chunk = await stream.exchange.next(signal)
      if (chunk === undefined) break
      stream.buffered = chunk
    }
    consume(stream, start - stream.position)
    const part = consume(stream, into.length - filled)
    into.set(part, filled)
    filled += part.length
  }
  return filled
}

/** Consumes up to `count` of the buffered bytes. */
function consume(stream: FileStream, count: number): Uint8Array {
  const part = stream.buffered.subarray(0, Math.max(0, count))
  stream.buffered = stream.buffered.subarray(part.length)
  stream.position += part.length
  return part
}
