// Answers: `hadal bench-kernels`: how fast are the kernels on this adapter, as a share of what it can do?
// It must not know how anything is measured.
import sources from 'virtual:shaders'
import { benchKernels, type KernelRow } from '../bench/kernels/bench.ts'
import type { CaseMaker } from '../bench/kernels/case.ts'
import { allCases } from '../bench/kernels/cases.ts'
import { linearOfShape } from '../bench/kernels/linear-cases.ts'
import { V2_LITE } from '../bench/kernels/model.ts'
import { COLUMNS } from '../bench/kernels/stored.ts'
import { tunedDevice } from '../bench/tuned-device.ts'
import type { Winners } from '../engine/tuned.ts'
import { type Device, openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { FORMATS, type Format } from '../gpu/matrix.ts'
import { FACTORS } from '../kernels/linear.ts'
import { formatBytes } from '../lib/bytes.ts'
import { type Args, type OptionTypes, oneOf, parseArgs, UsageError } from './args.ts'
import { BENCH_OPTIONS, clockOf, count, roundOf } from './bench-options.ts'
import { openDawn } from './dawn.ts'
import { tunedReader, tunedText } from './tuned.ts'

const OPTIONS: OptionTypes = {
  ...BENCH_OPTIONS,
  kernel: 'text',
  role: 'text',
  format: 'text',
  shape: 'text',
  rows: 'number',
  'prefill-rows': 'number',
  context: 'number',
  products: 'text',
  adapter: 'text',
  limits: 'text',
  'no-f16': 'flag',
  'no-subgroups': 'flag',
  untuned: 'flag',
}

const DEFAULT_FORMATS = 'fp8_block,q8,q4,bf16'
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
    tokens: count(args, 'rows', 1, 8),
    prefillTokens: count(args, 'prefill-rows', 512, 4096),
    context: count(args, 'context', 2048, 1 << 17),
    products: oneOf(args, 'products', FACTORS, 'f32'),
    repetitions: count(args, 'repetitions', REPETITIONS, 1000),
    roundBytes: roundOf(args),
  }
  const json = args.flag('json')
  if (!json) process.stdout.write(head(device, tuned, options.roundBytes, clockOf(args) !== undefined))
  const rows: KernelRow[] = []
  const bench = { device, pipelines: new PipelineCache(device, sources), clock: clockOf(args) }
  await benchKernels(bench, makersOf(args), { ...options, widths: V2_LITE }, (row) => {
    rows.push(row)
    if (!json) process.stdout.write(line(row))
  })
  const { adapter, capabilities } = device
  if (json) process.stdout.write(`${JSON.stringify({ adapter, capabilities, tuned, options, rows })}\n`)
  device.destroy()
}

function makersOf(args: Args): readonly CaseMaker[] {
  const kernel = args.text('kernel')
  const role = args.text('role')
  const shape = args.text('shape')
  if (shape !== undefined) return [ofShape(kernel ?? 'linear_decode', shape)]
  const makers = allCases.filter(
    (maker) =>
      (kernel === undefined || maker.kernel === kernel) && (role === undefined || maker.role.includes(role)),
  )
  if (makers.length > 0) return makers
  const known = [...new Set(allCases.map((maker) => maker.kernel))].join(', ')
  throw new UsageError(`No case is called so. --kernel is one of ${known}.`)
}

function ofShape(kernel: string, shape: string): CaseMaker {
  const [, rows, cols] = /^(\d+)x(\d+)$/.exec(shape) ?? []
  const [height, width] = [Number(rows), Number(cols)]
  if (!(height > 0 && width > 0 && width % COLUMNS === 0))
    throw new UsageError(
      `--shape must be ROWSxCOLUMNS with columns a multiple of ${COLUMNS}; it is "${shape}".`,
    )
  if (kernel !== 'linear_decode' && kernel !== 'linear_prefill')
    throw new UsageError('--shape is for linear_decode and linear_prefill.')
  return linearOfShape(kernel === 'linear_decode' ? 'decode' : 'prefill', height, width)
}

function formatsOf(args: Args): Format[] {
  return (args.text('format') ?? DEFAULT_FORMATS).split(',').map((name) => {
    const known = Object.keys(FORMATS).find((each): each is Format => each === name)
    if (known === undefined)
      throw new UsageError(`--format must be of ${Object.keys(FORMATS).join(', ')}; it has "${name}".`)
    return known
  })
}

const COLUMNS_OF = [9, 36, 34, 11, 10, 9, 9, 7, 9, 9] as const

const row = (cells: readonly string[]) =>
  `${cells.map((cell, i) => (i < 2 ? cell.padEnd(COLUMNS_OF[i] ?? 0) : cell.padStart(COLUMNS_OF[i] ?? 0))).join(' ')}\n`

function head({ adapter, capabilities }: Device, tuned: Winners, roundBytes: number, cpu: boolean): string {
  const clock = cpu
    ? 'CPU time of this process'
    : capabilities.timestamps
      ? 'device timestamps'
      : 'wall clock around the queue'
  return [
    `${adapter}; ${tunedText(tuned)}; ${clock}; every round reads at least ${formatBytes(roundBytes)} of weights once\n`,
    row([
      'format',
      'kernel, role',
      'shape',
      'µs',
      '± half',
      'GB/s',
      'GFLOP/s',
      'share',
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
  share,
  ceiling,
  ...rest
}: KernelRow) {
  const most =
    ceiling.kind === 'bytes' ? `${ceiling.gbPerSecond.toFixed(2)}` : `${ceiling.gflopPerSecond.toFixed(1)} GF`
  return `${row([
    format,
    `${kernel}, ${role}`,
    shape,
    (time.ms * 1000).toFixed(1),
    ((time.high - time.low) * 500).toFixed(1),
    gbPerSecond.toFixed(2),
    gflopPerSecond.toFixed(1),
    share.toFixed(2),
    most,
    ceiling.readGbPerSecond.toFixed(1),
  ])}          ${rest.variant}; ceiling: ${ceiling.loop}; error ${rest.error.toExponential(1)} of ${rest.tolerance}\n`
}
