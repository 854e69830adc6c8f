// Plans which part of a step the next submission runs, from how long earlier parts took.
import { expectDefined } from '../../lib/error.ts'
import { rowOf, type StepPart, type Unit, workgroupsOf } from '../../program/units.ts'

/** Milliseconds that a submission should last. Drivers end work that lasts about two seconds. */
export const AIM_MS = 100

/** Assumed milliseconds of the first workgroups of a kernel with slices: a very slow device. */
const FIRST_MS = 8
/** The same for other kernels. They must be short as a whole. */
const FIRST_UNSLICED_MS = 0.001
/** A variant costs at most this many times what the known variants of its kernel cost. */
const VARIANT_MARGIN = 4
/** A submission has at most this many times the workgroups of a variant that were measured together. */
const MAX_GROWTH = 16
/** Browsers round their clocks to a tenth of a millisecond, or more coarsely. */
const CLOCK_MS = 0.1

/** What is known of a kernel variant. */
interface Cost {
  readonly path: string
  msPerGroup: number // per workgroup and unit of its work
  measured: number // most of them in one submission; 0: the cost is assumed
}

/** Workgroups of each variant, times their work. */
type Amounts = ReadonlyMap<Cost, number>

/** Where a step continues: a unit, and how many of its workgroups were already run. */
export interface StepCursor {
  readonly unit: number
  readonly groups: number
}

export const STEP_START: StepCursor = { unit: 0, groups: 0 }

/** A part of a step as planned. */
export interface PlannedPart {
  readonly part: StepPart
  readonly next: StepCursor
  readonly ms: number // expected
  readonly amounts: Amounts
  readonly typical: boolean // whether its workgroups may stand for all of their variant
}

/**
 * The later workgroups of a unit may have little to do: a shared expert is often wider than the routed ones,
 * so that the last columns are its alone. Costs fall only by slices within this fraction of the unit's work.
 */
const SURELY_BUSY = 0.5

/**
 * Learns what a workgroup of each kernel variant costs. Parts begin small and grow while they are measured to
 * be short; where nothing needs to be cut, a whole step becomes one part.
 */
export class SubmissionPlanner {
  /** Milliseconds that a part should last. With `Infinity` each step is one part. */
  aimMs = AIM_MS
  /** Milliseconds by which completion may be reported late. */
  latencyMs = 0
  readonly #costs = new Map<string, Cost>()
  #previous: { readonly amounts: Amounts; readonly ms: number } | undefined

  /** The next part of a step: whole units, or a slice of one where that is too long. */
  next(units: readonly Unit[], cursor: StepCursor): PlannedPart {
    const unit = units[cursor.unit]
    if (unit?.kernel.slicedAlong) {
      const groups = this.#sliceOf(unit, cursor.groups)
      if (groups < workgroupsOf(unit)) return this.#slice(unit, cursor, groups)
    }
    return this.#wholeUnits(units, cursor.unit)
  }

  /**
   * Learns from a part that took `ms` milliseconds.
   * @param queued it was submitted while the part before it ran: where completion is reported late, it is for
   *   both together, so that only the sum of the two counts
   */
  learn({ amounts, typical }: PlannedPart, ms: number, queued: boolean): void {
    const before = queued ? this.#previous : undefined
    const part = { amounts, ms: Math.max(ms, CLOCK_MS) }
    this.#previous = part
    const expected = expectedMs(amounts) // costs may have changed since the part was planned
    const ratio = this.#ratio(part.ms + (before?.ms ?? 0), expected + expectedMs(before?.amounts ?? []))
    const assumed = [...amounts].filter(([cost]) => cost.measured === 0)
    const assumedMs = expectedMs(assumed)
    const rest = ratio * expected - (expected - assumedMs)
    // What was never measured explains the difference first.
    if (assumedMs > 0 && rest > 0) scale(assumed, rest / assumedMs)
    else if (typical || ratio > 1) scale(amounts, ratio < 1 && ratio > 0.5 ? Math.sqrt(ratio) : ratio)
    for (const [cost, amount] of amounts) cost.measured = Math.max(cost.measured, amount)
  }

