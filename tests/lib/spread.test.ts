// Tests of the timing summary: quantiles on a time and between two times.
import { expect, test } from 'vitest'
import { spreadOf } from '../../src/lib/spread.ts'

test('interpolates between the two neighbouring times', () => {
  expect(spreadOf([7, 1, 2])).toEqual({ ms: 2, low: 1.5, high: 4.5, all: [7, 1, 2] })
  expect(spreadOf([6, 1, 7, 2]).ms).toBe(4)
  expect(spreadOf([1, 2, 6, 8])).toMatchObject({ low: 1.75, high: 6.5 })
  expect(spreadOf([3, 5])).toMatchObject({ ms: 4, low: 3.5, high: 4.5 })
  expect(spreadOf([4])).toMatchObject({ ms: 4, low: 4, high: 4 })
  expect(spreadOf([]).ms).toBeNaN()
})
