// Finds the fastest kernel variants on an adapter. For each decision it checks every variant that the adapter
// can run, then times the variants interleaved on the dispatches of real models.
import { checkBuildersOf, decisionsAffecting, roleOf, smallestOf } from '../engine/check/checked-kernels.ts'
import type { KernelCheck } from '../engine/check/kernel-check.ts'
import { passed as passedCheck, runChecks } from '../engine/check/run-checks.ts'
import type { DispatchRecorder } from '../engine/check/self-test.ts'
import type { PrefillChunk } from '../engine/load/tuned-variants.ts'
import { DECODED_FORMATS } from '../gpu/formats.ts'
import { type Decision, possibleVariants, type Variants } from '../gpu/variants.ts'
import { expectDefined, throwIfAborted } from '../lib/error.ts'
import type { TimingSummary } from '../lib/timing-summary.ts'
import type { Dispatch } from '../program/graph.ts'
import { TempBuffers } from '../program/temp-buffers.ts'
import { type BenchContext, DispatchTimer, timeInterleaved } from './kernels/dispatch-timer.ts'

export interface TuneOptions {
  readonly repetitions?: number
  readonly signal?: AbortSignal
  readonly onDecision?: (row: TunedDecision) => void
}

/** Measurements of one decision: a choice of kernel variants, or the prefill chunk. */
export interface TunedDecision {
  readonly decision: Decision | 'prefillChunk'
  readonly before: TunedValue
  readonly winner: TunedValue
  readonly variants: readonly TunedVariant[]
}

type TunedValue = Variants[Decision] | PrefillChunk

/** One variant, measured relative to the untuned default. */
export interface TunedVariant<V = TunedValue> extends RelativeTime {
  readonly variant: V
  readonly passed: boolean // false: the variant miscalculates on this adapter and was not timed
}

interface RelativeTime {
  readonly time: number // fraction of the default's time, geometric mean over the timed kernels
  readonly spread: number // half the interquartile range, as a fraction of the time
}

/**
 * Measured in this order, each with the winners of those before. `banks` is left out: it matters only for
 * models whose experts fill several bindings.
 */
const DECISIONS = ['reduce', 'matvec', ...DECODED_FORMATS, 'matmul', 'attention'] as const

/** Kernels whose variants are timed: those that take most of a step. */
const TIMED_KERNELS: ReadonlySet<string> = new Set([
  'rms_norm',
  'linear_decode',
  'expert_up_decode',
  'expert_down_decode',
  'linear_prefill',
  'mla_decode',
  'mla_prefill',
  'gqa_decode',
  'gqa_prefill',
])

export const REPETITIONS = 7
/** A variant this many times slower than the fastest is timed only once: it cannot win. */
const SKIP_RATIO = 3
/** A round reads this many bytes of weights on a GPU, to exceed the last-level cache of most. */
const ROUND_BYTES = 128 * 1024 * 1024
const [MIN_COPIES, MAX_COPIES] = [8, 64] as const

/**
 * Copies of a kernel's weights in a round, within bounds for small and large matrices. Software adapters take
 * `few`: filling their cache would take four to seven times as long. The smallest matrices of V2-Lite, 19 MiB
 * in q4, may then stay in the CPU's cache.
 */
export const copiesFor = (bytes: number, few: boolean): number =>
  few ? MIN_COPIES : Math.min(MAX_COPIES, Math.max(MIN_COPIES, Math.ceil(ROUND_BYTES / bytes)))

/** Sizes of a timed step; checks use smaller ones. */
export const TIMED_STEP = { tokens: 64, context: 1024 }
const DECODE_ATTENTION: ReadonlySet<string> = new Set(['mla_decode', 'gqa_decode'])
const SPLIT = 64 // cached tokens per workgroup in decode, at this context

/**
 * Measures the dispatches of `recorders`, one for each weight format. A variant wins if it is faster than the
 * default by more than both spreads together. Throws `aborted`, `device_lost`.
 */
export async function tune(
  bench: BenchContext,
  recorders: readonly DispatchRecorder[],
  options: TuneOptions = {},
): Promise<Partial<Variants>> {
  const { capabilities } = bench.device
  const possible = possibleVariants(capabilities)
  let current = capabilities.variants
  const winners: Partial<Record<Decision, Variants[Decision]>> = {}
  for (const decision of DECISIONS) {
    const before = current[decision]
    const others = possible[decision].filter((variant) => variant !== before)
    const candidates = [before, ...others].map((variant) => ({
      variant,
      dispatches: dispatchesFor(recorders, { ...current, [decision]: variant }, decision),
    }))
    if (others.length === 0 || candidates[0]?.dispatches.length === 0) continue
    const variants = await compare(bench, candidates, options)
    const winner = fastest(before, variants)
    if (winner !== before) winners[decision] = winner
    current = { ...current, [decision]: winner }
    options.onDecision?.({ decision, before, winner, variants })
  }
  return winners as Partial<Variants>
}

