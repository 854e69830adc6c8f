// `hadal evaluate --budgets --n`: accuracy against tokens spent, by thinking budget and by votes.
import { choicesOf } from '../engine/choice-types.ts'
import type { Engine } from '../engine/engine.ts'
import type { GenerateRequest } from '../engine/types.ts'
import { vote } from '../vote/vote.ts'
import { type CliArgs, UsageError } from './args.ts'
import { asChoices, type CollectedAnswer, collectAnswers } from './collect-answers.ts'
import { markdownTable } from './format-options.ts'
import type { Question } from './held-out-questions.ts'

/** One point of the curve. */
export interface CurvePoint {
  /** Tokens that thinking may take; null for any number. */
  readonly budget: number | null
  /** Answers that vote. */
  readonly n: number
  /** Part of the questions whose winning answer is exactly right, and its 95 % interval (Wilson). */
  readonly accuracy: number
  readonly interval: readonly [low: number, high: number]
  /** Generated tokens for each question, of all its answers together. */
  readonly tokens: number
}

interface CurveSettings {
  readonly budgets: readonly (number | null)[]
  readonly counts: readonly number[]
  readonly temperature: number
  readonly maxTokens: number
}

/** `--budgets 0,32,inf --n 1,4,8 --temperature 1`; undefined if neither budgets nor counts are given. */
export function curveSettings(args: CliArgs, maxTokens: number): CurveSettings | undefined {
  const [budgets, counts] = [args.text('budgets'), args.text('n')]
  if (budgets === undefined && counts === undefined) return undefined
  return {
    budgets: (budgets ?? 'inf')
      .split(',')
      .map((word) => (/^(inf|∞)$/.test(word) ? null : wholeNumber('budgets', word, 0))),
    counts: (counts ?? '1').split(',').map((word) => wholeNumber('n', word, 1)),
    temperature: args.number('temperature') ?? 1,
    maxTokens,
  }
}

function wholeNumber(option: string, word: string, least: number): number {
  const number = Number(word)
  if (word.trim() === '' || !Number.isInteger(number) || number < least)
    throw new UsageError(`--${option}: "${word}" must be a whole number from ${least}.`)
  return number
}

/** Samples as many answers as the largest vote needs; smaller votes are taken among the same answers. */
export async function measureCurve(
  engine: Engine,
  questions: readonly Question[],
  { budgets, counts, temperature, maxTokens }: CurveSettings,
): Promise<CurvePoint[]> {
  const most = Math.max(...counts)
  const points: CurvePoint[] = []
  for (const budget of budgets) {
    const samples: (readonly CollectedAnswer[])[] = []
    for (const { text } of questions) {
      const request: GenerateRequest = {
        input: { messages: [{ role: 'user', content: text }] },
        maxTokens,
        sampling: { temperature, topP: 1 },
        thinking: true,
        ...(budget !== null && { thinkingBudget: budget }),
        choices: choicesOf(most, 0),
      }
      samples.push(await collectAnswers(engine.generate(request), most))
    }
    for (const n of counts) points.push({ budget, n, ...score(questions, samples, n) })
  }
  return points
}

/** Each vote of `n` among the samples counts: of 8 answers there are two votes of 4. */
function score(questions: readonly Question[], samples: readonly (readonly CollectedAnswer[])[], n: number) {
  const right = questions.map(({ answer }, at) => {
    const votes = groupsOf(samples[at] ?? [], n).map((group) => {
      const { winner } = vote(asChoices(group), { extract: 'text' })
      return Number(winner?.message.content.trim() === answer)
    })
    return mean(votes)
  })
  const tokens = samples.map((answers) => n * mean(answers.map(({ done }) => done?.tokens ?? 0)))
  const accuracy = mean(right)
  return { accuracy, interval: wilson(accuracy, questions.length), tokens: mean(tokens) }
}

const groupsOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.floor(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))

const mean = (numbers: readonly number[]): number =>
  numbers.length === 0 ? 0 : numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** The 95 % score interval of a proportion of `count` trials (Wilson 1927). */
export function wilson(proportion: number, count: number): readonly [low: number, high: number] {
  const z = 1.959964
  const scale = 1 + z ** 2 / count
  const centre = (proportion + z ** 2 / (2 * count)) / scale
  const half = (z / scale) * Math.sqrt((proportion * (1 - proportion)) / count + z ** 2 / (4 * count ** 2))
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}

/** A Markdown table of the points. */
export const curveTable = (points: readonly CurvePoint[]): string =>
  markdownTable([
    ['thinking budget', 'answers', 'tokens per question', 'right', '95 % interval'],
    ...points.map(({ budget, n, accuracy, interval, tokens }) => [
      budget ?? 'none',
      n,
      tokens.toFixed(1),
      percent(accuracy),
      interval.map(percent).join(' to '),
    ]),
  ])

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`
