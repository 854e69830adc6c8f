// `hadal quantize-error`: what a model loses in each weight format: errors of its weights and of its logits.

import { specFromConfig } from '../engine/load/plan.ts'
import { QUANTIZATION_NAMES, type Quantize, type WeightClass } from '../engine/load/quantization.ts'
import { resolveTensors } from '../engine/load/resolve-tensors.ts'
import { openText } from '../engine/load/text.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { matricesByClass, weightError } from '../engine/load/weight-error.ts'
import { planWeights } from '../engine/load/weight-plan.ts'
import { formatBytes } from '../lib/format.ts'
import { type LogitError, logitError } from '../lib/logit-error.ts'
import type { Source } from '../weights/source.ts'
import { type CliArgs, type OptionKinds, parseArgs, required, withOption } from './args.ts'
import { formatsOf, markdownTable } from './format-options.ts'
import { type CliModel, LOAD_OPTIONS, loadFromArgs } from './load.ts'
import { readIds } from './prompt-files.ts'
import { openSource } from './source.ts'

const OPTIONS: OptionKinds = { ...LOAD_OPTIONS, formats: 'text', ids: 'text', json: 'flag' }

/** Matrices measured per weight class, evenly spread over the layers. */
const MAX_MATRICES = 24
const ANSWER_TOKENS = 96
const QUESTIONS = [
  'What is 347 + 586?',
  'What is the capital of Japan?',
  'How many r are in strawberry?',
  'Tell me a story about a whale and a lantern.',
]

interface FormatReport extends LogitError {
  readonly quantize: Quantize
  readonly weightBytes: number
}

type WeightErrors = Partial<Record<WeightClass, Partial<Record<Quantize, number>>>>

export async function quantizeError(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  const source = await openSource(required(args, 'model'))
  try {
    const formats = formatsOf(args, QUANTIZATION_NAMES.join())
    const base = await loadFromArgs(withOption(args, 'quantize', 'none'))
    const storedBytes = weightBytes(base)
    const { ids, logits, weights } = await measureBaseline(base, source, args, formats).finally(base.close)
    const reports: FormatReport[] = []
    for (const quantize of formats) {
      const loaded = await loadFromArgs(withOption(args, 'quantize', quantize))
      try {
        reports.push({
          quantize,
          weightBytes: weightBytes(loaded),
          ...(await logitErrorOf(loaded, ids, logits)),
        })
      } finally {
        await loaded.close()
      }
    }
    const report = { model: source.name, storedBytes, weights, formats: reports }
    process.stdout.write(args.flag('json') ? `${JSON.stringify(report)}\n` : reportText(report, formats))
  } finally {
    await source.close()
  }
}

const weightBytes = ({ engine }: CliModel): number => {
  const { weights = 0, experts = 0 } = engine.gpuBytes()
  return weights + experts
}

/** Logits of the model as stored, and the weight error of each format. */
async function measureBaseline(base: CliModel, source: Source, args: CliArgs, formats: readonly Quantize[]) {
  const { engine } = base
  const file = args.text('ids')
  const ids = file === undefined ? await chatTexts(base, source) : [await readIds(file)]
  const logits: Float32Array[] = []
  for (const sequence of ids) logits.push(await engine.logits(sequence))
  const checkpoint = await openConfigured(source, engine.info)
  const spec = specFromConfig(checkpoint)
  const plan = planWeights(spec, resolveTensors(spec, checkpoint), engine.device.capabilities)
  const weights: WeightErrors = {}
  for (const [name, matrices] of matricesByClass(plan)) {
    const step = Math.max(1, matrices.length / MAX_MATRICES)
    const chosen = matrices.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step))
    const row: Partial<Record<Quantize, number>> = {}
    for (const quantize of formats) {
      let [squares, errors] = [0, 0]
      for (const matrix of chosen) {
        const error = await weightError(engine.device, source, matrix, quantize)
        squares += error.squaredNorm
        errors += error.squaredError
      }
      row[quantize] = Math.sqrt(errors / squares)
    }
    weights[name] = row
  }
  return { ids, logits, weights }
}

/** A few questions with the model's own greedy answers: text of the kind it was trained for. */
async function chatTexts({ engine }: CliModel, source: Source): Promise<readonly number[][]> {
  const { chat } = await openText(source, engine.info.vocab, undefined)
  const sequences: number[][] = []
  for (const content of QUESTIONS) {
    const { ids } = chat.prompt([{ role: 'user', content }])
    const sequence = [...ids]
    const request = { input: { ids }, maxTokens: ANSWER_TOKENS, sampling: { temperature: 0 } }
    for await (const event of engine.generate(request))
      if (event.type === 'delta') sequence.push(...event.ids)
    sequences.push(sequence)
  }
  return sequences
}

async function logitErrorOf(
  { engine }: CliModel,
  ids: readonly (readonly number[])[],
  expected: readonly Float32Array[],
): Promise<LogitError> {
  const actual: Float32Array[] = []
  for (const sequence of ids) actual.push(await engine.logits(sequence))
  return logitError(concatenated(actual), concatenated(expected), engine.info.vocab)
}

function concatenated(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}

function reportText(
  report: { storedBytes: number; weights: WeightErrors; formats: readonly FormatReport[] },
  formats: readonly Quantize[],
): string {
  const figure = (value = Number.NaN) => (value === 0 ? '0' : value.toExponential(2))
  const weights = Object.entries(report.weights).map(([name, row]) => [
    name,
    ...formats.map((format) => figure(row[format])),
  ])
  const logits = report.formats.map((row) => [
    row.quantize,
    formatBytes(row.weightBytes),
    figure(row.relativeError),
    figure(row.meanKl),
    `${(100 * row.top1Agreement).toFixed(1)} %`,
  ])
  return [
    markdownTable([['relative RMS error of weights', ...formats], ...weights]),
    markdownTable([
      ['formats', 'weights', '‖a − b‖ / ‖b‖', 'mean KL', 'same top token'],
      ['none', formatBytes(report.storedBytes), '0', '0', '100.0 %'],
      ...logits,
    ]),
    `${report.formats[0]?.positions ?? 0} positions. Logits are compared with those of the stored weights.\n`,
  ].join('\n')
}