  /**
   * By how much costs are too low (above 1) or too high (below 1). Work that is reported done after `ms` may
   * have been done up to `latencyMs` earlier.
   */
  #ratio(ms: number, expected: number): number {
    if (ms - this.latencyMs > expected) return (ms - this.latencyMs) / expected
    return Math.min(1, Math.max(CLOCK_MS, ms - this.latencyMs / 2) / expected)
  }

  #wholeUnits(units: readonly Unit[], first: number): PlannedPart {
    const amounts = new Map<Cost, number>()
    let [ms, end] = [0, first]
    for (; end < units.length; end++) {
      const unit = expectDefined(units[end], 'a unit')
      const cost = this.#costOf(unit)
      const amount = workgroupsOf(unit) * unit.work
      const total = (amounts.get(cost) ?? 0) + amount
      const fits = ms + amount * cost.msPerGroup <= this.aimMs && total <= this.#largest(cost, unit)
      if (end > first && !fits) break
      amounts.set(cost, total)
      ms += amount * cost.msPerGroup
    }
    return { part: { first, end }, next: { unit: end, groups: 0 }, ms, amounts, typical: true }
  }

  #slice(unit: Unit, cursor: StepCursor, count: number): PlannedPart {
    const cost = this.#costOf(unit)
    const amount = count * unit.work
    const end = cursor.groups + count
    return {
      part: { first: cursor.unit, end: cursor.unit + 1, slice: { first: cursor.groups, count } },
      next: end < workgroupsOf(unit) ? { ...cursor, groups: end } : { unit: cursor.unit + 1, groups: 0 },
      ms: amount * cost.msPerGroup,
      amounts: new Map([[cost, amount]]),
      typical: cursor.groups === 0 || end <= SURELY_BUSY * Math.min(1, unit.work) * workgroupsOf(unit),
    }
  }

  /** Workgroups of the next slice of a unit: equal shares of what is left, in whole rows or within a row. */
  #sliceOf(unit: Unit, from: number): number {
    const cost = this.#costOf(unit)
    const row = rowOf(unit)
    const most = Math.min(this.aimMs / cost.msPerGroup, this.#largest(cost, unit)) / unit.work
    const share = (left: number, limit: number) =>
      Math.ceil(left / Math.ceil(left / Math.max(1, Math.min(limit, left))))
    const leftInRow = row - (from % row)
    if (leftInRow < row || most < row) return share(leftInRow, Math.floor(most))
    return row * share((workgroupsOf(unit) - from) / row, Math.floor(most / row))
  }

  /** The largest amount of a variant for one submission. */
  #largest(cost: Cost, { kernel }: Unit): number {
    const isBounded = kernel.slicedAlong && cost.measured > 0 && this.aimMs !== Number.POSITIVE_INFINITY
    return isBounded ? MAX_GROWTH * cost.measured : Number.POSITIVE_INFINITY
  }

  #costOf({ variant, kernel }: Unit): Cost {
    let cost = this.#costs.get(variant)
    if (!cost) {
      cost = { path: kernel.path, msPerGroup: 0, measured: 0 }
      this.#costs.set(variant, cost)
    }
    if (cost.measured === 0) cost.msPerGroup = this.#firstGuess(kernel)
    return cost
  }

  #firstGuess({ path, slicedAlong }: Unit['kernel']): number {
    if (!slicedAlong) return FIRST_UNSLICED_MS
    const known = [...this.#costs.values()].filter((cost) => cost.path === path && cost.measured > 0)
    if (known.length === 0) return FIRST_MS
    return VARIANT_MARGIN * Math.max(...known.map(({ msPerGroup }) => msPerGroup))
  }
}

const expectedMs = (amounts: Iterable<readonly [Cost, number]>): number => {
  let ms = 0
  for (const [cost, amount] of amounts) ms += cost.msPerGroup * amount
  return ms
}

function scale(costs: Iterable<readonly [Cost, number]>, factor: number): void {
  for (const [cost] of costs) cost.msPerGroup *= Math.max(factor, 1 / MAX_GROWTH)
}
