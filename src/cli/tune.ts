// Answers: `hadal tune`: which variants of the kernels are the quickest on this adapter? Measured, and kept for every later run.
// It must not know how anything is measured.
import sources from 'virtual:shaders'
import { SPEC } from '../bench/kernels/model.ts'
import { tune as measure, type TunedDecision } from '../bench/tune.ts'
import { rate } from '../engine/choices.ts'
import { plannedRecorder } from '../engine/footprint.ts'
import { specOf, subjectOf } from '../engine/model-plan.ts'
import type { Recorder } from '../engine/self-test.ts'
import { tuningKey } from '../engine/variants.ts'
import { type Device, openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { storedTensors } from '../models/names.ts'
import type { ModelSpec } from '../models/spec.ts'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.ts'
import { openMemory } from '../weights/memory.ts'
import { type Args, parseArgs } from './args.ts'
import { BENCH_OPTIONS, clockOf, count } from './bench-options.ts'
import { LOAD_OPTIONS, machineFromArgs, openDawn } from './load.ts'
import { openSource } from './source.ts'
import { tunedFile, writeTuned } from './tuned.ts'

const REPETITIONS = 7

export async function tune(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, { ...LOAD_OPTIONS, ...BENCH_OPTIONS, forget: 'flag' })
  const gpu = openDawn(args.text('adapter'))
  const machine = await machineFromArgs(args, gpu)
  const device = await openDevice(gpu, machine.device)
  try {
    if (args.flag('forget')) {
      const known = await writeTuned(tuningKey(device), undefined)
      process.stdout.write(`${device.adapter}: ${known ? 'forgotten' : 'nothing was stored'}\n`)
      return
    }
    const rows: TunedDecision[] = []
    const json = args.flag('json')
    if (!json) process.stdout.write(`${device.adapter}\n`)
    const bench = { device, pipelines: new PipelineCache(device, sources), clock: clockOf(args) }
    const winners = await measure(bench, await recordersOf(args, device, machine.options), {
      repetitions: count(args, 'repetitions', REPETITIONS, 1000),
      onDecision(row) {
        rows.push(row)
        if (!json) process.stdout.write(printed(row))
      },
    })
    await writeTuned(tuningKey(device), winners)
    if (json) process.stdout.write(`${JSON.stringify({ adapter: device.adapter, winners, rows })}\n`)
    else process.stdout.write(`stored in ${tunedFile()}\n`)
  } finally {
    device.destroy()
  }
}

type Options = Awaited<ReturnType<typeof machineFromArgs>>['options']

/** The model that was named, as it would be loaded; without one, two layers of V2-Lite's sizes in each format that has variants. */
async function recordersOf(args: Args, device: Device, options: Options): Promise<Recorder[]> {
  const place = args.text('model')
  if (place === undefined)
    return (['fp8', 'q8', 'q4'] as const).map((quantize) =>
      recorderOf(SPEC, emptyCheckpoint(SPEC), device, { ...options, quantize }),
    )
  const source = await openSource(place)
  try {
    const checkpoint = await openCheckpoint(source)
    return [recorderOf(specOf(checkpoint.config), checkpoint, device, options)]
  } finally {
    await source.close()
  }
}

function recorderOf(spec: ModelSpec, checkpoint: Checkpoint, device: Device, options: Options): Recorder {
  const subject = subjectOf(spec, checkpoint, device.capabilities, options)
  const { quantize = 'none' } = options
  const { plan } = rate(subject, quantize === 'auto' ? 'none' : quantize)
  return plannedRecorder(spec, plan, device.capabilities, subject.options)
}

/** The headers of such a model, with no bytes behind them. */
function emptyCheckpoint(spec: ModelSpec): Checkpoint {
  const tensors = storedTensors(spec).map(({ name, shape }) => {
    const bytes = 2 * shape.reduce((product, each) => product * each, 1)
    return [name, { name, shape, dtype: 'BF16', file: '', start: 0, end: bytes }] as const
  })
  return {
    source: openMemory({}),
    config: {},
    generationConfig: undefined,
    tensors: new Map(tensors),
    files: [],
  }
}

function printed({ decision, winner, variants }: TunedDecision): string {
  const cells = variants.map(({ variant, right, time, spread }) => {
    const measured = right ? `${time.toFixed(2)} ± ${spread.toFixed(2)}` : 'computes wrongly'
    return `${variant === winner ? '*' : ' '}${variant} ${measured}`
  })
  return `  ${decision.padEnd(10)} ${cells.join('  ')}\n`
}
