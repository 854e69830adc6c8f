// Tests of the memory estimate: stated memory, `navigator.deviceMemory`, and neither.
import { afterEach, expect, test, vi } from 'vitest'
import { fitsIn, memoryRange } from '../../src/lib/memory-range.ts'

const GIB = 2 ** 30
const stubDeviceMemory = (deviceMemory?: number) =>
  vi.stubGlobal('navigator', deviceMemory === undefined ? {} : { deviceMemory })
afterEach(() => vi.unstubAllGlobals())

interface FitCase {
  readonly title: string
  readonly deviceMemory?: number // GiB, as the browser reports it
  readonly stated?: number
  readonly bytes: number
  readonly fits: boolean | 'unknown'
}

const CASES: readonly FitCase[] = [
  {
    title: 'stated memory overrides the browser',
    deviceMemory: 4,
    stated: 2 * GIB,
    bytes: 2 * GIB,
    fits: true,
  },
  { title: 'stated memory is a limit', deviceMemory: 32, stated: 2 * GIB, bytes: 2 * GIB + 1, fits: false },
  { title: 'half of a small machine fits', deviceMemory: 4, bytes: 2 * GIB, fits: true },
  { title: 'more than half of it may fit', deviceMemory: 4, bytes: 3 * GIB, fits: 'unknown' },
  { title: 'more than all of it does not fit', deviceMemory: 4, bytes: 4 * GIB + 1, fits: false },
  { title: '8 GiB may mean any larger size', deviceMemory: 8, bytes: 100 * GIB, fits: 'unknown' },
  { title: 'without a report everything is unknown', bytes: 1, fits: 'unknown' },
]

test.each(CASES)('$title', ({ deviceMemory, stated, bytes, fits }) => {
  stubDeviceMemory(deviceMemory)
  expect(fitsIn(bytes, memoryRange(stated))).toBe(fits)
})
