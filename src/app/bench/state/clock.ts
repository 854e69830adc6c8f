// Answers: how long will a run take yet? It must not know what is measured.
import type { BenchProgress } from '../../../bench/result.ts'

/** When the run began, and when the last part was done; ms. */
export interface Clock {
  readonly begun: number
  readonly partDone: number
}

/** Seconds that are left, if the parts to come take as long as those that were; counts down while a part is being done. */
export function secondsLeft({ done, total }: BenchProgress, { begun, partDone }: Clock, now: number): number {
  if (done < 2) return Number.NaN
  const perPart = (partDone - begun) / done
  return Math.max(0, perPart * (total - done) - (now - partDone)) / 1000
}
