// Answers: does a quantile fall on a time, or between two of them? It must not know what is timed.
import { expect, test } from 'vitest'
import { spreadOf } from '../../src/lib/spread.ts'

test('falls on a time, or between two', () => {
  expect(spreadOf([7, 1, 2])).toEqual({ ms: 2, low: 1.5, high: 4.5, all: [7, 1, 2] })
  expect(spreadOf([6, 1, 7, 2]).ms).toBe(4)
  expect(spreadOf([1, 2, 6, 8])).toMatchObject({ low: 1.75, high: 6.5 })
  expect(spreadOf([3, 5])).toMatchObject({ ms: 4, low: 3.5, high: 4.5 })
  expect(spreadOf([4])).toMatchObject({ ms: 4, low: 4, high: 4 })
  expect(spreadOf([]).ms).toBeNaN()
})
