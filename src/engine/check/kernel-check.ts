// Seeded random inputs and f64 results for checking a dispatch.
// The inputs include the awkward values of stored weights: every code and every exponent.
import { FORMATS, isFloatDtype, type ScaleDtype, type StorageFormat } from '../../gpu/formats.ts'
import { CHUNK, padTo } from '../../gpu/matrix.ts'
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
  const { scale } = FORMATS[format]
  if (!scale) return Float64Array.from(decodeCodes(format, codes))
  const blockRow = Math.floor(row / place.blockRows)
  const scales = randomScales(scale.dtype, place.scaleStride, blockRow)
  buffers.write(into, scales, place.firstScale + blockRow * place.scaleStride)
  return dequantizeRow(format, codes, scales, place.blockCols)
}

/** `words` words of random scales. */
export function randomScales(dtype: ScaleDtype, words: number, row: number): Uint32Array<ArrayBuffer> {
  const scales = new Uint32Array(words)
  fillRandomWords(scales, row + 1)
  makeScales(scales, dtype)
  return scales
}

/** Turns any words into scales of about 2^-8: one f32 a word, or two bfloat16. */
export function makeScales(words: Uint32Array, dtype: ScaleDtype): void {
  words.forEach((word, i) => {
    words[i] = dtype === 'F32' ? (word & 0xffffff) | 0x3b000000 : (word & 0xff00ff) | 0x3b003b00
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
  const { scale } = FORMATS[format]
  return scale
    ? applyScales(numbers, toF32(scale.dtype, bytesOf(scales)), blockCols)
    : Float64Array.from(numbers)
}

/** Multiplies numbers by factors, each of which `count` consecutive numbers share. */
export const applyScales = (numbers: NumberArray, factors: NumberArray, count: number): Float64Array =>
  Float64Array.from(numbers, (value, i) => value * (factors[Math.floor(i / count)] ?? 0))

/** Random codes; those of a row share an exponent (see `RandomCodes`). */
export function randomCodes(format: StorageFormat, words: number, row: number): Uint32Array<ArrayBuffer> {
  const codes = new Uint32Array(words)
  fillRandomWords(codes, row + 1)
  return codes.map((word) => FORMATS[format].random.check(word, row % 16))
}

/** Decodes codes without applying scales. */
export function decodeCodes(format: StorageFormat, words: Uint32Array<ArrayBuffer>): NumberArray {
  const { dtype, bits } = FORMATS[format]
  if (isFloatDtype(dtype)) return toF32(dtype, bytesOf(words))
  const signed = new Int8Array(words.buffer, words.byteOffset, words.byteLength)
  if (bits === 8) return signed
  // 16 bytes hold 32 columns: the first 16 in the low 4 bits, the others in the high 4 bits.
  return Array.from({ length: 2 * signed.length }, (_, col) => {
    const byte = signed[16 * Math.floor(col / 32) + (col % 16)] ?? 0
    return col % 32 < 16 ? (byte << 28) >> 28 : byte >> 4
  })
}

const bytesOf = (words: Uint32Array<ArrayBuffer>): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
