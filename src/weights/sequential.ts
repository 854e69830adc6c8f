// Answers: how is a file read in pieces from a host that only sends whole files? It must not know why it does.
import type { Exchange } from './exchange.ts'
import { type RetryPolicy, TryAgain, withRetries } from './retry.ts'
import { shortFile } from './source.ts'

interface Answer {
  readonly exchange: Exchange
  /** The file's length as this answer states it, if it does. */
  readonly fileBytes: number | undefined
}

interface Stream extends Answer {
  readonly path: string
  /** The position in the file of the first byte of `rest`. */
  at: number
  rest: Uint8Array
}

export interface SequentialOptions {
  readonly retry: RetryPolicy
  /** A stream that nobody has read for so long is closed. */
  readonly idleMs: number
  /** Asks for a whole file. */
  readonly open: (path: string, signal?: AbortSignal) => Promise<Answer>
}

/** Fills `into` with the bytes of the file from `start` on. */
export type FillFrom = (path: string, start: number, into: Uint8Array, signal?: AbortSignal) => Promise<void>

/**
 * Reads ranges out of whole-file answers without holding a file. One answer stays open between reads, paused; a read
 * further on continues it and throws away what lies between, a read further back asks for the file again. So reads in
 * file order, as loading does them, download a file once. Reads wait for each other, in the order of their calls.
 */
export function sequentialReader(options: SequentialOptions): FillFrom {
  let current: Stream | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let idle: ReturnType<typeof setTimeout> | undefined
  const close = () => {
    clearTimeout(idle)
    current?.exchange.cancel()
    current = undefined
  }

  const attempt: FillFrom = async (path, start, into, signal) => {
    if (current?.path !== path || current.at > start) {
      close()
      current = { path, at: 0, rest: new Uint8Array(0), ...(await options.open(path, signal)) }
    }
    const filled = await fill(current, start, into, signal)
    if (filled === into.length) return
    if (current.at === current.fileBytes) throw shortFile(path, start + into.length, current.at)
    throw new TryAgain('the connection ended early')
  }

  const readNow: FillFrom = async (path, start, into, signal) => {
    clearTimeout(idle)
    await withRetries(options.retry, path, signal, async () => {
      try {
        await attempt(path, start, into, signal)
      } catch (error) {
        close()
        throw error
      }
    })
    if (current?.at === current?.fileBytes) close()
    else idle = setTimeout(close, options.idleMs)
  }

  return (path, start, into, signal) => {
    const result = turn.then(() => readNow(path, start, into, signal))
    turn = result.catch(() => undefined)
    return result
  }
}

/** Skips to `start` and fills `into`; returns how many bytes there were before the end. */
async function fill(stream: Stream, start: number, into: Uint8Array, signal?: AbortSignal): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    if (stream.rest.length === 0) {
      const piece = await stream.exchange.next(signal)
      if (piece === undefined) break
      stream.rest = piece
    }
    take(stream, start - stream.at)
    const part = take(stream, into.length - filled)
    into.set(part, filled)
    filled += part.length
  }
  return filled
}

/** Moves up to `count` bytes out of what the stream has at hand. */
function take(stream: Stream, count: number): Uint8Array {
  const part = stream.rest.subarray(0, Math.max(0, count))
  stream.rest = stream.rest.subarray(part.length)
  stream.at += part.length
  return part
}
