// Streams the weights of a model from its files into the allocated GPU buffers.
import type { Device } from '../../gpu/device.ts'
import { expectDefined } from '../../lib/error.ts'
import { totalRangeBytes } from '../../lib/format.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { type StreamOptions, streamTensors } from '../../weights/stream.ts'
import type { AllocatedWeights, WriterMap } from './allocate-weights.ts'

/** Bytes written before waiting for the GPU; bounds what the driver buffers for pending copies. */
const PENDING_BYTES = 64 * 1024 * 1024

/**
 * Streams every stored tensor into its buffers, each byte once. Scales of converted matrices come first, in a
 * pass of their own. Throws the errors of the source and of the writers.
 */
export async function fillWeights(
  device: Device,
  { writers: { early, rest, converter } }: AllocatedWeights,
  checkpoint: Checkpoint,
  options: StreamOptions,
): Promise<void> {
  const earlyBytes = totalRangeBytes(early.keys())
  const totalBytes = earlyBytes + totalRangeBytes(rest.keys())
  const { onProgress } = options
  const pass = (writers: WriterMap, bytesBefore: number) =>
    stream(device, writers, checkpoint, {
      ...options,
      ...(onProgress && {
        onProgress: (done) => onProgress({ ...done, bytes: bytesBefore + done.bytes, totalBytes }),
      }),
    })
  await converter?.prepare()
  await pass(early, 0)
  await pass(rest, earlyBytes)
  converter?.close()
}

async function stream(
  device: Device,
  writers: WriterMap,
  checkpoint: Checkpoint,
  options: StreamOptions,
): Promise<void> {
  let pending = 0
  await streamTensors(
    checkpoint.source,
    [...writers.keys()],
    async (entry, offset, bytes) => {
      const writer = expectDefined(writers.get(entry), `the writer of ${entry.name}`)
      writer.push(bytes)
      if (offset + bytes.length === entry.end - entry.start) writer.end()
      pending += bytes.length
      if (pending < PENDING_BYTES) return
      pending = 0
      await device.waits.workDone()
    },
    options,
  )
}
