// `hadal evaluate`: counts exact answers to held-out questions, by weight format or by tokens spent on them.
import type { Engine } from '../engine/engine.ts'
import type { Quantize } from '../engine/load/quantization.ts'
import { type CliArgs, type OptionKinds, parseArgs, UsageError, withOption } from './args.ts'
import { curveSettings, curveTable, measureCurve } from './evaluate-curve.ts'
import { formatsOf, markdownTable } from './format-options.ts'
import { heldOutQuestions, type Question } from './held-out-questions.ts'
import { LOAD_OPTIONS, loadFromArgs } from './load.ts'

const OPTIONS: OptionKinds = {
  ...LOAD_OPTIONS,
  formats: 'text',
  items: 'number',
  seed: 'number',
  'no-think': 'flag',
  budgets: 'text',
  n: 'text',
  temperature: 'number',
  json: 'flag',
}

const MAX_TOKENS = 400

/** Correct answers by task and format. */
type CorrectAnswers = Record<string, Partial<Record<Quantize, number>>>

export async function evaluate(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  const items = args.number('items') ?? 20
  if (!Number.isInteger(items) || items < 1) throw new UsageError('--items must be a whole number from 1.')
  const questions = heldOutQuestions(items, args.number('seed') ?? 1)
  const curve = curveSettings(args, MAX_TOKENS)
  if (curve) return printCurve(args, questions, curve)
  const formats = formatsOf(args, 'none,q8,q4')
  const right: CorrectAnswers = {}
  for (const format of formats) {
    const { engine, close } = await loadFromArgs(withOption(args, 'quantize', format))
    try {
      for (const question of questions) {
        const row = right[question.task] ?? {}
        const correct = Number(await answersCorrectly(engine, question, !args.flag('no-think')))
        right[question.task] = { ...row, [format]: (row[format] ?? 0) + correct }
      }
    } finally {
      await close()
    }
  }
  process.stdout.write(
    args.flag('json') ? `${JSON.stringify({ items, right })}\n` : scoreTable(right, formats, items),
  )
}

async function printCurve(
  args: CliArgs,
  questions: readonly Question[],
  settings: NonNullable<ReturnType<typeof curveSettings>>,
): Promise<void> {
  const { engine, close } = await loadFromArgs(args)
  try {
    const points = await measureCurve(engine, questions, settings)
    const { adapter } = engine.info
    process.stdout.write(
      args.flag('json')
        ? `${JSON.stringify({ questions: questions.length, adapter, points })}\n`
        : curveTable(points),
    )
  } finally {
    await close()
  }
}

async function answersCorrectly(
  engine: Engine,
  { text, answer }: Question,
  thinking: boolean,
): Promise<boolean> {
  let written = ''
  const request = {
    input: { messages: [{ role: 'user', content: text }] },
    maxTokens: MAX_TOKENS,
    sampling: { temperature: 0 },
    thinking,
  } as const
  for await (const event of engine.generate(request)) if (event.type === 'delta') written += event.text
  return written.trim() === answer
}

function scoreTable(right: CorrectAnswers, formats: readonly Quantize[], items: number): string {
  const tasks = Object.values(right)
  const sums = formats.map((format) => tasks.reduce((sum, row) => sum + (row[format] ?? 0), 0))
  return markdownTable([
    ['task', 'items', ...formats],
    ...Object.entries(right).map(([task, row]) => [
      task,
      items,
      ...formats.map((format) => row[format] ?? 0),
    ]),
    ['all', items * tasks.length, ...sums],
  ])
}
