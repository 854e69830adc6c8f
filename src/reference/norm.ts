// Answers: what does rms_norm compute, in f64? It must not know how the GPU does it.

/**
 * y = x / sqrt(mean(x²) + epsilon) * weight for each row.
 * @param x [tokens, hidden]
 * @param weight [hidden]
 * @returns [tokens, hidden]
 */
export function rms_norm(x: Float64Array, weight: Float64Array, epsilon: number): Float64Array {
  const hidden = weight.length
  return x.map((value, index) => {
    const row = x.subarray(index - (index % hidden), index - (index % hidden) + hidden)
    const squares = row.reduce((sum, each) => sum + each * each, 0)
    return (value / Math.sqrt(squares / hidden + epsilon)) * (weight[index % hidden] ?? 0)
  })
}
