// Answers: what do the linear kernels compute, in f64? It must not know how the GPU does it.

/**
 * y = W x for each row of x.
 * @param x [tokens, inputs]
 * @param weights [outputs, inputs], already multiplied by their scales
 * @returns [tokens, outputs]
 */
export function linear(x: Float64Array, weights: Float64Array, inputs: number): Float64Array {
  const tokens = x.length / inputs
  const outputs = weights.length / inputs
  const y = new Float64Array(tokens * outputs)
  for (let at = 0; at < y.length; at++) {
    const row = Math.floor(at / outputs) * inputs
    const weightRow = (at % outputs) * inputs
    let sum = 0
    for (let i = 0; i < inputs; i++) sum += (x[row + i] ?? 0) * (weights[weightRow + i] ?? 0)
    y[at] = sum
  }
  return y
}

/** `linear` for a few rows. */
export function linear_decode(x: Float64Array, weights: Float64Array, inputs: number): Float64Array {
  return linear(x, weights, inputs)
}

/** `linear` for many rows: prefill differs in how many it takes at once, not in what it computes. */
export function linear_prefill(x: Float64Array, weights: Float64Array, inputs: number): Float64Array {
  return linear(x, weights, inputs)
}
