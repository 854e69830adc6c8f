// Reference of the linear kernels, in f64.

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

/** `linear` for many rows. */
export function linear_prefill(x: Float64Array, weights: Float64Array, inputs: number): Float64Array {
  return linear(x, weights, inputs)
}

/**
 * Inputs as the 8-bit matmul rounds them: each group of 32 columns of a row (fewer at its end) to whole
 * multiples, from -127 to 127, of one scale.
 * @param x [tokens, inputs]
 */
export function rounded_inputs(x: Float64Array, inputs: number): Float64Array {
  const rounded = new Float64Array(x.length)
  for (let row = 0; row < x.length; row += inputs) {
    for (let first = 0; first < inputs; first += 32) {
      const group = x.subarray(row + first, row + Math.min(first + 32, inputs))
      const scale = group.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-30) / 127
      group.forEach((value, i) => {
        rounded[row + first + i] = scale * Math.round(value / scale)
      })
    }
  }
  return rounded
}
