// Temporary GPU buffers of a benchmark or kernel check: upload, read-back, and one call that frees them all.
import type { Allocation, BUFFER_USAGE } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import { readBuffer } from '../gpu/readback.ts'
import { expectDefined } from '../lib/error.ts'
import { type Resource, resource } from './graph.ts'

type Words = Float32Array | Uint32Array

/** Buffers that live until `free`. */
export class TempBuffers {
  readonly device: Device
  readonly #allocations: Allocation[] = []

  constructor(device: Device) {
    this.device = device
  }

  /** A buffer of `words` zeros. */
  zeros(words: number, usage: keyof typeof BUFFER_USAGE = 'storage'): Resource {
    const allocation = this.device.arena.allocate('staging', 'scratch', words * 4, usage)
    this.#allocations.push(allocation)
    return resource(allocation.buffer)
  }

  /** A buffer that holds `data`. */
  upload(data: Words): Resource {
    const buffer = this.zeros(data.length)
    this.write(buffer, data)
    return buffer
  }

  /** Writes data from the 32-bit word `word` on. */
  write(into: Resource, data: Words, word = 0): void {
    const { queue } = this.device.gpu
    queue.writeBuffer(into.buffer(), word * 4, data.buffer, data.byteOffset, data.byteLength)
  }

  /** The first `words` words as f32. */
  async read(from: Resource, words: number): Promise<Float32Array> {
    return new Float32Array(await readBuffer(this.device, from.buffer(), words * 4))
  }

  /** Frees the buffers made since `mark` was read, newest first; all of them by default. */
  free(mark = 0): void {
    while (this.#allocations.length > mark) expectDefined(this.#allocations.pop(), 'a buffer').free()
  }

  /** Bytes of all live buffers. */
  get bytes(): number {
    return this.#allocations.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Number of live buffers; `free` returns to it. */
  get mark(): number {
    return this.#allocations.length
  }
}
