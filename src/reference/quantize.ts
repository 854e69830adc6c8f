// Reference of the quantisation kernels, in f64: codes and scales of rows of weights in each format.
import { decodeBF16, decodeE4M3, encodeBF16, encodeE4M3 } from '../lib/float.ts'

export interface QuantizedRows {
  readonly codes: Float64Array // [rows, cols]: whole numbers, or bytes of E4M3
  readonly scales: Float64Array // [rows, groups]
  readonly values: Float64Array // [rows, cols], the dequantised weights
  readonly group: number // columns that share a scale
}

interface Encoded {
  readonly codes: readonly number[]
  readonly scale: number
}

interface Target {
  readonly group: number // columns that share a scale
  readonly encode: (group: readonly number[]) => Encoded
  readonly decode: (code: number) => number
}

const integer = (code: number): number => code

const TARGETS = {
  q8: { group: 32, encode: encodeQ8, decode: integer },
  q4: { group: 32, encode: encodeQ4, decode: integer },
  fp8_block: { group: 128, encode: encodeFp8, decode: decodeE4M3 },
} as const satisfies Record<string, Target>

export type QuantizedFormat = keyof typeof TARGETS

export const QUANTIZED_FORMATS = Object.keys(TARGETS) as readonly QuantizedFormat[]

/** Quantises weights [rows, cols]; the last group of a row may be short. */
export function quantize(weights: ArrayLike<number>, cols: number, target: QuantizedFormat): QuantizedRows {
  const { group, encode, decode } = TARGETS[target]
  const groups = Math.ceil(cols / group)
  const codes = new Float64Array(weights.length)
  const values = new Float64Array(weights.length)
  const scales = new Float64Array((weights.length / cols) * groups)
  for (let i = 0; i < scales.length; i++) {
    const first = Math.floor(i / groups) * cols + (i % groups) * group
    const end = Math.min(first + group, (Math.floor(i / groups) + 1) * cols)
    const columns = Array.from({ length: end - first }, (_, i) => weights[first + i] ?? 0)
    const { codes: encoded, scale } = encode(columns)
    scales[i] = scale
    codes.set(encoded, first)
    values.set(
      encoded.map((code) => scale * decode(code)),
      first,
    )
  }
  return { codes, scales, values, group }
}

function encodeQ8(group: readonly number[]): Encoded {
  return withScale(group, bf16(extremeOf(group) / -128), 128)
}

/** The scale maps the extreme weight to -8 or nearby, whichever has the least squared error. */
function encodeQ4(group: readonly number[]): Encoded {
  const extreme = extremeOf(group)
  const extremeCodes = [8, ...Array.from({ length: 8 }, (_, i) => 7.25 + i / 4)]
  const candidates = extremeCodes.map((code) => withScale(group, bf16(extreme / -code), 8))
  return candidates.reduce((best, next) =>
    squaredError(group, next) < squaredError(group, best) ? next : best,
  )
}

function withScale(group: readonly number[], scale: number, half: number): Encoded {
  const code = (weight: number) => Math.max(-half, Math.min(half - 1, halfEven(weight / scale)))
  return { codes: group.map((weight) => (scale === 0 ? 0 : code(weight))), scale }
}

function squaredError(group: readonly number[], { codes, scale }: Encoded): number {
  return group.reduce((sum, weight, i) => sum + (weight - scale * (codes[i] ?? 0)) ** 2, 0)
}

/** The weight of largest magnitude; the negative one if two are equal. */
function extremeOf(group: readonly number[]): number {
  const min = Math.min(...group)
  const max = Math.max(...group)
  return max > -min ? max : min
}

/** Rounds a scale to bfloat16; subnormal scales become zero. */
function bf16(scale: number): number {
  const rounded = decodeBF16(encodeBF16(Math.fround(scale)))
  return Math.abs(rounded) < 2 ** -126 ? 0 : rounded
}

/** The scale is a power of two that brings the largest weight to between 224 and 448. */
function encodeFp8(group: readonly number[]): Encoded {
  const largest = Math.max(...group.map(Math.abs))
  let scale = 2 ** -126
  while (largest > 448 * scale) scale *= 2
  return { codes: group.map((weight) => encodeE4M3(weight / scale)), scale }
}

function halfEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low
}
