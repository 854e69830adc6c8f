// Tests of the fraction of a load: over all phases it follows the time that each has taken so far.
import { expect, test } from 'vitest'
import type { PhaseProgress } from '../../src/engine/types.ts'
import { loadFraction } from '../../src/worker/load-fraction.ts'

const NOTHING = {
  bytes: 0,
  totalBytes: 0,
  bytesPerSecond: 0,
  secondsLeft: Number.NaN,
  file: '',
  fileBytes: 0,
  fileTotalBytes: 0,
  kernels: 0,
  totalKernels: 0,
}

/** Fractions of reports at given milliseconds. */
function fractionsOf(
  reports: readonly (readonly [ms: number, phase: PhaseProgress['phase'], Partial<PhaseProgress>?])[],
  keeps = false,
): number[] {
  let now = 0
  const meter = loadFraction(keeps, () => now)
  let counted = NOTHING
  return reports.map(([ms, phase, progress]) => {
    now = ms
    counted = { ...counted, ...progress }
    return meter({ ...counted, phase }).fraction
  })
}

test('a small model is checked longer than it is loaded', () => {
  const fractions = fractionsOf([
    [0, 'list'],
    [50, 'upload'],
    [100, 'upload', { bytes: 9, totalBytes: 10, totalKernels: 100 }],
    [200, 'upload', { bytes: 10 }],
    [5000, 'upload', { kernels: 50 }],
    [9800, 'upload', { kernels: 98 }],
    [10_000, 'compile', { kernels: 1, totalKernels: 40 }],
    [10_400, 'ready'],
  ])
  expect(fractions[0]).toBe(0)
  expect(fractions[3]).toBeLessThan(0.1)
  expect(fractions[4]).toBeCloseTo(0.47, 1)
  expect(fractions[5]).toBeGreaterThan(0.9)
  expect(fractions.at(-1)).toBe(1)
})

test('a large model is loaded longer than it is checked, at the rate that its host has', () => {
  const total = { totalBytes: 8e9, totalKernels: 60 }
  const fractions = fractionsOf([
    [0, 'upload', { ...total, bytes: 0 }],
    [4000, 'upload', { bytes: 1e8, kernels: 60 }],
    [160_000, 'upload', { bytes: 4e9 }],
    [319_000, 'upload', { bytes: 8e9 }],
  ])
  expect(fractions[1]).toBeCloseTo(0.0125, 2)
  expect(fractions[2]).toBeCloseTo(0.5, 1)
  expect(fractions[3]).toBeGreaterThan(0.97)
})

test('a download is followed by an upload: it ends before the load does', () => {
  const fractions = fractionsOf([
    [0, 'download', { bytes: 0, totalBytes: 1e9 }],
    [10_000, 'download', { bytes: 1e9 }],
    [15_000, 'upload', { bytes: 1e9, totalKernels: 10, kernels: 10 }],
  ])
  expect(fractions[1]).toBeCloseTo(10 / 15.5, 1)
  expect(fractions[2]).toBeGreaterThan(0.95)
})

test('it never falls, and ends below 1 until the model is ready', () => {
  const fractions = fractionsOf(
    [
      [0, 'upload', { bytes: 0, totalBytes: 1e6 }],
      [100, 'upload', { bytes: 1e6 }],
      [6000, 'upload', { bytes: 1e6, kernels: 1, totalKernels: 1 }],
      [7000, 'upload', { totalKernels: 30 }],
      [9000, 'keep', { bytes: 5e5, kernels: 30 }],
      [9100, 'compile', { kernels: 40, totalKernels: 40 }],
    ],
    true,
  )
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  expect(fractions.at(-1)).toBeLessThan(1)
})
