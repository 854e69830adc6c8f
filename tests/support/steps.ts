// Answers: where do a step's rows lie, and how do the splits of decode attention lie in memory? It must not know any kernel.

/** `tokens` rows from `position` on, found through `pages`. */
export interface Place {
  readonly position: number
  readonly tokens: number
  readonly pages: Uint32Array<ArrayBuffer>
}

/** Splits that partial results have room for, as in the engine more than are in use. */
export const SPLITS = 6

/** The first `splits` partial results of every SPLITS. */
export const splitsInUse = (partial: ArrayLike<number>, width: number, splits: number): Float64Array =>
  Float64Array.from(partial).filter((_, i) => Math.floor(i / width) % SPLITS < splits)

/** The inverse of `splitsInUse`; partial results that are not in use are NaN. */
export function amongUnused(partial: ArrayLike<number>, width: number, splits: number): Float32Array {
  const used = splits * width
  const roomy = new Float32Array((partial.length / used) * SPLITS * width).fill(Number.NaN)
  for (let i = 0; i < partial.length; i++) {
    roomy[Math.floor(i / used) * SPLITS * width + (i % used)] = partial[i] ?? 0
  }
  return roomy
}
