// Compares the logits of two models: relative error, KL divergence and top-1 agreement, in f64.

export interface LogitError {
  readonly relativeError: number // ‖a − b‖ / ‖b‖ over all positions
  readonly meanKl: number // nats per position, KL(b ‖ a)
  readonly top1Agreement: number // fraction of positions with the same largest logit
  readonly positions: number
}

/** Compares logits [positions, vocab]: `actual` (a) with `expected` (b). */
export function logitError(actual: Float32Array, expected: Float32Array, vocab: number): LogitError {
  const positions = expected.length / vocab
  let [squaredDifference, squaredNorm, kl, same] = [0, 0, 0, 0]
  for (let row = 0; row < positions; row++) {
    const a = actual.subarray(row * vocab, (row + 1) * vocab)
    const b = expected.subarray(row * vocab, (row + 1) * vocab)
    const [logSumA, logSumB] = [logSumExp(a), logSumExp(b)]
    for (const [i, logitB] of b.entries()) {
      const logitA = a[i] ?? Number.NaN
      squaredDifference += (logitA - logitB) ** 2
      squaredNorm += logitB ** 2
      kl += Math.exp(logitB - logSumB) * (logitB - logSumB - (logitA - logSumA))
    }
    if (argmax(a) === argmax(b)) same++
  }
  return {
    relativeError: Math.sqrt(squaredDifference / squaredNorm),
    meanKl: kl / positions,
    top1Agreement: same / positions,
    positions,
  }
}

const maxOf = (logits: Float32Array): number => logits.reduce((max, logit) => Math.max(max, logit))

const argmax = (logits: Float32Array): number => logits.indexOf(maxOf(logits))

function logSumExp(logits: Float32Array): number {
  const max = maxOf(logits)
  return max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0))
}
