// Benchmarks kernels: checks each result, then times it interleaved with its roofline ceiling on this
// adapter.
import { checkDispatches } from '../../engine/check/check.ts'
import type { StorageFormat } from '../../gpu/formats.ts'
import { type MatmulPrecision, supportedPrecision } from '../../kernels/linear.ts'
import { expectDefined } from '../../lib/error.ts'
import type { TimingSummary } from '../../lib/timing-summary.ts'
import type { Dispatch } from '../../program/graph.ts'
import { BenchBuffers } from './buffers.ts'
import { type CaseMaker, type CaseSettings, type KernelCase, requirePassed } from './case.ts'
import { readCeiling, weightsCeiling } from './ceilings.ts'
import { type BenchContext, DispatchTimer, timeInterleaved } from './dispatch-timer.ts'
import type { CeilingRun } from './fastest-loop.ts'
import { type MatmulCeilings, matmulCeilings } from './matmul-ceiling.ts'
import type { ModelWidths } from './model-widths.ts'

export interface KernelBenchOptions {
  readonly widths: ModelWidths
  readonly formats: readonly StorageFormat[]
  readonly tokens: number // rows per decode step
  readonly prefillTokens: number
  readonly matmulPrecision: MatmulPrecision
  readonly context: number // cached tokens
  readonly repetitions: number
  readonly roundBytes: number
}

/** One kernel in one weight format; times are milliseconds per run. */
export interface KernelRow {
  readonly kernel: string
  readonly role: string
  readonly format: StorageFormat | 'none' // 'none': no weights
  readonly shape: string
  readonly variant: string
  readonly error: number // relative to f64
  readonly tolerance: number // for the error
  readonly time: TimingSummary
  readonly bytes: number // that a run must read: weights, cache, activations
  readonly gbPerSecond: number
  readonly gflopPerSecond: number
  readonly ceiling: CeilingRow
  readonly fractionOfCeiling: number // the ceiling's milliseconds divided by the kernel's
}

export interface CeilingRow {
  readonly kind: 'bytes' | 'product'
  readonly loop: string
  readonly ms: number // for the bytes or FLOPs of one run
  /** Of the ceiling loop: the bytes it reads, for a matmul those of its matrix. */
  readonly gbPerSecond: number
  readonly gflopPerSecond: number
  /** The fastest streaming read in the same run. */
  readonly readGbPerSecond: number
}

interface FormatCeilings {
  readonly read: CeilingRun
  readonly weights: CeilingRun | undefined
  readonly matmul: MatmulCeilings | undefined
}

/** Measures kernels one after the other and reports each row. Throws `internal` if a kernel miscalculates. */
export async function benchKernels(
  bench: BenchContext,
  makers: readonly CaseMaker[],
  options: KernelBenchOptions,
  onRow: (row: KernelRow) => void,
): Promise<void> {
  const buffers = new BenchBuffers(bench.device)
  const { roundBytes, widths } = options
  const groups = groupByFormat(makers, options.formats)
  const read = await readCeiling(buffers, bench, roundBytes)
  const needsMatmul = makers.some(({ ceiling }) => ceiling === 'product')
  const tiles = { shapes: widths.matmulShapes, matmulPrecision: options.matmulPrecision }
  const matmul = needsMatmul ? await matmulCeilings(buffers, bench, options.formats, tiles) : undefined
  for (const [format, group] of groups) {
    const mark = buffers.mark
    const needsWeights = group.some(
      ({ ceiling, weightFormat }) => ceiling === 'bytes' && weightFormat !== 'none',
    )
    const weights = needsWeights ? await weightsCeiling(buffers, bench, format, roundBytes) : undefined
    const ceilings = { read, weights, matmul }
    for (const maker of group)
      onRow(await measureKernel(buffers, bench, { maker, format, options, ceilings }))
    weights?.timer.free()
    buffers.free(mark)
  }
  matmul?.free()
  read.timer.free()
  buffers.free()
}

/** Groups kernels by weight format, in the requested order. Kernels without weights are grouped with f32. */
function groupByFormat(
  makers: readonly CaseMaker[],
  formats: readonly StorageFormat[],
): ReadonlyMap<StorageFormat, readonly CaseMaker[]> {
  const groups = new Map<StorageFormat, CaseMaker[]>()
  const add = (format: StorageFormat, maker: CaseMaker) => {
    const group = groups.get(format) ?? []
    group.push(maker)
    groups.set(format, group)
  }
  for (const format of formats)
    for (const maker of makers) if (maker.weightFormat === 'any') add(format, maker)
  for (const maker of makers)
    if (maker.weightFormat !== 'any') add(maker.weightFormat === 'none' ? 'f32' : maker.weightFormat, maker)
  return groups
}

/** Settings of a case; the row count depends on its mode. */
export function caseSettings(
  buffers: BenchBuffers,
  { mode }: CaseMaker,
  format: StorageFormat,
  { tokens, prefillTokens, ...options }: Omit<KernelBenchOptions, 'formats' | 'repetitions'>,
): CaseSettings {
  const matmulPrecision = supportedPrecision(options.matmulPrecision, buffers.device.capabilities)
  return {
    ...options,
    buffers,
    format,
    matmulPrecision,
    tokens: mode === 'decode' ? tokens : prefillTokens,
  }
}

