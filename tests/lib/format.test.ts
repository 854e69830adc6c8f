// Tests of message formatting: sizes, and names and values from hostile files.
import { expect, test } from 'vitest'
import { formatBytes, formatValue, quoteName } from '../../src/lib/format.ts'

test('sizes use the largest unit that fits', () => {
  expect([0, 1023, 1536, 20 * 2 ** 20, 2 ** 33, 5 * 2 ** 50].map(formatBytes)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1.5 KiB',
    '20 MiB',
    '8.0 GiB',
    '5120 TiB',
  ])
})

test('a hostile name stays on one short line', () => {
  expect(quoteName('a\nb')).toBe('"a\\nb"')
  expect(quoteName('x'.repeat(1e6)).length).toBeLessThan(130)
})

test('a hostile value stays short, whatever its size or depth', () => {
  expect([undefined, null, true, 0.5, 'a\nb', {}].map(formatValue)).toEqual([
    'missing',
    'missing',
    'true',
    '0.5',
    '"a\\nb"',
    'an object',
  ])
  expect([[], [1, 'x', null], [[1]], new Array(9).fill(0)].map(formatValue)).toEqual([
    '[]',
    'a list of 3',
    'a list of 1',
    'a list of 9',
  ])
  expect(formatValue([1, 'x'])).toBe('[1, "x"]')
  expect(formatValue('x'.repeat(1e6)).length).toBeLessThan(100)
  expect(formatValue(new Array(8).fill('x'.repeat(1e6))).length).toBeLessThanOrEqual(100)
})
