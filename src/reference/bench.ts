// Answers: what do the ceiling kernels compute, in f64? It must not know what is compared with them.
import { linear } from './linear.ts'

/** The sum of the words of each invocation modulo 2^32; invocation `i` has those whose place `ownerOf` gives to it. */
export function stream_read(
  words: Uint32Array,
  invocations: number,
  ownerOf: (vec4: number) => number,
): Uint32Array {
  const sums = new Uint32Array(invocations)
  for (const [i, word] of words.entries()) {
    const owner = ownerOf(Math.floor(i / 4))
    sums[owner] = (sums[owner] ?? 0) + word
  }
  return sums
}

/**
 * Sums over a lane's chunks of weights times the same 16 inputs.
 * @param x [16]
 * @param weights [rows, inputs], already multiplied by their scales
 * @returns [rows, lanes]
 */
export function weight_ceiling(
  x: Float64Array,
  weights: Float64Array,
  inputs: number,
  lanes: number,
): Float64Array {
  const rows = weights.length / inputs
  const sums = new Float64Array(rows * lanes)
  for (const [i, weight] of weights.entries()) {
    const column = i % inputs
    const at = Math.floor(i / inputs) * lanes + (Math.floor(column / 32) % lanes)
    sums[at] = (sums[at] ?? 0) + weight * (x[column % 16] ?? 0)
  }
  return sums
}

/** `linear` of plain matrices. */
export function product_ceiling(x: Float64Array, weights: Float64Array, inputs: number): Float64Array {
  return linear(x, weights, inputs)
}
