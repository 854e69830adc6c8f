// Answers: what do the references of attention share? Rows, their products, and how a head turns with its position, in f64.
// It must not know what a row belongs to.

/** How rotary pairs lie in a head and how fast each turns, in radians per position. */
export interface RotarySpec {
  readonly frequencies: readonly number[]
  readonly halfSplit: boolean
}

/** The two columns of a pair within the rope part. */
export const columnsOf = (pair: number, { frequencies, halfSplit }: RotarySpec): [number, number] =>
  halfSplit ? [pair, pair + frequencies.length] : [2 * pair, 2 * pair + 1]

/** One rope part turned to its position: pair after pair, whatever the layout it came in. */
export function rotatedPairs(part: Float64Array, position: number, rotary: RotarySpec): Float64Array {
  const turned = new Float64Array(part.length)
  rotary.frequencies.forEach((frequency, pair) => {
    const [first, second] = columnsOf(pair, rotary)
    const [a, b] = [part[first] ?? 0, part[second] ?? 0]
    const [cos, sin] = [Math.cos(position * frequency), Math.sin(position * frequency)]
    turned[2 * pair] = a * cos - b * sin
    turned[2 * pair + 1] = a * sin + b * cos
  })
  return turned
}

export const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)

/** Row `index` of [rows, width]. */
export const rowOf = (values: Float64Array, index: number, width: number): Float64Array =>
  values.subarray(index * width, (index + 1) * width)
