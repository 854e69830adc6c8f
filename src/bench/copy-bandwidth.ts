// Measures the copy bandwidth of the device.
import type { Device } from '../gpu/device.ts'
import { throwIfAborted } from '../lib/error.ts'

const BUFFER_BYTES = 64 * 2 ** 20 // exceeds hardware caches; within every device's buffer limit
const COPIES = 4 // per submission, to amortise its overhead
const TRIES = 5

/**
 * Bytes per second, reads plus writes, of the fastest of several buffer-to-buffer copies.
 * Throws `aborted`, `out_of_memory`.
 */
export async function copyBandwidth(
  { gpu, arena, waits }: Device,
  signal: AbortSignal | undefined,
): Promise<number> {
  const [from, into] = await arena.guard('two buffers to copy between', async () => [
    arena.allocate('staging', 'copy from', BUFFER_BYTES),
    arena.allocate('staging', 'copy into', BUFFER_BYTES),
  ])
  let best = Number.POSITIVE_INFINITY
  try {
    for (let i = 0; i <= TRIES; i++) {
      throwIfAborted(signal)
      const encoder = gpu.createCommandEncoder()
      for (let copy = 0; copy < COPIES; copy++)
        encoder.copyBufferToBuffer(from.buffer, 0, into.buffer, 0, BUFFER_BYTES)
      const started = performance.now()
      gpu.queue.submit([encoder.finish()])
      await waits.workDone()
      if (i > 0) best = Math.min(best, performance.now() - started) // the first run faults in the pages
    }
  } finally {
    from.free()
    into.free()
  }
  return (2 * COPIES * BUFFER_BYTES * 1000) / best
}
