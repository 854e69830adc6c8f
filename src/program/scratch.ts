// Answers: which buffers does a measurement or a proof hold, and what is in them? Uploads, read-back, and one call that frees all.
// It must not know what is measured or proven.
import type { Allocation, USAGE } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import { readBuffer } from '../gpu/readback.ts'
import { present } from '../lib/error.ts'
import { type Resource, resource } from './graph.ts'

type Data = Float32Array | Uint32Array

export class Scratch {
  readonly device: Device
  readonly #allocations: Allocation[] = []

  constructor(device: Device) {
    this.device = device
  }

  /** A buffer of `words` zeros. */
  empty(words: number, usage: keyof typeof USAGE = 'storage'): Resource {
    const allocation = this.device.arena.allocate('staging', 'scratch', words * 4, usage)
    this.#allocations.push(allocation)
    return resource(allocation.buffer)
  }

  upload(data: Data): Resource {
    const made = this.empty(data.length)
    this.write(made, data)
    return made
  }

  write(into: Resource, data: Data, word = 0): void {
    const { queue } = this.device.gpu
    queue.writeBuffer(into.buffer(), word * 4, data.buffer, data.byteOffset, data.byteLength)
  }

  async read(from: Resource, words: number): Promise<Float32Array> {
    return new Float32Array(await readBuffer(this.device, from.buffer(), words * 4))
  }

  /** Frees the buffers made since the mark, the newest first. */
  free(mark = 0): void {
    while (this.#allocations.length > mark) present(this.#allocations.pop(), 'a buffer').free()
  }

  get mark(): number {
    return this.#allocations.length
  }
}
