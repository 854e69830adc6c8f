// Median and quartiles of measured times.

/** A summary of times in milliseconds. */
export interface TimingSummary {
  readonly ms: number // median
  readonly low: number // first quartile
  readonly high: number // third quartile
  readonly all: readonly number[] // in the order in which they were measured
}

/** Summarises times; all figures are NaN for an empty list. */
export function summarizeTimes(times: readonly number[]): TimingSummary {
  const sorted = [...times].sort((a, b) => a - b)
  return { ms: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75), all: times }
}

/** Interpolates linearly between the two neighbouring times. */
function quantile(sorted: readonly number[], fraction: number): number {
  const at = fraction * (sorted.length - 1)
  const [low = Number.NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return low + (at % 1) * (high - low)
}
