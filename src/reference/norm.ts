// References of rms_norm and rms_norm_pair, in f64.

/**
 * y = x / sqrt(mean(x²) + epsilon) * weight * factor for each row.
 * @param x [tokens, hidden]
 * @param weight [hidden]
 * @returns [tokens, hidden]
 */
export function rms_norm(x: Float64Array, weight: Float64Array, epsilon: number, factor = 1): Float64Array {
  const hidden = weight.length
  return x.map((value, index) => {
    const row = x.subarray(index - (index % hidden), index - (index % hidden) + hidden)
    const squareSum = row.reduce((sum, item) => sum + item * item, 0)
    return ((value * factor) / Math.sqrt(squareSum / hidden + epsilon)) * (weight[index % hidden] ?? 0)
  })
}

/** An input of `rms_norm_pair`: rows [tokens, hidden] and their weight [hidden]. */
interface NormedInput {
  readonly x: Float64Array
  readonly weight: Float64Array
}

/** y = [RMSNorm(first) | RMSNorm(second)]: [tokens, 2 · hidden]. */
export function rms_norm_pair(first: NormedInput, second: NormedInput, epsilon: number): Float64Array {
  const hidden = first.weight.length
  const y = new Float64Array(first.x.length * 2)
  for (const [half, { x, weight }] of [first, second].entries()) {
    const normed = rms_norm(x, weight, epsilon)
    for (let at = 0; at < normed.length; at += hidden)
      y.set(normed.subarray(at, at + hidden), 2 * at + half * hidden)
  }
  return y
}
