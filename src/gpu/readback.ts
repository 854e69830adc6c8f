// Copies results from the GPU to the CPU without stalling the GPU, through a ring of staging buffers.
import { expectDefined } from '../lib/error.ts'
import type { Allocation } from './arena.ts'
import type { Device } from './device.ts'

/** Reads of a fixed size, several in flight at once; each is mapped while later steps already run. */
export class Readback {
  readonly #device: Device
  readonly #slots: readonly Allocation[]
  readonly #bytes: number
  #next = 0

  constructor(device: Device, label: string, bytes: number, depth: number) {
    this.#device = device
    this.#bytes = bytes
    this.#slots = Array.from({ length: depth }, (_, i) =>
      device.arena.allocate('staging', `${label} ${i}`, bytes, 'readback'),
    )
  }

  /**
   * Records a copy of `bytes` bytes from the start of `source`. Call the returned function once, right after
   * the commands are submitted: it starts the read, which resolves with a copy of the bytes. At most `depth`
   * reads may be in flight. A read completes, or fails, without being awaited.
   */
  encode(encoder: GPUCommandEncoder, source: GPUBuffer): () => Promise<ArrayBuffer> {
    const { buffer } = expectDefined(this.#slots[this.#next], 'a staging buffer')
    this.#next = (this.#next + 1) % this.#slots.length
    encoder.copyBufferToBuffer(source, 0, buffer, 0, this.#bytes)
    return () => {
      const read = this.#read(buffer)
      read.catch(() => {}) // whoever awaits the read gets the error
      return read
    }
  }

  destroy(): void {
    for (const slot of this.#slots) slot.free()
  }

  async #read(buffer: GPUBuffer): Promise<ArrayBuffer> {
    await this.#device.waits.map(buffer)
    const copy = buffer.getMappedRange(0, this.#bytes).slice(0)
    buffer.unmap()
    return copy
  }
}

/** Bytes of a buffer, from `offset` on (0 by default). */
export interface BufferRange {
  readonly source: GPUBuffer
  readonly bytes: number
  readonly offset?: number
}

/** Copies ranges to the CPU through one temporary staging buffer, which is mapped once: for rare reads. */
export async function readBuffers(device: Device, ranges: readonly BufferRange[]): Promise<ArrayBuffer[]> {
  let total = 0
  const placed = ranges.map((range) => {
    const start = total
    total += range.bytes
    return { offset: 0, ...range, start, end: total }
  })
  const staging = device.arena.allocate('staging', 'read', total, 'readback')
  try {
    const encoder = device.gpu.createCommandEncoder()
    for (const { source, bytes, offset, start } of placed)
      encoder.copyBufferToBuffer(source, offset, staging.buffer, start, bytes)
    device.gpu.queue.submit([encoder.finish()])
    await device.waits.map(staging.buffer)
    const all = staging.buffer.getMappedRange()
    return placed.map(({ start, end }) => all.slice(start, end))
  } finally {
    staging.free()
  }
}

/** As `readBuffers`, for one range. */
export async function readBuffer(
  device: Device,
  source: GPUBuffer,
  bytes: number,
  offset = 0,
): Promise<ArrayBuffer> {
  const [read = new ArrayBuffer(0)] = await readBuffers(device, [{ source, bytes, offset }])
  return read
}
