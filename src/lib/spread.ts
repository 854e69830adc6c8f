// Answers: what is the median of some times, and between what does their middle half lie? It must not know what was timed.

/** Milliseconds: the median, and between what the middle half lies. */
export interface Spread {
  readonly ms: number
  readonly low: number
  readonly high: number
  readonly all: readonly number[] // in the order in which they were measured
}

/** NaN of no times. */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b)
  return { ms: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75), all: times }
}

/** Between two times where the share falls between them. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const [low = Number.NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return low + (at % 1) * (high - low)
}
