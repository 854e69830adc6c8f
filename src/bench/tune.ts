// Answers: which variants of the kernels are the quickest on this adapter? Decision by decision, each variant that it can run is proven, then timed in
// turn with the others on the dispatches of models. It must not know where winners are kept.
import type { Proof } from '../engine/proof.ts'
import { allDecisionsOf, computesRightly, proverOf, type Recorder, subjectsOf } from '../engine/self-test.ts'
import type { Chunk } from '../engine/tuned.ts'
import { type Decision, possibleVariants, type Variants } from '../gpu/variants.ts'
import { present, throwIfAborted } from '../lib/error.ts'
import type { Spread } from '../lib/spread.ts'
import type { Dispatch } from '../program/graph.ts'
import { Scratch } from '../program/scratch.ts'
import { type Bench, Run, timeInTurn } from './kernels/run.ts'

export interface TuneOptions {
  readonly repetitions?: number
  readonly signal?: AbortSignal
  readonly onDecision?: (row: TunedDecision) => void
}

/** What was measured for a decision: about variants of kernels, or about the rows of a step of prefill. */
export interface TunedDecision {
  readonly decision: Decision | 'chunk'
  readonly before: Tuned
  readonly winner: Tuned
  readonly variants: readonly TunedVariant[]
}

type Tuned = Variants[Decision] | Chunk

/** One variant against the one that the adapter has without tuning. */
export interface TunedVariant<V = Tuned> extends Share {
  readonly variant: V
  readonly right: boolean // false: it computes wrongly here, and was not timed
}

interface Share {
  readonly time: number // as a share of the other's, the geometric mean over what was timed
  readonly spread: number // half of what the middle half of the times lies in, as a share
}

/** In this order: each is measured with the winners of those before. Banks differ only in models whose experts fill several bindings. */
const DECISIONS = ['reduce', 'rows', 'fp8_block', 'q8', 'q4', 'products', 'attention'] as const

export const REPETITIONS = 7
/** A variant so many times as slow as the quickest is not timed more than once: its spread decides nothing any more. */
const HOPELESS = 3
/**
 * How often a round has its weights. On a GPU so often that the last caches of most do not hold them, within bounds for small matrices. Where a
 * processor plays the GPU that would take four to seven times as long, and the smallest matrices of V2-Lite, 19 MiB in q4, may stay in its cache.
 */
const ROUND_BYTES = 128 * 1024 * 1024
const [FEWEST, MOST] = [8, 64] as const

export const copiesFor = (bytes: number, few: boolean): number =>
  few ? FEWEST : Math.min(MOST, Math.max(FEWEST, Math.ceil(ROUND_BYTES / bytes)))

/** What is timed of a step; proofs are smaller. */
export const TIMED = { tokens: 64, context: 1024 }
const SPLIT = 64 // cached tokens of a workgroup in decode, at this context

/**
 * Measures on what `records` dispatch, one for each way to store weights. A variant wins when it is quicker than the default by more than
 * their spreads together. Throws `aborted`, `device_lost`.
 */
export async function tune(
  bench: Bench,
  records: readonly Recorder[],
  options: TuneOptions = {},
): Promise<Partial<Variants>> {
  const { capabilities } = bench.device
  const possible = possibleVariants(capabilities)
  let current = capabilities.variants
  const winners: Partial<Record<Decision, Variants[Decision]>> = {}
  for (const decision of DECISIONS) {
    const before = current[decision]
    const others = possible[decision].filter((variant) => variant !== before)
    const tried = [before, ...others].map((variant) => ({
      variant,
      dispatches: dispatchesFor(records, { ...current, [decision]: variant }, decision),
    }))
    if (others.length === 0 || tried[0]?.dispatches.length === 0) continue
    const variants = await compare(bench, tried, options)
    const winner = quickest(before, variants)
    if (winner !== before) winners[decision] = winner
    current = { ...current, [decision]: winner }
    options.onDecision?.({ decision, before, winner, variants })
  }
  return winners as Partial<Variants>
}

const dispatchesFor = (
  records: readonly Recorder[],
  variants: Variants,
  decision: Decision,
): readonly Dispatch[] =>
  records
    .flatMap((record) => [...subjectsOf(record(variants)).values()])
    .filter((dispatch) => allDecisionsOf(dispatch).includes(decision))

