// `hadal bench-kernels`: times each kernel on this adapter, as a fraction of the roofline.
import sources from 'virtual:shaders'
import { benchKernels, type KernelRow } from '../bench/kernels/bench.ts'
import type { CaseMaker } from '../bench/kernels/case.ts'
import { ALL_CASES } from '../bench/kernels/cases.ts'
import { linearOfShape } from '../bench/kernels/linear-cases.ts'
import { V2_LITE } from '../bench/kernels/model-widths.ts'
import { COLUMN_MULTIPLE } from '../bench/kernels/random-matrix.ts'
import { tunedDevice } from '../bench/tuned-device.ts'
import type { TunedVariants } from '../engine/load/tuned-variants.ts'
import { type Device, openDevice } from '../gpu/device.ts'
import { QUANTIZATION_TARGETS, STORAGE_FORMATS, type StorageFormat } from '../gpu/formats.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { MATMUL_PRECISIONS } from '../kernels/linear.ts'
import { formatBytes } from '../lib/format.ts'
import { type CliArgs, type OptionKinds, oneOf, parseArgs, UsageError } from './args.ts'
import { BENCH_OPTIONS, clockOf, positiveCount, roundBytesOf } from './bench-options.ts'
import { openDawn } from './dawn.ts'
import { tunedReader, tunedText } from './tuned-store.ts'

const OPTIONS: OptionKinds = {
  ...BENCH_OPTIONS,
  kernel: 'text',
  role: 'text',
  format: 'text',
  shape: 'text',
  rows: 'number',
  'prefill-rows': 'number',
  context: 'number',
  'matmul-precision': 'text',
  adapter: 'text',
  limits: 'text',
  'no-f16': 'flag',
  'no-subgroups': 'flag',
  untuned: 'flag',
}

const DEFAULT_FORMATS = [...Object.values(QUANTIZATION_TARGETS).map(({ format }) => format), 'bf16'].join()
const REPETITIONS = 9

export async function benchKernelsCommand(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  const opened = await openDevice(openDawn(args.text('adapter')), {
    limits: oneOf(args, 'limits', ['default', 'max'], 'max'),
    f16: !args.flag('no-f16'),
    subgroups: !args.flag('no-subgroups'),
  })
  const { device, tuned } = await tunedDevice(opened, tunedReader(args))
  const options = {
    formats: formatsOf(args),
    tokens: positiveCount(args, 'rows', 1, 8),
    prefillTokens: positiveCount(args, 'prefill-rows', 512, 4096),
    context: positiveCount(args, 'context', 2048, 1 << 17),
    matmulPrecision: oneOf(args, 'matmul-precision', MATMUL_PRECISIONS, 'f32'),
    repetitions: positiveCount(args, 'repetitions', REPETITIONS, 1000),
    roundBytes: roundBytesOf(args),
  }
  const json = args.flag('json')
  if (!json) process.stdout.write(head(device, tuned, options.roundBytes, clockOf(args) !== undefined))
  const rows: KernelRow[] = []
  const bench = { device, pipelines: new PipelineCache(device, sources), clock: clockOf(args) }
  await benchKernels(bench, caseMakersOf(args), { ...options, widths: V2_LITE }, (row) => {
    rows.push(row)
    if (!json) process.stdout.write(line(row))
  })
  const { adapter, capabilities } = device
  if (json) process.stdout.write(`${JSON.stringify({ adapter, capabilities, tuned, options, rows })}\n`)
  device.destroy()
}

function caseMakersOf(args: CliArgs): readonly CaseMaker[] {
  const kernel = args.text('kernel')
  const role = args.text('role')
  const shape = args.text('shape')
  if (shape !== undefined) return [caseMakerOfShape(kernel ?? 'linear_decode', shape)]
  const makers = ALL_CASES.filter(
    (maker) =>
      (kernel === undefined || maker.kernel === kernel) && (role === undefined || maker.role.includes(role)),
  )
  if (makers.length > 0) return makers
  const known = [...new Set(ALL_CASES.map((maker) => maker.kernel))].join(', ')
  throw new UsageError(`No kernel matches --kernel and --role. Kernels: ${known}.`)
}

function caseMakerOfShape(kernel: string, shape: string): CaseMaker {
  const [, rows, cols] = /^(\d+)x(\d+)$/.exec(shape) ?? []
  const [height, width] = [Number(rows), Number(cols)]
  if (!(height > 0 && width > 0 && width % COLUMN_MULTIPLE === 0))
    throw new UsageError(
      `--shape must be ROWSxCOLUMNS with columns a multiple of ${COLUMN_MULTIPLE}, not "${shape}".`,
    )
  if (kernel !== 'linear_decode' && kernel !== 'linear_prefill')
    throw new UsageError('--shape works with linear_decode and linear_prefill only.')
  return linearOfShape(kernel === 'linear_decode' ? 'decode' : 'prefill', height, width)
}

function formatsOf(args: CliArgs): StorageFormat[] {
  return (args.text('format') ?? DEFAULT_FORMATS).split(',').map((name) => {
    const known = STORAGE_FORMATS.find((format) => format === name)
    if (known === undefined)
      throw new UsageError(`--format must be one of ${STORAGE_FORMATS.join(', ')}, not "${name}".`)
    return known
  })
}

/** Characters of each column. The first two are left-aligned. */
const COLUMN_WIDTHS = [9, 36, 34, 11, 10, 9, 9, 7, 9, 9] as const

function row(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => {
    const width = COLUMN_WIDTHS[i] ?? 0
    return i < 2 ? cell.padEnd(width) : cell.padStart(width)
  })
  return `${padded.join(' ')}\n`
}

function head(
  { adapter, capabilities }: Device,
  tuned: TunedVariants,
  roundBytes: number,
  cpuClock: boolean,
): string {
  const clock = cpuClock
    ? 'CPU time of this process'
    : capabilities.timestamps
      ? 'device timestamps'
      : 'wall clock around the queue'
  return [
    `${adapter}; ${tunedText(tuned)}; ${clock}; each round reads at least ${formatBytes(roundBytes)} once\n`,
    row([
      'format',
      'kernel, role',
      'shape',
      'µs',
      '± half',
      'GB/s',
      'GFLOP/s',
      'fraction',
      'ceiling',
      'read GB/s',
    ]),
  ].join('')
}

function line({
  format,
  kernel,
  role,
  shape,
  time,
  gbPerSecond,
  gflopPerSecond,
  fractionOfCeiling,
  ceiling,
  ...rest
}: KernelRow) {
  const ceilingText =
    ceiling.kind === 'bytes' ? `${ceiling.gbPerSecond.toFixed(2)}` : `${ceiling.gflopPerSecond.toFixed(1)} GF`
  const details = [
    rest.variant,
    `ceiling: ${ceiling.loop}`,
    `error ${rest.error.toExponential(1)} of ${rest.tolerance}`,
  ].join('; ')
  return `${row([
    format,
    `${kernel}, ${role}`,
    shape,
    (time.ms * 1000).toFixed(1),
    ((time.high - time.low) * 500).toFixed(1),
    gbPerSecond.toFixed(2),
    gflopPerSecond.toFixed(1),
    fractionOfCeiling.toFixed(2),
    ceilingText,
    ceiling.readGbPerSecond.toFixed(1),
  ])}          ${details}\n`
}
