// The rows of a step, and the memory layout of split decode attention.

import { chooseDispatchSizes } from '../../src/gpu/dispatch-sizes.ts'

/** The rows of a step: `tokens` rows from `position` on, addressed through the page table `pages`. */
export interface StepRows {
  readonly position: number
  readonly tokens: number
  readonly pages: Uint32Array<ArrayBuffer>
}

/** Splits allocated for partial results: those of a GPU; the engine's tests run with those of a CPU. */
export const { contextSplits: SPLITS } = chooseDispatchSizes({ software: false })

/** The first `splits` partial results of every SPLITS. */
export const usedSplits = (partial: ArrayLike<number>, width: number, splits: number): Float64Array =>
  Float64Array.from(partial).filter((_, i) => Math.floor(i / width) % SPLITS < splits)

/** The inverse of `usedSplits`; unused partial results are NaN. */
export function withUnusedSplits(partial: ArrayLike<number>, width: number, splits: number): Float32Array {
  const used = splits * width
  const padded = new Float32Array((partial.length / used) * SPLITS * width).fill(Number.NaN)
  for (let i = 0; i < partial.length; i++) {
    padded[Math.floor(i / used) * SPLITS * width + (i % used)] = partial[i] ?? 0
  }
  return padded
}
