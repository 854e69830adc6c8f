// Buffers of a benchmark, with matrices among them.
import type { GpuMatrix } from '../../gpu/matrix.ts'
import { TempBuffers } from '../../program/temp-buffers.ts'
import type { RandomMatrix } from './random-matrix.ts'

/** Temporary buffers that can also hold a random matrix. */
export class BenchBuffers extends TempBuffers {
  /** Uploads a matrix as a single binding. */
  matrix({ layout, part, words }: RandomMatrix): GpuMatrix {
    const { buffer } = this.upload(words)
    return { ...layout, parts: [{ ...part, buffer }] }
  }
}
