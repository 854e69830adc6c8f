// Reference of the activation kernels, in f64.

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/**
 * y = silu(gate) * up for each row of x, where gate starts at column 0 and up at column `up`.
 * @param x [tokens, stride]
 * @returns [tokens, inner]
 */
export function swiglu(x: Float64Array, stride: number, up: number, inner: number): Float64Array {
  return Float64Array.from({ length: (x.length / stride) * inner }, (_, i) => {
    const at = Math.floor(i / inner) * stride + (i % inner)
    const gate = x[at] ?? 0
    return gate * sigmoid(gate) * (x[at + up] ?? 0)
  })
}
