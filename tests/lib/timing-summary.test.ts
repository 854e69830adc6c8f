// Tests of the timing summary: quantiles on a time and between two times.
import { expect, test } from 'vitest'
import { summarizeTimes } from '../../src/lib/timing-summary.ts'

test('interpolates between the two neighbouring times', () => {
  expect(summarizeTimes([7, 1, 2])).toEqual({ ms: 2, low: 1.5, high: 4.5, all: [7, 1, 2] })
  expect(summarizeTimes([6, 1, 7, 2]).ms).toBe(4)
  expect(summarizeTimes([1, 2, 6, 8])).toMatchObject({ low: 1.75, high: 6.5 })
  expect(summarizeTimes([3, 5])).toMatchObject({ ms: 4, low: 3.5, high: 4.5 })
  expect(summarizeTimes([4])).toMatchObject({ ms: 4, low: 4, high: 4 })
  expect(summarizeTimes([]).ms).toBeNaN()
})
