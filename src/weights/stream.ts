// Answers: how do the bytes of many tensors get to whoever wants them, fast and within bounded memory?
// It must not know what becomes of the bytes.
import { planRanges } from './ranges.ts'
import { readAhead } from './read-ahead.ts'
import type { TensorEntry } from './safetensors.ts'
import type { Source } from './source.ts'

/**
 * Takes one piece of a tensor; what it returns is awaited before the next piece is given. The bytes are only lent: their
 * memory is used again once that promise is fulfilled.
 */
export type TensorSink = (
  entry: TensorEntry,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
) => void | Promise<void>

export interface StreamProgress {
  readonly bytes: number
  readonly totalBytes: number
  readonly file: string // the one that the latest range came from
  readonly fileBytes: number
  readonly fileTotalBytes: number // of the wanted tensors in it
}

export interface StreamOptions {
  readonly signal?: AbortSignal
  /** After every range: wanted bytes delivered so far, of all. */
  readonly onProgress?: (progress: StreamProgress) => void
  readonly rangeBytes?: number
  readonly parallel?: number
}

// Six ranges on their way, one with the sink, one ready for it. Fewer or smaller ones leave a distant host idle between
// requests; more cost memory, on top of which fetch keeps tens of MiB of its own.
const defaultRangeBytes = 12 * 2 ** 20
const defaultParallel = 6
const maxInFlightBytes = 96 * 2 ** 20

/**
 * Reads the wanted tensors and hands every byte to `sink` once: file by file, tensor by tensor, offsets rising. Each
 * `offset` is a multiple of 256. Up to `parallel` ranges are read at once, and at most 96 MiB are in flight, those that
 * the sink is busy with included. Tensors without bytes are skipped.
 * The first failure, of a read or of the sink, cancels the rest; when the promise settles nothing is under way any more.
 * Errors: those of `Source` with the tensor that was being read, and whatever the sink throws.
 */
export async function streamTensors(
  source: Source,
  wanted: readonly TensorEntry[],
  sink: TensorSink,
  options: StreamOptions = {},
): Promise<void> {
  const progress = countProgress(wanted)
  const ahead = readAhead(source, planRanges(wanted, options.rangeBytes ?? defaultRangeBytes), {
    parallel: options.parallel ?? defaultParallel,
    maxBytes: maxInFlightBytes,
    signal: options.signal,
  })
  try {
    for await (const { range, bytes } of ahead.reads()) {
      for (const { entry, from, to, offset } of range.pieces) {
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

function countProgress(wanted: readonly TensorEntry[]) {
  const totals = new Map<string, number>()
  const done = new Map<string, number>()
  for (const { file, start, end } of wanted) totals.set(file, (totals.get(file) ?? 0) + end - start)
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
