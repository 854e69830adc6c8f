// Tests of the lab's accuracy report: columns per row, the worst of several outputs, and row numbers.
import { expect, it } from 'vitest'
import { accuracyReport, columnsPerRow, worstOutput } from '../../../src/bench/lab/accuracy.ts'
import type { AccuracyReport, ElementError } from '../../../src/bench/lab/protocol.ts'
import type { Kernel } from '../../../src/gpu/kernel.ts'
import { linearDecode } from '../../../src/kernels/linear.ts'
import { mlaDecode } from '../../../src/kernels/mla.ts'

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
  [linearDecode, { Y_STRIDE: 48 }, 80, 2, 40], // the read-back has no padding
  [linearDecode, {}, 81, 2, 81],
  [mlaDecode, { LATENT: 30 }, 96, 1, 32],
])('finds the columns per row of a result: %#', (kernel, constants, length, tokens, cols) => {
  expect(columnsPerRow(dispatch(kernel, constants), length, tokens)).toBe(cols)
})

it('chooses the output farthest beyond its tolerance, NaN first', () => {
  const fine = { actual: [1, 1], expected: [1, 1], tolerance: 0 }
  const off = { actual: [1, 1.1], expected: [1, 1], tolerance: 1e-5 }
  const none = { actual: [1, Number.NaN], expected: [1, 1], tolerance: 1e-5 }
  expect(worstOutput([fine, off])).toBe(off)
  expect(worstOutput([fine, off, none])).toBe(none)
  expect(accuracyReport(none, 2)).toMatchObject({ right: false, notFinite: 1, rows: 1, tolerance: 1e-5 })
  expect(accuracyReport(fine, 1)).toMatchObject({
    right: true,
    error: 0,
    rows: 2,
    rowNumbers: [0, 1],
  } satisfies Partial<AccuracyReport>)
})

it('reports the original row numbers if only some rows are checked', () => {
  const sampled = { actual: [1, 1, 1, 2], expected: [1, 1, 1, 1], tolerance: 0, rows: [0, 511] }
  const { rowNumbers, worst } = accuracyReport(sampled, 2)
  expect(rowNumbers).toEqual([0, 511])
  expect(worst[0]).toMatchObject({ row: 511, col: 1, expected: 1 } satisfies Partial<ElementError>)
})
