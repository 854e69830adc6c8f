// Answers: which buffers does a benchmark hold, and what is in them? Uploads, read-back, and one call that frees all.
// It must not know what is measured.
import type { Allocation } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import type { GpuMatrix } from '../../gpu/matrix.ts'
import { readBuffer } from '../../gpu/readback.ts'
import { present } from '../../lib/error.ts'
import { type Resource, resource } from '../../program/graph.ts'
import type { StoredMatrix } from './stored.ts'

type Data = Float32Array | Uint32Array

export class Room {
  readonly device: Device
  readonly #allocations: Allocation[] = []

  constructor(device: Device) {
    this.device = device
  }

  /** A buffer of `words` zeros. */
  empty(words: number): Resource {
    const allocation = this.device.arena.allocate('staging', 'benchmark', words * 4)
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

  /** A matrix in one binding. */
  matrix({ layout, part, words }: StoredMatrix): GpuMatrix {
    const { buffer } = this.upload(words)
    return { ...layout, parts: [{ ...part, buffer }] }
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

/** Seeded numbers between -1 and 1, as f32. */
export function drawNumbers(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = (seed * 0x9e3779b1) | 1
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  })
}
