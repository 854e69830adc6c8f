// Profiler: GPU timestamps around dispatches, summed by kernel name.
import type { Allocation } from './arena.ts'
import type { Device } from './device.ts'

/** GPU time of all dispatches of one kernel. */
export interface KernelTime {
  readonly name: string
  readonly count: number // of dispatches
  readonly ms: number // sum
}

/** What to time: each dispatch in a pass of its own, or a step as a whole. */
export interface Timing {
  readonly profiler: Profiler
  readonly per: 'dispatch' | 'step'
}

const MAX_QUERIES = 4096 // per query set, by the WebGPU specification

/**
 * Times passes until it is read. Needs the `timestamp-query` feature; passes beyond 2048 (the query set) are
 * not timed.
 */
export class Profiler {
  readonly #waits: Device['waits']
  readonly #queries: GPUQuerySet
  readonly #resolved: Allocation
  readonly #staging: Allocation
  readonly #names: string[] = []

  constructor(device: Device) {
    this.#waits = device.waits
    this.#queries = device.gpu.createQuerySet({ type: 'timestamp', count: MAX_QUERIES })
    this.#resolved = device.arena.allocate('staging', 'timestamps', MAX_QUERIES * 8, 'query')
    this.#staging = device.arena.allocate('staging', 'timestamps read-back', MAX_QUERIES * 8, 'readback')
  }

  /** Number of passes timed since the last read. */
  get passes(): number {
    return this.#names.length
  }

  /** The descriptor of the next pass, which is reported as `name`. @internal */
  next(name: string): GPUComputePassDescriptor {
    const at = this.#names.length * 2
    if (at + 2 > MAX_QUERIES) return {}
    this.#names.push(name)
    return {
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: at,
        endOfPassWriteIndex: at + 1,
      },
    }
  }

  /** Records the copy of the timestamps to staging memory. Call on the same encoder, after the last pass. */
  resolve(encoder: GPUCommandEncoder): void {
    const count = this.#names.length * 2
    if (count === 0) return
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved.buffer, 0)
    encoder.copyBufferToBuffer(this.#resolved.buffer, 0, this.#staging.buffer, 0, count * 8)
  }

  /**
   * Call after submission: milliseconds of each pass, in order. Resets the profiler for the next submission.
   */
  async readEach(): Promise<{ name: string; ms: number }[]> {
    const { buffer } = this.#staging
    await this.#waits.map(buffer)
    const stamps = new BigInt64Array(buffer.getMappedRange().slice(0, this.#names.length * 16))
    buffer.unmap()
    return this.#names.splice(0).map((name, index) => {
      const ms = Number((stamps[2 * index + 1] ?? 0n) - (stamps[2 * index] ?? 0n)) / 1e6
      return { name, ms }
    })
  }

  /** Like `readEach`, but summed by name, longest first. */
  async read(): Promise<KernelTime[]> {
    const sums = new Map<string, { count: number; ms: number }>()
    for (const { name, ms } of await this.readEach()) {
      const sum = sums.get(name) ?? { count: 0, ms: 0 }
      sums.set(name, { count: sum.count + 1, ms: sum.ms + ms })
    }
    return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.ms - a.ms)
  }

  destroy(): void {
    this.#queries.destroy()
    this.#resolved.free()
    this.#staging.free()
  }
}