/** A variant with what it dispatches: the same kernels for each, in the same order. */
interface Tried {
  readonly variant: Variants[Decision]
  readonly dispatches: readonly Dispatch[]
}

async function compare(
  bench: Bench,
  tried: readonly Tried[],
  { repetitions = REPETITIONS, signal }: TuneOptions,
): Promise<TunedVariant<Variants[Decision]>[]> {
  const right: Tried[] = []
  for (const each of tried) {
    throwIfAborted(signal)
    if (await allRight(bench, each.dispatches)) right.push(each)
  }
  const kernels = right[0]?.dispatches.length ?? 0
  const times: (readonly Spread[])[] = []
  for (let kernel = 0; kernel < kernels; kernel++) {
    throwIfAborted(signal)
    const dispatches = right.flatMap(({ dispatches }) => dispatches[kernel] ?? [])
    times.push(await timeAll(bench, dispatches, repetitions))
  }
  const shares = sharesOf(times)
  return tried.map(({ variant }) => {
    const share = shares[right.findIndex((each) => each.variant === variant)]
    return { variant, right: share !== undefined, ...(share ?? { time: 1, spread: 0 }) }
  })
}

/** Times of several things that were timed in several ways, [things][ways], as shares of the first way's. */
export function sharesOf(times: readonly (readonly Spread[])[]): Share[] {
  const ways = times[0]?.length ?? 0
  return Array.from({ length: ways }, (_, way) => {
    let [time, spread] = [0, 0]
    for (const each of times) {
      const [first, own] = [present(each[0], 'a time'), present(each[way], 'a time')]
      time += Math.log(own.ms / first.ms) / times.length
      spread += (own.high - own.low) / 2 / own.ms / times.length
    }
    return { time: Math.exp(time), spread }
  })
}

async function allRight({ device, pipelines }: Bench, dispatches: readonly Dispatch[]): Promise<boolean> {
  for (const dispatch of dispatches) if (!(await computesRightly(device, pipelines, dispatch))) return false
  return true
}

async function timeAll(
  bench: Bench,
  dispatches: readonly Dispatch[],
  repetitions: number,
): Promise<readonly Spread[]> {
  const room = new Scratch(bench.device)
  const runs: Run[] = []
  try {
    // All variants of a kernel take the same operands.
    const proofs = proofsOf(bench, room, present(dispatches[0], 'a dispatch'))
    for (const dispatch of dispatches) runs.push(await prepare(bench, dispatch, proofs))
    return await timeInTurn(runs, repetitions, HOPELESS)
  } finally {
    for (const run of runs) run.free()
    room.free()
  }
}

/** What a round of a kernel reads and writes: several copies of its weights, where it has weights. */
function proofsOf({ device }: Bench, room: Scratch, dispatch: Dispatch): readonly Proof[] {
  const draw = () => proverOf(dispatch)(room, dispatch, TIMED)
  const first = draw()
  if (!dispatch.imports.weights) return [first]
  const { weights = first.operands.weights0 } = first.operands
  const bytes = weights ? weights.buffer().size : ROUND_BYTES
  // Prefill reads a matrix once for many rows: arithmetic is its limit.
  const few = device.capabilities.software || dispatch.kernel.name.endsWith('_prefill')
  return [first, ...Array.from({ length: copiesFor(bytes, few) - 1 }, draw)]
}

async function prepare(bench: Bench, dispatch: Dispatch, proofs: readonly Proof[]): Promise<Run> {
  const round = proofs.map(({ operands }) => ({ ...dispatch, operands }))
  const split = dispatch.kernel.name.endsWith('_attend') ? { split: SPLIT } : {}
  return Run.prepare(bench, round, { ...proofs[0]?.step, ...split })
}

/** The default, unless another is quicker by more than both are uncertain; where the default is wrong, the quickest. */
export function quickest<V>(before: V, variants: readonly TunedVariant<V>[]): V {
  const [first, ...rest] = variants.filter(({ right }) => right)
  if (!first) return before
  return rest.reduce(
    (best, each) =>
      each.time < best.time && each.time + each.spread + first.spread < first.time ? each : best,
    first,
  ).variant
}
