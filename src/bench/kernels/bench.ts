// Answers: how fast is each kernel, as a share of what the adapter can do in the same run? Each result is proven first, then timed in turn
// with its ceiling. It must not know how figures are printed.
import type { Format } from '../../gpu/matrix.ts'
import { HadalError } from '../../lib/error.ts'
import { relativeError } from '../../lib/relative-error.ts'
import type { Dispatch } from '../../program/graph.ts'
import type { Case, CaseMaker } from './case.ts'
import { type CeilingRun, plainProductCeiling, readCeiling, weightsCeiling } from './ceilings.ts'
import { Room } from './room.ts'
import { type Bench, Run, type Spread, timeInTurn } from './run.ts'

export interface KernelBenchOptions {
  readonly formats: readonly Format[]
  readonly tokens: number // rows of a decode step
  readonly prefillTokens: number
  readonly repetitions: number
  readonly roundBytes: number
}

/** One kernel in one format; times are of one run of it, in milliseconds. */
export interface KernelRow {
  readonly kernel: string
  readonly role: string
  readonly format: Format
  readonly shape: string
  readonly variant: string
  readonly error: number // relative, against f64
  readonly time: Spread
  readonly bytes: number
  readonly gbPerSecond: number
  readonly gflopPerSecond: number
  readonly ceiling: CeilingRow
  readonly share: number // of the ceiling: bytes per second against bytes per second, or FLOP against FLOP
}

export interface CeilingRow {
  readonly kind: 'weights' | 'product'
  readonly loop: string
  readonly gbPerSecond: number
  readonly gflopPerSecond: number
  /** The best streaming read in the same run. */
  readonly readGbPerSecond: number
}

/** Relative errors against f64 that are let pass: f32 sums, and those of f16 factors or a rounded cache. */
export const TOLERANCE = 1e-5

/** Measures kernel after kernel and hands on each row when it is known. Throws `internal` when a kernel computes wrongly. */
export async function benchKernels(
  bench: Bench,
  makers: readonly CaseMaker[],
  options: KernelBenchOptions,
  onRow: (row: KernelRow) => void,
): Promise<void> {
  const room = new Room(bench.device)
  const read = await readCeiling(room, bench, options.roundBytes)
  for (const format of options.formats) {
    const mark = room.mark
    const ceilings = {
      weights: await weightsCeiling(room, bench, format, options.roundBytes),
      product: makers.some(isPrefill) ? await plainProductCeiling(room, bench) : undefined,
    }
    for (const maker of makers) {
      onRow(await measure(room, bench, maker, format, options, { ...ceilings, read }))
    }
    ceilings.weights.run.free()
    ceilings.product?.run.free()
    room.free(mark)
  }
  read.run.free()
  room.free()
}

export const isPrefill = ({ kernel }: CaseMaker): boolean => kernel.endsWith('_prefill')

async function measure(
  room: Room,
  bench: Bench,
  maker: CaseMaker,
  format: Format,
  options: KernelBenchOptions,
  ceilings: { weights: CeilingRun; product: CeilingRun | undefined; read: CeilingRun },
): Promise<KernelRow> {
  const mark = room.mark
  const tokens = isPrefill(maker) ? options.prefillTokens : options.tokens
  const made = await maker.make({ room, format, tokens, roundBytes: options.roundBytes })
  const proof = await Run.prepare(bench, made.first, made.step)
  proof.once()
  const { actual, wanted } = await made.result()
  proof.free()
  const error = relativeError(actual, wanted)
  if (!(error <= TOLERANCE)) {
    throw new HadalError(
      'internal',
      `${made.kernel} (${made.role}, ${format}) computes wrongly on this adapter: relative error ${error}.`,
      { hint: 'Please report this with the name of the adapter and its driver.' },
    )
  }
  const ceiling = (made.ceiling === 'product' && ceilings.product) || ceilings.weights
  const run = await Run.prepare(bench, made.dispatches, made.step)
  const [time, top, read] = await timeInTurn([run, ceiling.run, ceilings.read.run], options.repetitions)
  run.free()
  room.free(mark)
  if (!time || !top || !read) throw new HadalError('internal', 'A time is missing.')
  return rowOf({ made, format, error, time }, { run: ceiling, time: top }, { run: ceilings.read, time: read })
}

interface Timed {
  readonly run: CeilingRun
  readonly time: Spread
}

/** The figures of a case whose rounds took `time`, in turn with its ceiling and with the streaming read. */
export function rowOf(
  {
    made,
    format,
    error,
    time,
  }: { readonly made: Case; readonly format: Format; readonly error: number; readonly time: Spread },
  top: Timed,
  read: Timed,
): KernelRow {
  const perRun = scaled(time, 1 / made.runs)
  const rates = { gbPerSecond: made.bytes / perRun.ms / 1e6, gflopPerSecond: made.flops / perRun.ms / 1e6 }
  const most = {
    gbPerSecond: top.run.bytes / top.time.ms / 1e6,
    gflopPerSecond: top.run.flops / top.time.ms / 1e6,
  }
  const unit = made.ceiling === 'product' ? 'gflopPerSecond' : 'gbPerSecond'
  return {
    kernel: made.kernel,
    role: made.role,
    format,
    shape: made.shape,
    variant: variantOf(made.first),
    error,
    time: perRun,
    bytes: made.bytes,
    ...rates,
    ceiling: {
      kind: made.ceiling,
      loop: top.run.name,
      ...most,
      readGbPerSecond: read.run.bytes / read.time.ms / 1e6,
    },
    share: rates[unit] / most[unit],
  }
}

const scaled = (spread: Spread, by: number): Spread => ({
  ms: spread.ms * by,
  low: spread.low * by,
  high: spread.high * by,
  all: spread.all.map((ms) => ms * by),
})

const SHOWN = ['LANES', 'EACH', 'WORKGROUP'] as const

/** What the engine chose: modules and the constants that are choices. */
function variantOf(dispatches: readonly Dispatch[]): string {
  const [dispatch] = dispatches
  if (!dispatch) return ''
  const numbers = SHOWN.flatMap((name) =>
    dispatch.constants[name] === undefined ? [] : `${name.toLowerCase()} ${dispatch.constants[name]}`,
  )
  return [...Object.values(dispatch.imports), ...numbers].join(', ')
}
