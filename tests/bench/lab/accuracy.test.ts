// Tests of the lab's accuracy report: columns per row, non-finite values, and row numbers.
import sources from 'virtual:shaders/whole'
import { expect, it } from 'vitest'
import { accuracyReport, columnsPerRow } from '../../../src/bench/lab/accuracy.ts'
import { parseContractHead } from '../../../src/bench/lab/contract-head.ts'
import type { AccuracyReport, ElementError } from '../../../src/bench/lab/protocol.ts'
import { judge } from '../../../src/engine/check/check.ts'
import { linearDecode } from '../../../src/kernels/linear.ts'
import { mlaDecode } from '../../../src/kernels/mla.ts'

it.each([
  { kernel: linearDecode, constants: { Y_STRIDE: 64 }, length: 128, tokens: 2, cols: 64 },
  // The read-back has no padding.
  { kernel: linearDecode, constants: { Y_STRIDE: 48 }, length: 80, tokens: 2, cols: 40 },
  { kernel: linearDecode, constants: {}, length: 81, tokens: 2, cols: 81 },
  { kernel: mlaDecode, constants: { LATENT: 30 }, length: 96, tokens: 1, cols: 32 },
])('finds the columns per row of a result: %#', ({ kernel, constants, length, tokens, cols }) => {
  const contract = parseContractHead(sources[kernel.path] ?? '')
  expect(columnsPerRow(contract, constants, length, tokens)).toBe(cols)
})

it('reports the error of an output, and values that are not finite', () => {
  const fine = { actual: [1, 1], expected: [1, 1], tolerance: 0 }
  const none = { actual: [1, Number.NaN], expected: [1, 1], tolerance: 1e-5 }
  expect(accuracyReport(judge([none]), 2)).toMatchObject({
    passed: false,
    notFinite: 1,
    rows: 1,
    tolerance: 1e-5,
  })
  expect(accuracyReport(judge([fine]), 1)).toMatchObject({
    passed: true,
    error: 0,
    rows: 2,
    rowNumbers: [0, 1],
  } satisfies Partial<AccuracyReport>)
})

it('reports the original row numbers if only some rows are checked', () => {
  const sampled = { actual: [1, 1, 1, 2], expected: [1, 1, 1, 1], tolerance: 0, rows: [0, 511] }
  const { rowNumbers, worst } = accuracyReport(judge([sampled]), 2)
  expect(rowNumbers).toEqual([0, 511])
  expect(worst[0]).toMatchObject({ row: 511, col: 1, expected: 1 } satisfies Partial<ElementError>)
})
