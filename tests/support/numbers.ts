// Random test inputs, row padding, and comparison with a tolerance.
import { expect } from 'vitest'
import { relativeError } from '../../src/lib/relative-error.ts'

/** Relative errors ‖a−b‖/‖b‖ allowed between a kernel and its f64 reference. */
export const TOLERANCE = { f32: 1e-5, f16: 1e-3, exact: 0 } as const

/** A seeded generator of uniform numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Roughly normal numbers (sum of uniforms), in f32. */
export function normals(count: number, seed: number, scale = 1): Float32Array {
  const next = seededRandom(seed)
  return Float32Array.from({ length: count }, () => scale * (next() + next() + next() + next() - 2) * 1.73)
}

export const ceilDiv = (value: number, by: number) => Math.ceil(value / by)
export const padTo16 = (value: number) => ceilDiv(value, 16) * 16

/** Padded rows of zeros. */
export const zeroRows = (rows: number, cols: number) => new Float32Array(rows * padTo16(cols))

/** [rows, cols] → [rows, ⌈cols/16⌉·16]: the engine's layout of activations, padded with zeros. */
export function padRows(values: ArrayLike<number>, cols: number): Float32Array {
  const stride = padTo16(cols)
  const rows = values.length / cols
  const padded = new Float32Array(rows * stride)
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) padded[row * stride + col] = values[row * cols + col] ?? 0
  }
  return padded
}

/** Rows of `cols` numbers, preceded by `before` columns of sevens. */
export function withLeadingColumns(values: ArrayLike<number>, cols: number, before: number): Float32Array {
  const rows = values.length / cols
  return Float32Array.from({ length: rows * (before + cols) }, (_, i) => {
    const col = i % (before + cols)
    return col < before ? 7 : (values[Math.floor(i / (before + cols)) * cols + col - before] ?? 0)
  })
}

/**
 * Rows of `cols` numbers followed by sevens up to `stride`; by zeros if `stride` is just the padded width.
 */
export function withTrailingColumns(values: Float32Array, cols: number, stride: number): Float32Array {
  if (stride === padTo16(cols)) return padRows(values, cols)
  const rows = values.length / cols
  const wide = new Float32Array(rows * stride).fill(7)
  for (let row = 0; row < rows; row++) wide.set(values.subarray(row * cols, (row + 1) * cols), row * stride)
  return wide
}

/** The inverse of `padRows`; fails if the padding is no longer zero. */
export function unpadRows(values: ArrayLike<number>, cols: number): Float64Array {
  const stride = padTo16(cols)
  const rows = values.length / stride
  const plain = new Float64Array(rows * cols)
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < stride; col++) {
      const value = values[row * stride + col] ?? Number.NaN
      if (col < cols) plain[row * cols + col] = value
      else expect(value + 0, `padding at row ${row}, column ${col}`).toBe(0)
    }
  }
  return plain
}

/** Fails with the worst coordinate when two arrays differ by more than the tolerance. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length, 'length').toBe(expected.length)
  const error = relativeError(actual, expected)
  if (error <= tolerance) return
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = (index: number) => Math.abs((actual[index] ?? Number.NaN) - (expected[index] ?? 0))
    if (!(difference(i) <= difference(worst))) worst = i
  }
  expect.fail(
    `relative error ${error} over ${tolerance}; worst at [${worst}]: ${actual[worst]} for ${expected[worst]}`,
  )
}
