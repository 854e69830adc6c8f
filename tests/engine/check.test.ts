// Tests of the verdict on outputs: the one that decides, exact outputs, and errors measured per element.
import { expect, it } from 'vitest'
import { judge } from '../../src/engine/check/check.ts'

const EXACT = { actual: [1, 1], expected: [1, 1], tolerance: 0 }
const NEAR = { actual: [1, 1.9], expected: [1, 1], tolerance: 1 }
const OFF = { actual: [1, 1.1], expected: [1, 1], tolerance: 1e-5 }
const NOT_A_NUMBER = { actual: [1, Number.NaN], expected: [1, 1], tolerance: 1e-5 }

it('judges the output farthest beyond its tolerance, NaN first', () => {
  expect(judge([EXACT, OFF])).toMatchObject({ passed: false, output: OFF })
  expect(judge([EXACT, OFF, NOT_A_NUMBER]).output).toBe(NOT_A_NUMBER)
})

it('judges the output nearest to its tolerance if all pass', () => {
  expect(judge([EXACT, NEAR])).toMatchObject({ passed: true, output: NEAR })
})

it('puts a wrong exact output before one within its tolerance', () => {
  const wrongId = { actual: [10, 11], expected: [10, 10], tolerance: 0 }
  expect(judge([NEAR, wrongId])).toMatchObject({ passed: false, output: wrongId })
})

it('measures each element against its magnitude', () => {
  const output = { actual: [5, 0.1], expected: [5, 0], tolerance: 1e-2 }
  expect(judge([{ ...output, magnitude: [5, 100] }])).toMatchObject({ passed: true, error: 1e-3 })
  expect(judge([{ ...output, magnitude: [5, 1] }]).passed).toBe(false)
  expect(judge([{ ...output, magnitude: [0, 0] }]).passed).toBe(false)
  expect(judge([{ ...output, actual: [5], magnitude: [5, 100] }]).passed).toBe(false)
  expect(judge([{ ...output, actual: [5, 0], magnitude: [0, 0] }])).toMatchObject({ passed: true, error: 0 })
})
