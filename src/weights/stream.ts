// Answers: how do the bytes of many tensors get to whoever wants them, fast and within bounded memory?
// It must not know what becomes of the bytes.
import { planRanges } from './ranges.ts'
import { readAhead } from './read-ahead.ts'
import type { TensorEntry } from './safetensors.ts'
import type { Source } from './source.ts'

/** Takes one piece of a tensor; what it returns is awaited before the next piece is given. */
export type TensorSink = (
  entry: TensorEntry,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
) => void | Promise<void>

export interface StreamOptions {
  readonly signal?: AbortSignal
  /** After every range: wanted bytes delivered so far, of all. */
  readonly onProgress?: (progress: { file: string; bytes: number; totalBytes: number }) => void
  readonly rangeBytes?: number
  readonly parallel?: number
}

const maxInFlightBytes = 128 * 2 ** 20
const defaultRangeBytes = 8 * 2 ** 20
const defaultParallel = 4

/**
 * Reads the wanted tensors and hands every byte to `sink` once: file by file, tensor by tensor, offsets rising. Each
 * `offset` is a multiple of 256; `bytes` is a view that the sink may keep, at the price of its whole range. Up to
 * `parallel` ranges are read at once, and at most 128 MiB are read ahead of the sink. Tensors without bytes are skipped.
 * The first failure, of a read or of the sink, cancels the rest; when the promise settles nothing is under way any more.
 * Errors: those of `Source` with the tensor that was being read, and whatever the sink throws.
 */
export async function streamTensors(
  source: Source,
  wanted: readonly TensorEntry[],
  sink: TensorSink,
  options: StreamOptions = {},
): Promise<void> {
  const totalBytes = wanted.reduce((sum, entry) => sum + entry.end - entry.start, 0)
  const ahead = readAhead(source, planRanges(wanted, options.rangeBytes ?? defaultRangeBytes), {
    parallel: options.parallel ?? defaultParallel,
    maxBytes: maxInFlightBytes,
    signal: options.signal,
  })
  let delivered = 0
  try {
    for await (const { range, bytes } of ahead.reads()) {
      for (const { entry, from, to, offset } of range.pieces) {
        await sink(entry, offset, bytes.subarray(from, to))
        ahead.check()
        delivered += to - from
      }
      options.onProgress?.({ file: range.file, bytes: delivered, totalBytes })
    }
  } finally {
    await ahead.stop()
  }
}
