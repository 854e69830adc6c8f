// Streams the weights of a model from its files into the allocated GPU buffers.
import type { Device } from '../../gpu/device.ts'
import { expectDefined } from '../../lib/error.ts'
import { totalRangeBytes } from '../../lib/format.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { type StreamOptions, streamTensors } from '../../weights/stream.ts'
import type { AllocatedWeights, ModelWriters, WriterMap } from './allocate-weights.ts'

/** Bytes written before waiting for the GPU; bounds what the driver buffers for pending copies. */
const PENDING_BYTES = 64 * 1024 * 1024

/** Bytes of scales that are held for the rows to come. */
const HELD_SCALE_BYTES = 256 * 1024 * 1024

/**
 * Streams every stored tensor into its buffers, each byte once and in the order of the files, but for the
 * scales of converted matrices: those come before the rows. Throws the errors of the source and of the
 * writers.
 */
export async function fillWeights(
  device: Device,
  { writers }: AllocatedWeights,
  checkpoint: Checkpoint,
  options: StreamOptions,
): Promise<void> {
  let pending = 0
  await writers.converter?.prepare()
  await streamPasses(writers, checkpoint, options, async (bytes) => {
    pending += bytes
    if (pending < PENDING_BYTES) return
    pending = 0
    await device.waits.workDone()
  })
  writers.converter?.close()
}

/**
 * As `fillWeights`, for any writers.
 * @param onWritten awaited after each slice of a tensor that was written
 */
export async function streamPasses(
  writers: Pick<ModelWriters, 'scalesOf' | 'rest'>,
  { source }: Checkpoint,
  options: StreamOptions,
  onWritten: (bytes: number) => Promise<void>,
): Promise<void> {
  const passes = planPasses(writers)
  const passBytes = passes.map((pass) => totalRangeBytes(pass.keys()))
  const totalBytes = passBytes.reduce((sum, bytes) => sum + bytes, 0)
  const { onProgress } = options
  let bytesBefore = 0
  for (const [index, pass] of passes.entries()) {
    await streamTensors(
      source,
      [...pass.keys()],
      async (entry, offset, bytes) => {
        const writer = expectDefined(pass.get(entry), `the writer of ${entry.name}`)
        writer.push(bytes)
        if (offset + bytes.length === entry.end - entry.start) writer.end()
        await onWritten(bytes.length)
      },
      {
        ...options,
        ...(onProgress && {
          onProgress: (done) => onProgress({ ...done, bytes: bytesBefore + done.bytes, totalBytes }),
        }),
      },
    )
    bytesBefore += passBytes[index] ?? 0
  }
}

/** Passes over the files: scales of converted matrices, the rows up to the last of these, and so on. */
function planPasses({ scalesOf, rest }: Pick<ModelWriters, 'scalesOf' | 'rest'>): readonly WriterMap[] {
  const inFileOrder = [...rest].sort(([a], [b]) =>
    a.file === b.file ? a.start - b.start : a.file < b.file ? -1 : 1,
  )
  const passes: WriterMap[] = []
  let [scales, rows]: [WriterMap, WriterMap] = [new Map(), new Map()]
  let held = 0
  const flush = () => {
    passes.push(...[scales, rows].filter(({ size }) => size > 0))
    ;[scales, rows, held] = [new Map(), new Map(), 0]
  }
  for (const [entry, writer] of inFileOrder) {
    const own = scalesOf.get(entry) ?? []
    const bytes = totalRangeBytes(own.map(([scale]) => scale))
    if (held > 0 && held + bytes > HELD_SCALE_BYTES) flush()
    for (const [scale, scaleWriter] of own) scales.set(scale, scaleWriter)
    held += bytes
    rows.set(entry, writer)
  }
  flush()
  return passes
}
