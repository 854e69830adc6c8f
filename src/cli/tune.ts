// Answers: `hadal tune`: which variants of the kernels, and which chunk of prefill, are the quickest on this adapter? Measured, and kept for every later run.
// It must not know how anything is measured.
import type { TunedDecision } from '../bench/tune.ts'
import { type TuneAdapterOptions, tuneAdapter, tuningKeyOf } from '../bench/tune-adapter.ts'
import { type Args, parseArgs } from './args.ts'
import { clockOf, count, TIMING_OPTIONS } from './bench-options.ts'
import { openDawn } from './dawn.ts'
import { LOAD_OPTIONS, machineFromArgs } from './load.ts'
import { openSource } from './source.ts'
import { tunedFile, writeTuned } from './tuned.ts'

/** Of a load, but for what tuning decides itself. */
const { chunk: _chunk, untuned: _untuned, ...MACHINE } = LOAD_OPTIONS

const REPETITIONS = 7

export async function tune(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, { ...MACHINE, ...TIMING_OPTIONS, forget: 'flag' })
  const gpu = openDawn(args.text('adapter'))
  const { device, options } = await machineFromArgs(args, gpu)
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
    repetitions: count(args, 'repetitions', REPETITIONS, 1000),
    onDecision(row) {
      rows.push(row)
      if (!json) process.stdout.write(printed(row))
    },
  })
  await writeTuned(found.key, found.winners)
  process.stdout.write(
    json ? `${JSON.stringify({ ...found, rows })}\n` : `${found.adapter}: stored in ${tunedFile()}\n`,
  )
}

async function measure(args: Args, options: TuneAdapterOptions) {
  const place = args.text('model')
  if (place === undefined) return tuneAdapter(options)
  const source = await openSource(place)
  try {
    return await tuneAdapter({ ...options, source })
  } finally {
    await source.close()
  }
}

function printed({ decision, winner, variants }: TunedDecision): string {
  const cells = variants.map(({ variant, right, time, spread }) => {
    const measured = right ? `${time.toFixed(2)} ± ${spread.toFixed(2)}` : 'computes wrongly'
    return `${variant === winner ? '*' : ' '}${variant} ${measured}`
  })
  return `${decision.padEnd(10)} ${cells.join('  ')}\n`
}
