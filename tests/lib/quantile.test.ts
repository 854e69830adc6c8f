// Answers: is the median of an even number of times between the two in the middle? It must not know what is timed.
import { expect, test } from 'vitest'
import { quantile } from '../../src/lib/quantile.ts'

test('falls on a number, or between two', () => {
  expect(quantile([1, 2, 7], 0.5)).toBe(2)
  expect(quantile([1, 2, 6, 7], 0.5)).toBe(4)
  expect(quantile([1, 2, 6, 8], 0.25)).toBe(1.75)
  expect([0, 1].map((share) => quantile([3, 5], share))).toEqual([3, 5])
  expect(quantile([4], 0.75)).toBe(4)
  expect(quantile([], 0.5)).toBeNaN()
})
