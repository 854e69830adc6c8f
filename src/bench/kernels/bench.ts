// Answers: how fast is each kernel, as a share of what the adapter can do in the same run? Each result is proven first, then timed in turn
// with its ceiling. It must not know how figures are printed.
import type { Format } from '../../gpu/matrix.ts'
import { type Factors, factorsOf } from '../../kernels/linear.ts'
import { HadalError, present } from '../../lib/error.ts'
import { relativeError } from '../../lib/relative-error.ts'
import type { Spread } from '../../lib/spread.ts'
import type { Dispatch } from '../../program/graph.ts'
import type { Case, CaseMaker, Setting } from './case.ts'
import { readCeiling, weightsCeiling } from './ceilings.ts'
import type { CeilingRun } from './loops.ts'
import type { Widths } from './model.ts'
import { type ProductCeilings, productCeilings } from './product-ceiling.ts'
import { Room } from './room.ts'
import { type Bench, Run, timeInTurn } from './run.ts'

export interface KernelBenchOptions {
  readonly widths: Widths
  readonly formats: readonly Format[]
  readonly tokens: number // rows of a decode step
  readonly prefillTokens: number
  readonly products: Factors
  readonly context: number // tokens in the cache
  readonly repetitions: number
  readonly roundBytes: number
}

/** One kernel in one format; times are of one run of it, in milliseconds. */
export interface KernelRow {
  readonly kernel: string
  readonly role: string
  readonly format: Format | 'none' // 'none': it has no weights
  readonly shape: string
  readonly variant: string
  readonly error: number // relative, against f64
  readonly tolerance: number // of that error
  readonly time: Spread
  readonly bytes: number // that a run must read: weights, cache, activations
  readonly gbPerSecond: number
  readonly gflopPerSecond: number
  readonly ceiling: CeilingRow
  readonly share: number // milliseconds of the ceiling against those of the kernel
}

export interface CeilingRow {
  readonly kind: 'bytes' | 'product'
  readonly loop: string
  readonly ms: number // for what one run reads or multiplies
  /** Of the loop: bytes of weights, or of anything; of products those of their factors. */
  readonly gbPerSecond: number
  readonly gflopPerSecond: number
  /** The best streaming read in the same run. */
  readonly readGbPerSecond: number
}

interface Ceilings {
  readonly read: CeilingRun
  readonly weights: CeilingRun | undefined
  readonly products: ProductCeilings | undefined
}

/** Measures kernel after kernel and hands on each row when it is known. Throws `internal` when a kernel computes wrongly. */
export async function benchKernels(
  bench: Bench,
  makers: readonly CaseMaker[],
  options: KernelBenchOptions,
  onRow: (row: KernelRow) => void,
): Promise<void> {
  const room = new Room(bench.device)
  const { roundBytes, widths } = options
  const groups = groupsOf(makers, options.formats)
  const read = await readCeiling(room, bench, roundBytes)
  const multiplied = makers.some(({ ceiling }) => ceiling === 'product')
  const tiles = { shapes: widths.products, products: options.products }
  const products = multiplied ? await productCeilings(room, bench, options.formats, tiles) : undefined
  for (const [format, own] of groups) {
    const mark = room.mark
    const streamed = own.some(({ ceiling, stored }) => ceiling === 'bytes' && stored !== 'none')
    const weights = streamed ? await weightsCeiling(room, bench, format, roundBytes) : undefined
    for (const maker of own)
      onRow(await measure(room, bench, maker, format, options, { read, weights, products }))
    weights?.run.free()
    room.free(mark)
  }
  products?.free()
  read.run.free()
  room.free()
}

/** Which makers are measured in which format, in the order asked for. Those without weights are with f32, of which they are made. */
function groupsOf(
  makers: readonly CaseMaker[],
  formats: readonly Format[],
): ReadonlyMap<Format, readonly CaseMaker[]> {
  const groups = new Map<Format, CaseMaker[]>()
  const add = (format: Format, maker: CaseMaker) => {
    const own = groups.get(format) ?? []
    own.push(maker)
    groups.set(format, own)
  }
  for (const format of formats) for (const maker of makers) if (maker.stored === 'any') add(format, maker)
  for (const maker of makers)
    if (maker.stored !== 'any') add(maker.stored === 'none' ? 'f32' : maker.stored, maker)
  return groups
}

