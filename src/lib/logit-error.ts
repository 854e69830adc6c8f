// Answers: how far are the logits of one model from those of another? Plain f64 sums over positions.
// It must not know where logits come from.

export interface LogitError {
  readonly relative: number // ‖a − b‖ / ‖b‖ over all positions
  readonly meanKl: number // nats a position, of b's distribution against a's
  readonly sameTop: number // share of positions with the same largest logit
  readonly positions: number
}

/** Compares logits [positions, vocab]: `actual` (a) with `wanted` (b). */
export function logitError(actual: Float32Array, wanted: Float32Array, vocab: number): LogitError {
  const positions = wanted.length / vocab
  let [difference, size, kl, same] = [0, 0, 0, 0]
  for (let row = 0; row < positions; row++) {
    const [a, b] = [actual, wanted].map((all) => all.subarray(row * vocab, (row + 1) * vocab)) as [
      Float32Array,
      Float32Array,
    ]
    const [logA, logB] = [logSum(a), logSum(b)]
    for (const [i, logit] of b.entries()) {
      const other = a[i] ?? Number.NaN
      difference += (other - logit) ** 2
      size += logit ** 2
      kl += Math.exp(logit - logB) * (logit - logB - (other - logA))
    }
    if (topOf(a) === topOf(b)) same++
  }
  return {
    relative: Math.sqrt(difference / size),
    meanKl: kl / positions,
    sameTop: same / positions,
    positions,
  }
}

const largest = (logits: Float32Array): number => logits.reduce((most, each) => Math.max(most, each))

const topOf = (logits: Float32Array): number => logits.indexOf(largest(logits))

function logSum(logits: Float32Array): number {
  const most = largest(logits)
  return most + Math.log(logits.reduce((sum, each) => sum + Math.exp(each - most), 0))
}
