// Answers: which buffers are alive, and how many bytes does each purpose hold? Every buffer of the engine is made here.
// It must not know what is stored in them.
import { HadalError } from '../lib/error.ts'

/** Why a buffer exists; the rows of the memory report. */
export type Purpose = 'weights' | 'experts' | 'kv_cache' | 'activations' | 'state' | 'staging'

/** The usages of a buffer by what it is for; numbers are those of the WebGPU specification (absent in Node). */
export const USAGE = {
  storage: 0x80 | 0x08 | 0x04, // STORAGE | COPY_DST | COPY_SRC
  uniform: 0x40 | 0x08, // UNIFORM | COPY_DST
  readback: 0x01 | 0x08, // MAP_READ | COPY_DST
  query: 0x200 | 0x04, // QUERY_RESOLVE | COPY_SRC
} as const

/** What a buffer of `bytes` bytes takes. */
export const allocatedBytes = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16)

/** A live buffer; `free` gives its bytes back at once. */
export interface Allocation {
  readonly buffer: GPUBuffer
  readonly bytes: number
  free(): void
}

/** Makes buffers and counts them. */
export class Arena {
  readonly #device: GPUDevice
  readonly #live = new Map<GPUBuffer, Purpose>()

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** A zero-filled buffer of at least `bytes` bytes (rounded up to 16). Throws `out_of_memory` above the device's limit. */
  allocate(
    purpose: Purpose,
    label: string,
    bytes: number,
    usage: keyof typeof USAGE = 'storage',
  ): Allocation {
    const size = allocatedBytes(bytes)
    const limit = this.#device.limits.maxBufferSize
    if (size > limit) {
      throw new HadalError(
        'out_of_memory',
        `${label} needs a buffer of ${size} bytes; this device allows ${limit}.`,
        {
          hint: 'Choose a smaller context or a smaller model.',
        },
      )
    }
    const buffer = this.#device.createBuffer({ label: `${purpose}:${label}`, size, usage: USAGE[usage] })
    this.#live.set(buffer, purpose)
    return { buffer, bytes: size, free: () => this.free(buffer) }
  }

  /**
   * Runs `prepare` and turns an allocation that the GPU refused meanwhile into an `out_of_memory` error.
   * Whatever was allocated inside and is still alive is freed when it fails.
   */
  async guard<T>(what: string, prepare: () => Promise<T>): Promise<T> {
    const before = new Set(this.#live.keys())
    const undo = () => {
      for (const buffer of [...this.#live.keys()]) if (!before.has(buffer)) this.free(buffer)
    }
    this.#device.pushErrorScope('out-of-memory')
    const outcome = await prepare().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    const refused = await this.#device.popErrorScope().catch(() => null)
    if ('error' in outcome) {
      undo()
      throw outcome.error
    }
    if (refused) {
      undo()
      throw new HadalError('out_of_memory', `The GPU has not enough memory for ${what}: ${refused.message}`, {
        hint: 'Close other programs that use the GPU, or choose a smaller context or model.',
      })
    }
    return outcome.value
  }

  /** Bytes of all live buffers by purpose, with their `total`. */
  bytes(): Record<string, number> {
    const sums: Record<string, number> = {}
    let total = 0
    for (const [buffer, purpose] of this.#live) {
      sums[purpose] = (sums[purpose] ?? 0) + buffer.size
      total += buffer.size
    }
    return { ...sums, total }
  }

  /** How many buffers were ever made and not freed; a test's way to see that decoding allocates nothing. */
  get count(): number {
    return this.#live.size
  }

  /** Gives a buffer's bytes back; nothing happens when it is done again. */
  free(buffer: GPUBuffer): void {
    if (this.#live.delete(buffer)) buffer.destroy()
  }
}
