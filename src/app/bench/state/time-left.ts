// Estimates the time left of a benchmark run.
import type { BenchProgress } from '../../../bench/result.ts'

/** When the run began and when its last part ended, in ms of `performance.now()`. */
export interface RunClock {
  readonly begun: number
  readonly partDone: number
}

/**
 * Seconds left if the remaining parts take as long as those done. Counts down during a part; NaN before the
 * second part is done.
 */
export function secondsLeft(
  { done, total }: BenchProgress,
  { begun, partDone }: RunClock,
  now: number,
): number {
  if (done < 2) return Number.NaN
  const perPart = (partDone - begun) / done
  return Math.max(0, perPart * (total - done) - (now - partDone)) / 1000
}
