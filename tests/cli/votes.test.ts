// Tests of several answers on the command line, and of the curve of accuracy against tokens.
import { beforeAll, expect, it, vi } from 'vitest'
import { evaluate } from '../../src/cli/evaluate.ts'
import { wilson } from '../../src/cli/evaluate-curve.ts'
import { generate } from '../../src/cli/generate.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

/** What a command prints. */
async function output(command: (argv: readonly string[]) => Promise<void>, argv: readonly string[]) {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += String(piece)
    return true
  })
  try {
    await command(['--model', LANTERNFISH, ...argv])
  } finally {
    write.mockRestore()
  }
  return text
}

it('an interval contains the proportion, narrows with the count, and stays within 0 and 1', () => {
  expect(wilson(0.8, 10).map((bound) => bound.toFixed(4))).toEqual(['0.4902', '0.9433'])
  const [low, high] = wilson(0.8, 1000)
  expect([low > 0.77, high < 0.83]).toEqual([true, true])
  expect(wilson(0, 5)[0]).toBeCloseTo(0, 9)
  expect(wilson(1, 5)[1]).toBeCloseTo(1, 9)
})

it.each(['0', '129', '1.5', 'x'])('--n %s is refused', async (n) => {
  const argv = ['--model', LANTERNFISH, '--prompt', 'Hi', '--n', n]
  await expect(generate(argv)).rejects.toThrow(/--n/)
})

it('--budgets and --n of evaluate are whole numbers or inf', async () => {
  for (const option of [
    ['--budgets', '8,x'],
    ['--budgets', '-1'],
    ['--n', '0'],
    ['--n', '1,'],
  ])
    await expect(evaluate(['--model', LANTERNFISH, ...option])).rejects.toThrow(/must be a whole number from/)
})

describeOnAdapters(
  'several answers',
  ({ icd }) => {
    beforeAll(() => {
      process.env.VK_DRIVER_FILES = icd
    })
    const ASK = ['--prompt', 'What is 17 + 25?', '--temperature', '1.5', '--seed', '3', '--max-tokens', '60']

    it('are printed with their vote, and each is the answer of its own seed', async () => {
      const several = JSON.parse(await output(generate, [...ASK, '--n', '3', '--json']))
      expect(several.choices).toHaveLength(3)
      const last = ASK.with(5, '5') // the third of seed 3
      const { ids, text } = JSON.parse(await output(generate, [...last, '--json']))
      expect(several.choices[2]).toMatchObject({ index: 2, ids, text })
      expect(several).toMatchObject({ ids: several.choices[0].ids, text: several.choices[0].text })
      const { answer, counts } = several.vote
      expect(counts[0]).toMatchObject({ answer })
      const plain = await output(generate, [...ASK, '--n', '3'])
      expect(plain).toContain(`--- 3 of 3 ---\n`)
      expect(plain).toContain(`--- ${counts[0].votes} of 3 end with ${answer} ---`)
    })

    it('give the curve a point for each budget and vote', async () => {
      const { points, questions } = JSON.parse(
        await output(evaluate, ['--budgets', '0,inf', '--n', '1,2', '--items', '1', '--json']),
      )
      expect(questions).toBe(10)
      expect(points.map(({ budget, n }: { budget: unknown; n: unknown }) => [budget, n])).toEqual([
        [0, 1],
        [0, 2],
        [null, 1],
        [null, 2],
      ])
      expect(points[1].tokens).toBeCloseTo(2 * points[0].tokens, 6)
      expect(points[2].tokens).toBeGreaterThan(points[0].tokens)
      expect(points[2].accuracy).toBeGreaterThan(points[0].accuracy)
    })
  },
  ADAPTERS.slice(0, 1),
)