/** Builds a case and checks its first run. Throws `internal` if the kernel miscalculates. */
export async function checkCase(
  bench: BenchContext,
  maker: CaseMaker,
  settings: CaseSettings,
): Promise<{ kernelCase: KernelCase; error: number; tolerance: number }> {
  const kernelCase = await maker.build(settings)
  const verdict = await checkDispatches(bench, { ...kernelCase, dispatches: kernelCase.firstRun })
  const details = [maker.role, ...(maker.weightFormat === 'none' ? [] : [settings.format])].join(', ')
  requirePassed(`${maker.kernel} (${details})`, verdict)
  return { kernelCase, error: verdict.error, tolerance: verdict.tolerance }
}

interface KernelMeasurement {
  readonly maker: CaseMaker
  readonly format: StorageFormat
  readonly options: KernelBenchOptions
  readonly ceilings: FormatCeilings
}

async function measureKernel(
  buffers: BenchBuffers,
  bench: BenchContext,
  { maker, format, options, ceilings }: KernelMeasurement,
): Promise<KernelRow> {
  const mark = buffers.mark
  const { kernelCase, error, tolerance } = await checkCase(
    bench,
    maker,
    caseSettings(buffers, maker, format, options),
  )
  const { read } = ceilings
  const ceiling = ceilingOf(maker, format, ceilings)
  const timer = await DispatchTimer.prepare(bench, kernelCase.dispatches, kernelCase.step)
  const [round, top, stream] = await timeInterleaved([timer, ceiling.timer, read.timer], options.repetitions)
  timer.free()
  buffers.free(mark)
  return rowOf(
    maker,
    { kernelCase, format, error, tolerance, round: expectDefined(round, 'a time') },
    { ceiling, time: expectDefined(top, 'a time') },
    { ceiling: read, time: expectDefined(stream, 'a time') },
  )
}

/** A checked case, and the times of its rounds. */
export interface TimedCase {
  readonly kernelCase: KernelCase
  readonly format: StorageFormat
  readonly error: number
  readonly tolerance: number
  readonly round: TimingSummary
}

interface TimedCeiling {
  readonly ceiling: CeilingRun
  readonly time: TimingSummary
}

/** The figures of a case that was timed interleaved with its ceiling and with the streaming read. */
export function rowOf(
  maker: CaseMaker,
  { kernelCase, format, error, tolerance, round }: TimedCase,
  top: TimedCeiling,
  stream: TimedCeiling,
): KernelRow {
  const { weightBytes, plainBytes, flops } = kernelCase.cost
  const [ceiling, read] = [top.ceiling, stream.ceiling]
  const time = scaled(round, 1 / kernelCase.runs)
  const ms =
    maker.ceiling === 'product'
      ? (flops / ceiling.flops) * top.time.ms
      : (weightBytes / ceiling.bytes) * top.time.ms + (plainBytes / read.bytes) * stream.time.ms
  const bytes = weightBytes + plainBytes
  return {
    kernel: maker.kernel,
    role: maker.role,
    format: maker.weightFormat === 'none' ? 'none' : format,
    shape: kernelCase.shape,
    variant: variantOf(kernelCase.dispatches),
    error,
    tolerance,
    time,
    bytes,
    gbPerSecond: bytes / time.ms / 1e6,
    gflopPerSecond: flops / time.ms / 1e6,
    ceiling: {
      kind: maker.ceiling,
      loop: ceiling.name,
      ms,
      gbPerSecond: ceiling.bytes / top.time.ms / 1e6,
      gflopPerSecond: ceiling.flops / top.time.ms / 1e6,
      readGbPerSecond: read.bytes / stream.time.ms / 1e6,
    },
    fractionOfCeiling: ms / time.ms,
  }
}

function ceilingOf(
  maker: CaseMaker,
  format: StorageFormat,
  { read, weights, matmul }: FormatCeilings,
): CeilingRun {
  if (maker.ceiling === 'product')
    return expectDefined(matmul, 'the matmul ceiling').best(maker.weightFormat === 'none' ? [] : [format])
  return maker.weightFormat === 'none' ? read : expectDefined(weights, 'the weights ceiling')
}

const scaled = (spread: TimingSummary, factor: number): TimingSummary => ({
  ms: spread.ms * factor,
  low: spread.low * factor,
  high: spread.high * factor,
  all: spread.all.map((ms) => ms * factor),
})

/** Override constants that the engine chooses by variant. */
const SHOWN_CONSTANTS = ['LANES', 'ROWS_PER_INVOCATION', 'WORKGROUP'] as const

/** The engine's choices: imported modules and constants. */
function variantOf(dispatches: readonly Dispatch[]): string {
  const [dispatch] = dispatches
  if (!dispatch) return ''
  const numbers = SHOWN_CONSTANTS.flatMap((name) =>
    dispatch.constants[name] === undefined ? [] : `${name.toLowerCase()} ${dispatch.constants[name]}`,
  )
  return [...Object.values(dispatch.imports), ...numbers].join(', ') || 'one variant'
}
