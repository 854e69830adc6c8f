// Buffers of a benchmark, with matrices among them.
import type { GpuMatrix } from '../../gpu/matrix.ts'
import { Scratch } from '../../program/scratch.ts'
import type { RandomMatrix } from './stored.ts'

/** Temporary buffers that can also hold a random matrix. */
export class BenchBuffers extends Scratch {
  /** Uploads a matrix as a single binding. */
  matrix({ layout, part, words }: RandomMatrix): GpuMatrix {
    const { buffer } = this.upload(words)
    return { ...layout, parts: [{ ...part, buffer }] }
  }
}
