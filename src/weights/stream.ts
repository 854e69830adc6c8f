// Streams the bytes of many tensors to a sink, in parallel and within bounded memory.
import { planRanges } from './ranges.ts'
import { readAhead } from './read-ahead.ts'
import type { TensorEntry } from './safetensors.ts'
import type { Source } from './source.ts'

/**
 * Receives one slice of a tensor. Its promise is awaited before the next slice is delivered. The bytes are
 * only valid until then: their memory is reused.
 */
export type TensorSink = (
  entry: TensorEntry,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
) => void | Promise<void>

export interface StreamProgress {
  readonly bytes: number
  readonly totalBytes: number
  readonly file: string // of the latest range
  readonly fileBytes: number
  readonly fileTotalBytes: number // of the requested tensors in it
}

export interface StreamOptions {
  readonly signal?: AbortSignal
  /** Called after every range, with the requested bytes delivered so far. */
  readonly onProgress?: (progress: StreamProgress) => void
  readonly rangeBytes?: number
  readonly parallel?: number
}

// Six ranges in flight, one with the sink, one ready for it. Fewer or smaller ranges leave a distant host
// idle between requests; more take memory, on top of the tens of MiB that fetch buffers itself.
const DEFAULT_RANGE_BYTES = 12 * 2 ** 20
const DEFAULT_PARALLEL = 6
const MAX_IN_FLIGHT_BYTES = 96 * 2 ** 20

/**
 * Reads the requested tensors and delivers every byte to `sink` once: file by file, tensor by tensor, by
 * rising offset. Each `offset` is a multiple of 256. Up to `parallel` ranges are read at once, and at
 * most 96 MiB are in flight, including those the sink is busy with. Empty tensors are skipped. The first
 * failure, of a read or of the sink, cancels the rest. The promise settles only once all reads have
 * ended. Errors: those of `Source`, naming the tensor that was being read, and whatever the sink throws.
 */
export async function streamTensors(
  source: Source,
  tensors: readonly TensorEntry[],
  sink: TensorSink,
  options: StreamOptions = {},
): Promise<void> {
  const progress = countProgress(tensors)
  const ahead = readAhead(source, planRanges(tensors, options.rangeBytes ?? DEFAULT_RANGE_BYTES), {
    parallel: options.parallel ?? DEFAULT_PARALLEL,
    maxBytes: MAX_IN_FLIGHT_BYTES,
    signal: options.signal,
  })
  try {
    for await (const { range, bytes } of ahead.reads()) {
      for (const { entry, from, to, offset } of range.slices) {
        await sink(entry, offset, bytes.subarray(from, to))
        ahead.check()
        progress.add(range.file, to - from)
      }
      options.onProgress?.(progress.of(range.file))
    }
  } finally {
    await ahead.stop()
  }
}

function countProgress(tensors: readonly TensorEntry[]) {
  const totals = new Map<string, number>()
  const done = new Map<string, number>()
  for (const { file, start, end } of tensors) totals.set(file, (totals.get(file) ?? 0) + end - start)
  const totalBytes = [...totals.values()].reduce((sum, bytes) => sum + bytes, 0)
  let bytes = 0
  return {
    add(file: string, count: number): void {
      bytes += count
      done.set(file, (done.get(file) ?? 0) + count)
    },
    of: (file: string): StreamProgress => ({
      bytes,
      totalBytes,
      file,
      fileBytes: done.get(file) ?? 0,
      fileTotalBytes: totals.get(file) ?? 0,
    }),
  }
}
