// Reference of rms_norm, in f64.

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
