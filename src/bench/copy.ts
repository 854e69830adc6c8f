// Answers: how fast does this device move bytes? It must not know what is compared with that.
import type { Device } from '../gpu/device.ts'
import { throwIfAborted } from '../lib/error.ts'

const BYTES = 64 * 2 ** 20 // of a buffer: more than caches hold, and within every device's limit
const COPIES = 4 // of a submission, so that its cost is spread
const TRIES = 5

/** Bytes per second, read and written together, of the best of several copies from one buffer into another. */
export async function copyBandwidth(
  { gpu, arena }: Device,
  signal: AbortSignal | undefined,
): Promise<number> {
  const [from, into] = await arena.guard('two buffers to copy between', async () => [
    arena.allocate('staging', 'copy from', BYTES),
    arena.allocate('staging', 'copy into', BYTES),
  ])
  let best = Number.POSITIVE_INFINITY
  try {
    for (let i = 0; i <= TRIES; i++) {
      throwIfAborted(signal)
      const encoder = gpu.createCommandEncoder()
      for (let copy = 0; copy < COPIES; copy++)
        encoder.copyBufferToBuffer(from.buffer, 0, into.buffer, 0, BYTES)
      const started = performance.now()
      gpu.queue.submit([encoder.finish()])
      await gpu.queue.onSubmittedWorkDone()
      if (i > 0) best = Math.min(best, performance.now() - started) // the first touches the pages
    }
  } finally {
    from.free()
    into.free()
  }
  return (2 * COPIES * BYTES * 1000) / best
}
