// Tests of interleaved timing: how often each run is timed, and when slow ones are skipped.
import { expect, test } from 'vitest'
import { timeInterleaved } from '../../src/bench/kernels/dispatch-timer.ts'

const REPETITIONS = 3

/** Times runs of these durations; returns how often and in which order they were timed. */
async function timeRuns(ms: readonly number[], skipRatio?: number) {
  const counts = ms.map(() => 0)
  const order: number[] = []
  const runs = ms.map((duration, i) => ({
    calibrate: async () => duration,
    time: async () => {
      counts[i] = (counts[i] ?? 0) + 1
      order.push(i)
      return duration
    },
  }))
  const times = await timeInterleaved(runs, REPETITIONS, skipRatio)
  expect(times.map((spread) => spread.ms)).toEqual(ms)
  return { counts, order }
}

test('runs are interleaved', async () => {
  expect(await timeRuns([1, 9])).toEqual({ counts: [3, 3], order: [0, 1, 0, 1, 0, 1] })
})

test('a run that is too slow to win is not timed again', async () => {
  expect((await timeRuns([2, 1, 3, 3.1], 3)).counts).toEqual([3, 3, 3, 0])
})

test('the first run is always timed, since it is the baseline', async () => {
  expect((await timeRuns([9, 1, 9], 3)).counts).toEqual([3, 3, 0])
})
