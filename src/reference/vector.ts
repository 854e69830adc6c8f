// Helpers of the attention references, in f64: rows, dot products and rotary embedding.

/** The layout and the frequencies of rotary pairs. */
export interface RotaryLayout {
  readonly frequencies: readonly number[] // radians per position
  readonly ropeInterleaved: boolean // pairs (2i, 2i + 1) rather than (i, i + pairs)
}

/** The rows of a step: row i is at `position + i`. */
export interface Rotation {
  readonly position: number
  readonly rotary: RotaryLayout
}

/** The factor of query · key. */
export interface SoftmaxScale {
  readonly softmaxScale: number
}

/** The two columns of a pair within the rope part. */
export const columnsOf = (pair: number, { frequencies, ropeInterleaved }: RotaryLayout): [number, number] =>
  ropeInterleaved ? [2 * pair, 2 * pair + 1] : [pair, pair + frequencies.length]

/** One rope part rotated to its position. The result has pairs side by side, in whatever layout they came. */
export function rotatedPairs(part: Float64Array, position: number, rotary: RotaryLayout): Float64Array {
  const rotated = new Float64Array(part.length)
  rotary.frequencies.forEach((frequency, pair) => {
    const [first, second] = columnsOf(pair, rotary)
    const [a, b] = [part[first] ?? 0, part[second] ?? 0]
    const [cos, sin] = [Math.cos(position * frequency), Math.sin(position * frequency)]
    rotated[2 * pair] = a * cos - b * sin
    rotated[2 * pair + 1] = a * sin + b * cos
  })
  return rotated
}

export const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)

/** Row `index` of [rows, width]. */
export const rowOf = (values: Float64Array, index: number, width: number): Float64Array =>
  values.subarray(index * width, (index + 1) * width)
