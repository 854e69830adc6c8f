// `hadal bench`: size and speed of the KV cache in each layout, as a table or as JSON.
import { measure } from '../bench/measure.ts'
import type {
  BenchEvent,
  BenchProgress,
  BenchResult,
  BenchRow,
  BenchTiming,
  CacheCheck,
} from '../bench/result.ts'
import { expectDefined } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'
import { type CliArgs, type OptionKinds, oneOf, parseArgs, required } from './args.ts'
import { benchSpeedCommand } from './bench-speed.ts'
import { markdownTable } from './format-options.ts'
import { cacheKindNamed, LOAD_OPTIONS, loadFromArgs } from './load.ts'

const OPTIONS: OptionKinds = {
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
    const { result } = expectDefined(last, 'a result')
    process.stdout.write(args.flag('json') ? `${JSON.stringify(result)}\n` : resultText(result))
  } finally {
    process.off('SIGINT', onInterrupt)
    await close()
  }
}

function settingsOf(args: CliArgs) {
  const contexts = args.text('contexts')?.split(',').map(Number)
  const caches = args.text('cache')?.split(',').map(cacheKindNamed)
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

function resultText(result: BenchResult): string {
  const { environment, model, caches, rows, copyBytesPerSecond, complete } = result
  const layouts = caches.map(({ cache, recordBytes, bytesPerToken, maxContext, check }) => [
    cache,
    `${recordBytes}`,
    `${bytesPerToken}`,
    `${maxContext}`,
    verdictText(check),
  ])
  const figures = rows.map((row) => [
    `${row.context}`,
    row.cache,
    ...(row.missing === undefined ? measuredCells(row, copyBytesPerSecond) : [row.missing]),
  ])
  return [
    [
      `${model.name}, ${model.layers} layers, on ${environment.adapter};`,
      `copy speed ${formatBytes(copyBytesPerSecond)}/s, read plus written\n`,
    ].join(' '),
    markdownTable([['cache', 'bytes/token/layer', 'bytes/token', 'max. tokens here', 'output'], ...layouts]),
    markdownTable([
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
    ...rows.flatMap((row) => comparedToStandard(row, rows)),
    complete ? '' : 'Stopped early.\n',
  ].join('\n')
}

function measuredCells(
  { bytes, formulaBytes, decode, prefill, readBytesPerStep }: BenchRow,
  copy: number,
): string[] {
  const copyFraction = decode ? (readBytesPerStep * 1000) / decode.ms / copy : Number.NaN
  return [
    `${bytes}`,
    `${formulaBytes}`,
    rateText(decode),
    decode ? `${decode.ms.toFixed(2)} (${decode.msLow.toFixed(2)}–${decode.msHigh.toFixed(2)})` : '',
    rateText(prefill),
    `${(100 * copyFraction).toFixed(2)} %`,
  ]
}

/** Compares a row with the standard cache at the same context. */
function comparedToStandard(row: BenchRow, rows: readonly BenchRow[]): string[] {
  const standard = rows.find(({ cache, context }) => cache === 'standard' && context === row.context)
  if (!standard || standard === row || row.missing !== undefined || standard.missing !== undefined) return []
  const [ownDecode, standardDecode] = [row.decode, standard.decode]
  const ratio = ownDecode && standardDecode && ownDecode.tokensPerSecond / standardDecode.tokensPerSecond
  const speed = ratio === undefined ? '' : `, ${ratio.toFixed(2)} times its tokens per second`
  const bytes = `${((100 * row.bytes) / standard.bytes).toFixed(2)} % of the bytes of standard`
  return [`${row.cache} at ${row.context} tokens: ${bytes}${speed}.`]
}

const rateText = (timing: BenchTiming | undefined): string => timing?.tokensPerSecond.toFixed(2) ?? ''

function verdictText(check: CacheCheck): string {
  if (check.verdict === 'equal') return `${check.tokens} equal tokens`
  if (check.verdict === 'wrong') return `WRONG from token ${check.at + 1} on`
  if (check.verdict === 'shape') return 'shape only'
  return `KL ${check.meanKl.toExponential(2)}, ${check.equal} of ${check.tokens} tokens equal`
}
