// Reference of the kernels that measure roofline ceilings, in f64.
import { linear } from './linear.ts'

/** The sum modulo 2^32 of each invocation's words; `ownerOf` maps a vec4's index to its invocation. */
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
 * For each row and lane the sum of its 32-column chunks of weights times the same 16 inputs.
 * @param x [16]
 * @param weights [rows, inputs], already multiplied by their scales
 * @returns [rows, lanes]
 */
export function matvec_ceiling(
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

/** `linear` of unquantised matrices. */
export function matmul_ceiling(x: Float64Array, weights: Float64Array, inputs: number): Float64Array {
  return linear(x, weights, inputs)
}
