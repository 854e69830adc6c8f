// `hadal tune`: measures the fastest kernel variants and prefill chunk of this adapter, and stores them.
import type { TunedDecision } from '../bench/tune.ts'
import { type TuneAdapterOptions, tuneAdapter, tuningKeyOf } from '../bench/tune-adapter.ts'
import { type CliArgs, parseArgs } from './args.ts'
import { clockOf, positiveCount, TIMING_OPTIONS } from './bench-options.ts'
import { openDawn } from './dawn.ts'
import { LOAD_OPTIONS, loadTargetFromArgs } from './load.ts'
import { openSource } from './source.ts'
import { tunedFile, writeTuned } from './tuned-store.ts'

/** Load options, except those that tuning decides. */
const { 'prefill-chunk': _chunk, untuned: _untuned, ...TUNE_LOAD_OPTIONS } = LOAD_OPTIONS

const REPETITIONS = 7

export async function tune(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, { ...TUNE_LOAD_OPTIONS, ...TIMING_OPTIONS, forget: 'flag' })
  const gpu = openDawn(args.text('adapter'))
  const { device, options } = await loadTargetFromArgs(args, gpu)
  if (args.flag('forget')) {
    const key = await tuningKeyOf({ gpu, device })
    const known = key !== undefined && (await writeTuned(key, undefined))
    process.stdout.write(known ? 'forgotten\n' : 'nothing was stored\n')
    return
  }
  const rows: TunedDecision[] = []
  const json = args.flag('json')
  const found = await measure(args, {
    ...options,
    gpu,
    device,
    clock: clockOf(args),
    repetitions: positiveCount(args, 'repetitions', REPETITIONS, 1000),
    onDecision(row) {
      rows.push(row)
      if (!json) process.stdout.write(decisionText(row))
    },
  })
  await writeTuned(found.key, found.winners)
  process.stdout.write(
    json ? `${JSON.stringify({ ...found, rows })}\n` : `${found.adapter}: stored in ${tunedFile()}\n`,
  )
}

async function measure(args: CliArgs, options: TuneAdapterOptions) {
  const name = args.text('model')
  if (name === undefined) return tuneAdapter(options)
  const source = await openSource(name)
  try {
    return await tuneAdapter({ ...options, source })
  } finally {
    await source.close()
  }
}

function decisionText({ decision, winner, variants }: TunedDecision): string {
  const cells = variants.map(({ variant, passed, time, spread }) => {
    const measured = passed ? `${time.toFixed(2)} ± ${spread.toFixed(2)}` : 'wrong results'
    return `${variant === winner ? '*' : ' '}${variant} ${measured}`
  })
  return `${decision.padEnd(10)} ${cells.join('  ')}\n`
}
