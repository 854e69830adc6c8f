// Answers: is each thing that is timed in turn timed as often as asked, but for what is too slow to win?
import { expect, test } from 'vitest'
import { timeInTurn } from '../../src/bench/kernels/run.ts'

const REPETITIONS = 3

/** Things that take so long, and how often each was timed. */
async function turnsOf(ms: readonly number[], hopeless?: number) {
  const counts = ms.map(() => 0)
  const order: number[] = []
  const runs = ms.map((each, i) => ({
    settle: async () => each,
    time: async () => {
      counts[i] = (counts[i] ?? 0) + 1
      order.push(i)
      return each
    },
  }))
  const times = await timeInTurn(runs, REPETITIONS, hopeless)
  expect(times.map((each) => each.ms)).toEqual(ms)
  return { counts, order }
}

test('all take turns', async () => {
  expect(await turnsOf([1, 9])).toEqual({ counts: [3, 3], order: [0, 1, 0, 1, 0, 1] })
})

test('what is hopeless is not timed again', async () => {
  expect((await turnsOf([2, 1, 3, 3.1], 3)).counts).toEqual([3, 3, 3, 0])
})

test('the first is, however slow: the others are compared with it', async () => {
  expect((await turnsOf([9, 1, 9], 3)).counts).toEqual([3, 3, 0])
})
