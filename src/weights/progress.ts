// Answers: how fast is it, and how long will it still take? It must not know what is being counted.

export interface Pace {
  /** Smoothed over the last seconds; 0 while unknown. */
  readonly bytesPerSecond: number
  /** NaN while unknown. */
  readonly secondsLeft: number
}

const smoothingMs = 3000 // older speeds fade to a third in this time
const shortestMs = 200 // shorter stretches say more about the timer than about the speed

/**
 * A meter for a job of `totalBytes`: tell it how many bytes are done so far and it answers with the pace.
 * The speed is an average that forgets: each stretch counts by how long it lasted and how long ago it was.
 */
export function createMeter(
  totalBytes: number,
  now: () => number = () => performance.now(),
): (bytes: number) => Pace {
  let lastMs = now()
  let lastBytes = 0
  let weightedBytes = 0
  let weightedMs = 0
  return (bytes) => {
    const ms = now() - lastMs
    if (ms >= shortestMs) {
      const fade = Math.exp(-ms / smoothingMs)
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
