// Measures the rate of a transfer and estimates the time left.

export interface TransferRate {
  /** Averaged over the last seconds; 0 while unknown. */
  readonly bytesPerSecond: number
  /** NaN while unknown. */
  readonly secondsLeft: number
}

const SMOOTHING_MS = 3000 // a sample's weight falls to about a third in this time
const MIN_SAMPLE_MS = 200 // shorter samples measure the timer's noise

/**
 * Creates a meter for a transfer of `totalBytes`: call it with the bytes done so far to get the rate. The
 * rate is an exponentially weighted average: each sample is weighted by its length and its age.
 */
export function createRateMeter(
  totalBytes: number,
  now: () => number = () => performance.now(),
): (bytes: number) => TransferRate {
  let lastMs = now()
  let lastBytes = 0
  let weightedBytes = 0
  let weightedMs = 0
  return (bytes) => {
    const ms = now() - lastMs
    if (ms >= MIN_SAMPLE_MS) {
      const fade = Math.exp(-ms / SMOOTHING_MS)
      weightedBytes = weightedBytes * fade + (bytes - lastBytes)
      weightedMs = weightedMs * fade + ms
      lastMs += ms
      lastBytes = bytes
    }
    const left = totalBytes - bytes
    const bytesPerSecond = weightedMs > 0 ? (weightedBytes / weightedMs) * 1000 : 0
    const secondsLeft = left <= 0 ? 0 : bytesPerSecond > 0 ? left / bytesPerSecond : Number.NaN
    return { bytesPerSecond, secondsLeft }
  }
}
