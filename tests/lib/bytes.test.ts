// Answers: are sizes and foreign names written as people can read them? It must not know where they are shown.
import { expect, test } from 'vitest'
import { formatBytes, quote } from '../../src/lib/bytes.ts'

test('sizes', () => {
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
  expect(quote('a\nb')).toBe('"a\\nb"')
  expect(quote('x'.repeat(1e6)).length).toBeLessThan(130)
})
