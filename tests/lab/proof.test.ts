// How many numbers a row of a result has, and which of several results is shown.
import { expect, it } from 'vitest'
import type { Kernel } from '../../src/gpu/kernel.ts'
import { latentAttend } from '../../src/kernels/attention.ts'
import { linearDecode } from '../../src/kernels/linear.ts'
import { columnsOf, nearest, proofOf } from '../../src/lab/proof.ts'

const dispatch = (kernel: Kernel, constants: Record<string, number>) => ({
  kernel,
  constants,
  imports: {},
  operands: {},
  grid: [1] as const,
  loop: 0,
})

it.each([
  [linearDecode, { Y_STRIDE: 64 }, 128, 2, 64],
  [linearDecode, { Y_STRIDE: 48 }, 80, 2, 40], // what is read back has no padding
  [linearDecode, {}, 81, 2, 81],
  [latentAttend, { LATENT: 30 }, 96, 1, 32],
])('rows of a result of $name: %#', (kernel, constants, length, tokens, cols) => {
  expect(columnsOf(dispatch(kernel, constants), length, tokens)).toBe(cols)
})

it('the result farthest beyond its tolerance is shown, what is no number first', () => {
  const fine = { actual: [1, 1], wanted: [1, 1], tolerance: 0 }
  const off = { actual: [1, 1.1], wanted: [1, 1], tolerance: 1e-5 }
  const none = { actual: [1, Number.NaN], wanted: [1, 1], tolerance: 1e-5 }
  expect(nearest([fine, off])).toBe(off)
  expect(nearest([fine, off, none])).toBe(none)
  expect(proofOf(none, 2)).toMatchObject({ right: false, notFinite: 1, rows: 1, tolerance: 1e-5 })
  expect(proofOf(fine, 1)).toMatchObject({ right: true, error: 0, rows: 2, numbers: [0, 1] })
})

it('rows that stand for others have their own numbers', () => {
  const sampled = { actual: [1, 1, 1, 2], wanted: [1, 1, 1, 1], tolerance: 0, rows: [0, 511] }
  const { numbers, worst } = proofOf(sampled, 2)
  expect(numbers).toEqual([0, 511])
  expect(worst[0]).toMatchObject({ row: 511, col: 1, wanted: 1 })
})
