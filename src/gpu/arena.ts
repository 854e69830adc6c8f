// Arena of GPU buffers: allocates every buffer of the engine and counts bytes by purpose.
import { HadalError } from '../lib/error.ts'

/** What a buffer is for; the rows of the memory report. */
export type BufferPurpose = 'weights' | 'experts' | 'kv_cache' | 'activations' | 'state' | 'staging'

/**
 * Usage flags by kind of buffer. Numbers from the WebGPU specification, since GPUBufferUsage is missing in
 * Node.
 */
export const BUFFER_USAGE = {
  storage: 0x80 | 0x08 | 0x04, // STORAGE | COPY_DST | COPY_SRC
  uniform: 0x40 | 0x08, // UNIFORM | COPY_DST
  readback: 0x01 | 0x08, // MAP_READ | COPY_DST
  query: 0x200 | 0x04, // QUERY_RESOLVE | COPY_SRC
} as const

/** The size that is allocated for a buffer of `bytes` bytes: a multiple of 16, at least 16. */
export const allocatedBytes = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16)

/** A live buffer; `free` destroys it at once. */
export interface Allocation {
  readonly buffer: GPUBuffer
  readonly bytes: number
  free(): void
}

/** Allocates buffers and counts them. */
export class Arena {
  readonly #device: GPUDevice
  readonly #live = new Map<GPUBuffer, BufferPurpose>()

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /**
   * A zero-filled buffer of at least `bytes` bytes (see allocatedBytes). Throws `out_of_memory` above the
   * device's limit.
   */
  allocate(
    purpose: BufferPurpose,
    label: string,
    bytes: number,
    usage: keyof typeof BUFFER_USAGE = 'storage',
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
    const buffer = this.#device.createBuffer({
      label: `${purpose}:${label}`,
      size,
      usage: BUFFER_USAGE[usage],
    })
    this.#live.set(buffer, purpose)
    return { buffer, bytes: size, free: () => this.free(buffer) }
  }

  /**
   * Runs `prepare` and throws `out_of_memory` if the GPU refused an allocation meanwhile. WebGPU reports that
   * only when the error scope closes. On failure, buffers that were allocated inside and are still alive are
   * freed.
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
      throw new HadalError(
        'out_of_memory',
        `The GPU does not have enough memory for ${what}: ${refused.message}`,
        {
          hint: 'Close other programs that use the GPU, or choose a smaller context or model.',
        },
      )
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

  /** Number of live buffers. Tests use it to check that decoding allocates nothing. */
  get count(): number {
    return this.#live.size
  }

  /** Destroys all live buffers. */
  freeAll(): void {
    for (const buffer of [...this.#live.keys()]) this.free(buffer)
  }

  /** Destroys a buffer; does nothing if it was freed before. */
  free(buffer: GPUBuffer): void {
    if (this.#live.delete(buffer)) buffer.destroy()
  }
}
