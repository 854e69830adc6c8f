// Answers: `hadal bench`: what the KV cache costs in each form, as a table or as one JSON object; with --speed, another answers.
// It must not know how it is measured.
import { measure } from '../bench/measure.ts'
import type { BenchEvent, BenchProgress, BenchResult, BenchRow, BenchTiming, Check } from '../bench/result.ts'
import { formatBytes } from '../lib/bytes.ts'
import { present } from '../lib/error.ts'
import { type Args, type OptionTypes, oneOf, parseArgs, required } from './args.ts'
import { benchSpeedCommand } from './bench-speed.ts'
import { printTable } from './formats.ts'
import { kindOf, LOAD_OPTIONS, loadFromArgs } from './load.ts'

const OPTIONS: OptionTypes = {
  ...LOAD_OPTIONS,
  contexts: 'text',
  cache: 'text',
  steps: 'number',
  json: 'flag',
}

export async function bench(argv: readonly string[]): Promise<void> {
  if (argv.includes('--speed')) return benchSpeedCommand(argv)
  const args = parseArgs(argv, OPTIONS)
  required(args, 'model')
  const settings = settingsOf(args)
  const { engine, close } = await loadFromArgs(args)
  const stop = new AbortController()
  const onInterrupt = () => stop.abort()
  process.once('SIGINT', onInterrupt)
  try {
    let last: BenchEvent | undefined
    for await (const event of measure(engine, settings, stop.signal)) {
      last = event
      if (process.stderr.isTTY) showProgress(event.progress)
    }
    const { result } = present(last, 'a result')
    process.stdout.write(args.flag('json') ? `${JSON.stringify(result)}\n` : printed(result))
  } finally {
    process.off('SIGINT', onInterrupt)
    await close()
  }
}

function settingsOf(args: Args) {
  const contexts = args.text('contexts')?.split(',').map(Number)
  const caches = args.text('cache')?.split(',').map(kindOf)
  const steps = args.number('steps')
  return {
    numbers: oneOf(args, 'kv', ['f16', 'f32'], 'f16'),
    ...(contexts && { contexts }),
    ...(caches && { caches }),
    ...(steps !== undefined && { steps }),
  }
}

function showProgress({ phase, cache, context, done, total }: BenchProgress): void {
  const what = [`${done}/${total}`, phase, cache, context && `${context} tokens`].filter((part) => part)
  process.stderr.write(`\r\u001b[K${phase === 'done' ? '' : what.join('  ')}`)
}

function printed(result: BenchResult): string {
  const { environment, model, caches, rows, copyBytesPerSecond, complete } = result
  const forms = caches.map((each) => [
    each.cache,
    `${each.recordBytes}`,
    `${each.bytesPerToken}`,
    `${each.maxContext}`,
    verdict(each.check),
  ])
  const figures = rows.map((row) => [
    `${row.context}`,
    row.cache,
    ...(row.missing === undefined ? measured(row, copyBytesPerSecond) : [row.missing]),
  ])
  return [
    `${model.name}, ${model.layers} layers, on ${environment.adapter}; copies ${formatBytes(copyBytesPerSecond)}/s read and written\n`,
    printTable([['cache', 'bytes/token/layer', 'bytes/token', 'most tokens here', 'text'], ...forms]),
    printTable([
      [
        'context',
        'cache',
        'bytes',
        'formula',
        'decode tok/s',
        'ms (middle half)',
        'prefill tok/s',
        'read/copy',
      ],
      ...figures,
    ]),
    ...rows.flatMap((row) => beside(row, rows)),
    complete ? '' : 'Stopped before the end.\n',
  ].join('\n')
}

function measured(
  { bytes, formulaBytes, decode, prefill, readBytesPerStep }: BenchRow,
  copy: number,
): string[] {
  const share = decode ? (readBytesPerStep * 1000) / decode.ms / copy : Number.NaN
  return [
    `${bytes}`,
    `${formulaBytes}`,
    pace(decode),
    decode ? `${decode.ms.toFixed(2)} (${decode.msLow.toFixed(2)}–${decode.msHigh.toFixed(2)})` : '',
    pace(prefill),
    `${(100 * share).toFixed(2)} %`,
  ]
}

/** A row beside the standard cache of the same context. */
function beside(row: BenchRow, rows: readonly BenchRow[]): string[] {
  const other = rows.find(({ cache, context }) => cache === 'standard' && context === row.context)
  if (!other || other === row || row.missing !== undefined || other.missing !== undefined) return []
  const [own, standard] = [row.decode, other.decode]
  const speed =
    own && standard
      ? `, ${(own.tokensPerSecond / standard.tokensPerSecond).toFixed(2)} times its tokens per second`
      : ''
  const bytes = `${((100 * row.bytes) / other.bytes).toFixed(2)} % of the bytes of standard`
  return [`${row.cache} at ${row.context} tokens: ${bytes}${speed}.`]
}

const pace = (timing: BenchTiming | undefined): string => timing?.tokensPerSecond.toFixed(2) ?? ''

function verdict(check: Check): string {
  if (check.verdict === 'equal') return `${check.tokens} equal tokens`
  if (check.verdict === 'wrong') return `WRONG from token ${check.at + 1} on`
  if (check.verdict === 'shape') return 'shape only'
  return `KL ${check.meanKl.toExponential(2)}, ${check.equal} of ${check.tokens} tokens equal`
}
