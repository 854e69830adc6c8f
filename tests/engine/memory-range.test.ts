// Answers: is what fits said only where it is known? Stated memory, what browsers tell of a machine, and nothing at all.
import { afterEach, expect, test, vi } from 'vitest'
import { fitsIn, memoryRange } from '../../src/engine/memory-range.ts'

const GIB = 2 ** 30
const machine = (deviceMemory?: number) =>
  vi.stubGlobal('navigator', deviceMemory === undefined ? {} : { deviceMemory })
afterEach(() => vi.unstubAllGlobals())

test.each([
  ['stated memory is believed, whatever the browser says', 4, 2 * GIB, 2 * GIB, true],
  ['and ends where it was said to', 32, 2 * GIB, 2 * GIB + 1, false],
  ['half of a small machine fits', 4, undefined, 2 * GIB, true],
  ['more than that may fit', 4, undefined, 3 * GIB, 'unknown'],
  ['more than the machine has does not', 4, undefined, 4 * GIB + 1, false],
  ['8 GiB may stand for any number above', 8, undefined, 100 * GIB, 'unknown'],
  ['a browser that says nothing knows nothing', undefined, undefined, 1, 'unknown'],
] as const)('%s', (_, deviceMemory, stated, bytes, fits) => {
  machine(deviceMemory)
  expect(fitsIn(bytes, memoryRange(stated))).toBe(fits)
})