const dispatchesFor = (
  recorders: readonly DispatchRecorder[],
  variants: Variants,
  decision: Decision,
): readonly Dispatch[] =>
  recorders
    .flatMap((record) => [...smallestOf(record(variants), roleOf).values()])
    .filter(({ kernel }) => TIMED_KERNELS.has(kernel.name))
    .filter((dispatch) => decisionsAffecting(dispatch).includes(decision))

/** A variant with its dispatches: the same kernels in the same order for every variant. */
interface VariantDispatches {
  readonly variant: Variants[Decision]
  readonly dispatches: readonly Dispatch[]
}

async function compare(
  bench: BenchContext,
  candidates: readonly VariantDispatches[],
  { repetitions = REPETITIONS, signal }: TuneOptions,
): Promise<TunedVariant<Variants[Decision]>[]> {
  const passed: VariantDispatches[] = []
  for (const candidate of candidates) {
    throwIfAborted(signal)
    if (await allPass(bench, candidate.dispatches)) passed.push(candidate)
  }
  const kernels = passed[0]?.dispatches.length ?? 0
  const times: (readonly TimingSummary[])[] = []
  for (let kernel = 0; kernel < kernels; kernel++) {
    throwIfAborted(signal)
    const dispatches = passed.flatMap(({ dispatches }) => dispatches[kernel] ?? [])
    times.push(await timeAll(bench, dispatches, repetitions))
  }
  const relative = relativeTimes(times)
  return candidates.map(({ variant }) => {
    const time = relative[passed.findIndex((candidate) => candidate.variant === variant)]
    return { variant, passed: time !== undefined, ...(time ?? { time: 1, spread: 0 }) }
  })
}

/** Turns times [kernels][variants] into each variant's time relative to the first variant. */
export function relativeTimes(times: readonly (readonly TimingSummary[])[]): RelativeTime[] {
  const variants = times[0]?.length ?? 0
  return Array.from({ length: variants }, (_, variant) => {
    let [time, spread] = [0, 0]
    for (const kernelTimes of times) {
      const [firstTime, variantTime] = [
        expectDefined(kernelTimes[0], 'a time'),
        expectDefined(kernelTimes[variant], 'a time'),
      ]
      time += Math.log(variantTime.ms / firstTime.ms) / times.length
      spread += (variantTime.high - variantTime.low) / 2 / variantTime.ms / times.length
    }
    return { time: Math.exp(time), spread }
  })
}

const allPass = async (bench: BenchContext, dispatches: readonly Dispatch[]): Promise<boolean> =>
  [...(await runChecks(bench, dispatches)).values()].every(passedCheck)

async function timeAll(
  bench: BenchContext,
  dispatches: readonly Dispatch[],
  repetitions: number,
): Promise<readonly TimingSummary[]> {
  const buffers = new TempBuffers(bench.device)
  const timers: DispatchTimer[] = []
  try {
    // All variants of a kernel take the same operands.
    const checks = await roundInputs(bench, buffers, expectDefined(dispatches[0], 'a dispatch'))
    for (const dispatch of dispatches) timers.push(await prepareTimer(bench, dispatch, checks))
    return await timeInterleaved(timers, repetitions, SKIP_RATIO)
  } finally {
    for (const timer of timers) timer.free()
    buffers.free()
  }
}

/** The buffers of a round: several copies if the kernel has weights, otherwise one. */
async function roundInputs(
  { device }: BenchContext,
  buffers: TempBuffers,
  dispatch: Dispatch,
): Promise<readonly KernelCheck[]> {
  const [builder] = await checkBuildersOf(dispatch)
  const build = () => expectDefined(builder, 'a check')(buffers, dispatch, TIMED_STEP)
  const first = build()
  if (!dispatch.imports.weights) return [first]
  const { weights = first.operands.weights0 } = first.operands
  const bytes = weights ? weights.buffer().size : ROUND_BYTES
  // Prefill reads a matrix once for many rows, so arithmetic limits it.
  const few = device.capabilities.software || dispatch.kernel.name.endsWith('_prefill')
  return [first, ...Array.from({ length: copiesFor(bytes, few) - 1 }, build)]
}

async function prepareTimer(
  bench: BenchContext,
  dispatch: Dispatch,
  checks: readonly KernelCheck[],
): Promise<DispatchTimer> {
  const round = checks.map(({ operands }) => ({ ...dispatch, operands }))
  const split = DECODE_ATTENTION.has(dispatch.kernel.name) ? { split: SPLIT } : {}
  return DispatchTimer.prepare(bench, round, { ...checks[0]?.step, ...split })
}

/**
 * The default, unless another is faster by more than both spreads. If the default failed its check, the
 * fastest.
 */
export function fastest<V>(before: V, variants: readonly TunedVariant<V>[]): V {
  const [first, ...rest] = variants.filter(({ passed }) => passed)
  if (!first) return before
  return rest.reduce(
    (best, other) =>
      other.time < best.time && other.time + other.spread + first.spread < first.time ? other : best,
    first,
  ).variant
}
