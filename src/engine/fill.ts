// Streams the weights of a model from its files into the allocated GPU buffers.
import type { Device } from '../gpu/device.ts'
import { spannedBytes } from '../lib/bytes.ts'
import { present } from '../lib/error.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { type StreamOptions, streamTensors } from '../weights/stream.ts'
import type { EmptyModel, WriterMap } from './prepare.ts'

/** Bytes written before waiting for the GPU; bounds what the driver buffers for pending copies. */
const PENDING_BYTES = 64 * 1024 * 1024

/**
 * Streams every stored tensor into its buffers, each byte once. Scales of converted matrices come first, in a
 * pass of their own. Throws the errors of the source and of the writers.
 */
export async function fillModel(
  device: Device,
  { writers: { early, rest, converter } }: EmptyModel,
  checkpoint: Checkpoint,
  options: StreamOptions,
): Promise<void> {
  const earlyBytes = spannedBytes(early.keys())
  const totalBytes = earlyBytes + spannedBytes(rest.keys())
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
      const writer = present(writers.get(entry), `the writer of ${entry.name}`)
      writer.push(bytes)
      if (offset + bytes.length === entry.end - entry.start) writer.end()
      pending += bytes.length
      if (pending < PENDING_BYTES) return
      pending = 0
      await device.gpu.queue.onSubmittedWorkDone()
    },
    options,
  )
}
