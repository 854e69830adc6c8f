// Seeded random inputs and f64 results for checking a dispatch.
// The inputs include the awkward values of stored weights: every code and every exponent.
import { CHUNK, padTo, type StorageFormat } from '../../gpu/matrix.ts'
import type { Step } from '../../kernels/step.ts'
import { toF32 } from '../../lib/float.ts'
import { fillRandomWords, randomNumbers } from '../../lib/random.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'

/**
 * An expected number in f64. `magnitude` is the sum of the absolute terms, which the tolerance scales with:
 * rounding errors grow with the terms, even when they cancel out.
 */
export interface ExpectedSum {
  readonly value: number
  readonly magnitude: number
}

/** The check of one dispatch: its operands and step, and the numbers expected in its output. */
export interface KernelCheck {
  readonly operands: Readonly<Record<string, Resource>>
  readonly step: Partial<Step>
  readonly output: Resource
  readonly outputWords: number // of the output
  /** Fills the remaining operands with random values and returns the expected numbers by output index. */
  expected(): readonly (ExpectedSum & { readonly at: number })[]
}

/** How many tokens a check uses: no multiples of a tile, and a context longer than a tile of keys. */
export interface CheckSize {
  readonly tokens: number // of a prefill step; its last token is the last of the context
  readonly context: number
}

export const SMALL_CHECK: CheckSize = { tokens: 19, context: 150 }

/** Builds the check of a dispatch from its constants and imports. */
export type CheckBuilder = (buffers: TempBuffers, dispatch: Dispatch, checkSize: CheckSize) => KernelCheck

type NumberArray = ArrayLike<number>

/** a · b. */
export function dot(a: NumberArray, b: NumberArray): ExpectedSum {
  let [value, magnitude] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    const term = (a[i] ?? 0) * (b[i] ?? 0)
    value += term
    magnitude += Math.abs(term)
  }
  return { value, magnitude }
}

/** `rows` random rows of `cols` numbers, [rows, stride], padded with zeros. */
export function randomRows(
  rows: number,
  cols: number,
  stride = padTo(cols, CHUNK),
): Float32Array<ArrayBuffer> {
  return randomNumbers(rows * stride, cols).map((value, i) => (i % stride < cols ? value : 0))
}

/** The layout of a matrix in its buffer, in words. */
export interface MatrixPlacement {
  readonly stride: number
  readonly firstScale: number
  readonly scaleStride: number
  readonly blockRows: number
  readonly blockCols: number
}

/** Writes random codes and scales of a row where kernels read them; returns the numbers they stand for. */
export function writeRandomRow(
  buffers: TempBuffers,
  into: Resource,
  row: number,
  { format, place }: { readonly format: StorageFormat; readonly place: MatrixPlacement },
): Float64Array {
  const codes = randomCodes(format, place.stride, row)
  buffers.write(into, codes, row * place.stride)
  const blockRow = Math.floor(row / place.blockRows)
  const scales = randomScales(format, place.scaleStride, blockRow)
  buffers.write(into, scales, place.firstScale + blockRow * place.scaleStride)
  return dequantizeRow(format, codes, scales, place.blockCols)
}

/** `words` words of random scales, encoded as the format stores them. */
export function randomScales(format: StorageFormat, words: number, row: number): Uint32Array<ArrayBuffer> {
  const scales = new Uint32Array(words)
  fillRandomWords(scales, row + 1)
  makeScales(scales, format)
  return scales
}

/**
 * Turns any words into scales of about 2^-8: f32 for FP8 blocks, two bfloat16 a word for q8 and q4 groups.
 */
export function makeScales(words: Uint32Array, format: StorageFormat): void {
  words.forEach((word, i) => {
    words[i] = format === 'fp8_block' ? (word & 0xffffff) | 0x3b000000 : (word & 0xff00ff) | 0x3b003b00
  })
}

/**
 * Dequantizes a row, padding included: codes times the scale of their block.
 * @param scales of the row's block row; empty for formats without scales
 */
export function dequantizeRow(
  format: StorageFormat,
  codes: Uint32Array<ArrayBuffer>,
  scales: Uint32Array<ArrayBuffer>,
  blockCols: number,
): Float64Array {
  const numbers = decodeCodes(format, codes)
  if (scales.length === 0) return Float64Array.from(numbers)
  return applyScales(numbers, decodeCodes(format === 'fp8_block' ? 'f32' : 'bf16', scales), blockCols)
}

/** Multiplies numbers by factors, each of which `count` consecutive numbers share. */
export const applyScales = (numbers: NumberArray, factors: NumberArray, count: number): Float64Array =>
  Float64Array.from(numbers, (value, i) => value * (factors[Math.floor(i / count)] ?? 0))

/**
 * Random codes with any sign and mantissa. Each row has one exponent, so that small numbers are not lost
 * among large ones: FP8 subnormals fill rows of their own, and 16 rows of at least 16 columns contain every
 * code. Subnormals of f16 are left out because kernels may flush them to zero.
 */
export function randomCodes(format: StorageFormat, words: number, row: number): Uint32Array<ArrayBuffer> {
  const [mask, exponents] = CODES[format]
  const exponent = exponents(row % 16)
  const codes = new Uint32Array(words)
  fillRandomWords(codes, row + 1)
  // With FP8's largest exponent only even codes: one of the odd ones is NaN.
  const odd = format === 'fp8_block' && row % 16 === 15 ? 0x01010101 : 0
  return codes.map((word) => ((word & mask) | exponent) & ~odd)
}

/** Exponent bits of two 16-bit floats in one word. */
const inBothHalves = (first: number, step: number) => (index: number) => (first + index * step) * 0x10001

/** By format: the random bits of a word, and the exponent bits of row `index` modulo 16. */
const CODES: Readonly<Record<StorageFormat, readonly [mask: number, exponents: (index: number) => number]>> =
  {
    f32: [0x807fffff, (index) => 0x38000000 + (index << 23)],
    bf16: [0x807f807f, inBothHalves(0x3800, 0x80)],
    f16: [0x83ff83ff, (index) => inBothHalves(0, 0x400)(Math.max(index, 1))],
    fp8_block: [0x87878787, (index) => (index << 3) * 0x01010101],
    q8: [-1, () => 0],
    q4: [-1, () => 0],
  }

/** Decodes codes without applying scales. */
export function decodeCodes(format: StorageFormat, words: Uint32Array<ArrayBuffer>): NumberArray {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
  const signed = new Int8Array(words.buffer, words.byteOffset, words.byteLength)
  if (format === 'q8') return signed
  // 16 bytes hold 32 columns: the first 16 in the low 4 bits, the others in the high 4 bits.
  if (format === 'q4')
    return Array.from({ length: 2 * bytes.length }, (_, col) => {
      const byte = signed[16 * Math.floor(col / 32) + (col % 16)] ?? 0
      return col % 32 < 16 ? (byte << 28) >> 28 : byte >> 4
    })
  return toF32(FLOATS[format], bytes)
}

const FLOATS = { f32: 'F32', bf16: 'BF16', f16: 'F16', fp8_block: 'F8_E4M3' } as const