/** What a case is built for; rows as its mode has them. */
export function settingOf(
  room: Room,
  { mode }: CaseMaker,
  format: Format,
  { tokens, prefillTokens, ...options }: Omit<KernelBenchOptions, 'formats' | 'repetitions'>,
): Setting {
  const products = factorsOf(options.products, room.device.capabilities)
  return { ...options, room, format, products, tokens: mode === 'decode' ? tokens : prefillTokens }
}

/** Builds a case and proves it; the proof that comes nearest to its tolerance. Throws `internal` when the kernel computes wrongly. */
export async function prove(
  bench: Bench,
  maker: CaseMaker,
  setting: Setting,
): Promise<{ made: Case; error: number; tolerance: number }> {
  const made = await maker.make(setting)
  const run = await Run.prepare(bench, made.first, made.step)
  run.once()
  const proofs = (await made.result()).map(({ actual, wanted, tolerance }) => ({
    error: relativeError(actual, wanted),
    tolerance,
  }))
  run.free()
  const wrong = proofs.find(({ error, tolerance }) => !(error <= tolerance))
  if (wrong) {
    const what = [maker.role, ...(maker.stored === 'none' ? [] : [setting.format])].join(', ')
    throw new HadalError(
      'internal',
      `${maker.kernel} (${what}) computes wrongly on this adapter: relative error ${wrong.error}, at most ${wrong.tolerance} is right.`,
      { hint: 'Please report this with the name of the adapter and its driver.' },
    )
  }
  const nearness = ({ error, tolerance }: { error: number; tolerance: number }) => error / (tolerance || 1)
  const [nearest] = proofs.sort((a, b) => nearness(b) - nearness(a))
  return { made, ...present(nearest, 'a proof') }
}

async function measure(
  room: Room,
  bench: Bench,
  maker: CaseMaker,
  format: Format,
  options: KernelBenchOptions,
  ceilings: Ceilings,
): Promise<KernelRow> {
  const mark = room.mark
  const { made, error, tolerance } = await prove(bench, maker, settingOf(room, maker, format, options))
  const { read } = ceilings
  const most = ceilingOf(maker, format, ceilings)
  const run = await Run.prepare(bench, made.dispatches, made.step)
  const [round, top, stream] = await timeInTurn([run, most.run, read.run], options.repetitions)
  run.free()
  room.free(mark)
  return rowOf(
    maker,
    { made, format, error, tolerance, round: present(round, 'a time') },
    { ceiling: most, time: present(top, 'a time') },
    { ceiling: read, time: present(stream, 'a time') },
  )
}

/** A case that was proven, and the times of its rounds. */
export interface Measured {
  readonly made: Case
  readonly format: Format
  readonly error: number
  readonly tolerance: number
  readonly round: Spread
}

interface TimedCeiling {
  readonly ceiling: CeilingRun
  readonly time: Spread
}

/** The figures of a case whose rounds were timed in turn with its ceiling and with the streaming read. */
export function rowOf(
  maker: CaseMaker,
  { made, format, error, tolerance, round }: Measured,
  top: TimedCeiling,
  stream: TimedCeiling,
): KernelRow {
  const { weightBytes, plainBytes, flops } = made.cost
  const [most, read] = [top.ceiling, stream.ceiling]
  const time = scaled(round, 1 / made.runs)
  const ms =
    maker.ceiling === 'product'
      ? (flops / most.flops) * top.time.ms
      : (weightBytes / most.bytes) * top.time.ms + (plainBytes / read.bytes) * stream.time.ms
  const bytes = weightBytes + plainBytes
  return {
    kernel: maker.kernel,
    role: maker.role,
    format: maker.stored === 'none' ? 'none' : format,
    shape: made.shape,
    variant: variantOf(made.dispatches),
    error,
    tolerance,
    time,
    bytes,
    gbPerSecond: bytes / time.ms / 1e6,
    gflopPerSecond: flops / time.ms / 1e6,
    ceiling: {
      kind: maker.ceiling,
      loop: most.name,
      ms,
      gbPerSecond: most.bytes / top.time.ms / 1e6,
      gflopPerSecond: most.flops / top.time.ms / 1e6,
      readGbPerSecond: read.bytes / stream.time.ms / 1e6,
    },
    share: ms / time.ms,
  }
}

function ceilingOf(maker: CaseMaker, format: Format, { read, weights, products }: Ceilings): CeilingRun {
  if (maker.ceiling === 'product')
    return present(products, 'products').of(maker.stored === 'none' ? [] : [format])
  return maker.stored === 'none' ? read : present(weights, 'a ceiling of weights')
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
  return [...Object.values(dispatch.imports), ...numbers].join(', ') || 'one variant'
}
