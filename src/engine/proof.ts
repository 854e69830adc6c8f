// Answers: what is proven of a dispatch, and on which numbers? Inputs drawn as awkward as stored ones come, and sums in f64 to hold results against.
// It must not know which kernel is proven.
import { CHUNK, type Format, padTo } from '../gpu/matrix.ts'
import type { Step } from '../kernels/step.ts'
import { drawNumbers, drawWords } from '../lib/draw.ts'
import { toF32 } from '../lib/float.ts'
import type { Dispatch, Resource } from '../program/graph.ts'
import type { Scratch } from '../program/scratch.ts'

/** A number that a kernel must leave, and the size that its error is measured by: of the terms that were added up. */
export interface Sum {
  readonly value: number
  readonly size: number
}

/** A dispatch's operands, and what must lie at places of its output after it has run. */
export interface Proof {
  readonly operands: Readonly<Record<string, Resource>>
  readonly step: Partial<Step>
  readonly output: Resource
  readonly words: number // of the output
  /** Draws what is still missing of the operands. */
  wanted(): readonly (Sum & { readonly at: number })[]
}

/** How many tokens a proof has: no multiples of a tile, and more in the cache than a tile of keys. */
export interface Extent {
  readonly tokens: number // of a step of prefill; the last one ends the context
  readonly context: number
}

export const SMALL: Extent = { tokens: 19, context: 150 }

/** Makes the proof of a dispatch out of its constants and imports. */
export type Prover = (room: Scratch, dispatch: Dispatch, extent: Extent) => Proof

type Numbers = ArrayLike<number>

export function dot(a: Numbers, b: Numbers): Sum {
  let [value, size] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    const term = (a[i] ?? 0) * (b[i] ?? 0)
    value += term
    size += Math.abs(term)
  }
  return { value, size }
}

/** Rows of `cols` numbers, each filled up with zeros to `stride`. */
export function drawRows(rows: number, cols: number, stride = padTo(cols, CHUNK)): Float32Array<ArrayBuffer> {
  return drawNumbers(rows * stride, cols).map((value, i) => (i % stride < cols ? value : 0))
}

/** How a matrix lies in its buffer, in words. */
export interface Place {
  readonly stride: number
  readonly scales: number
  readonly scaleStride: number
  readonly blockRows: number
  readonly blockCols: number
}

/** Draws row `row` of a matrix, puts it where kernels look for it, and tells its numbers. */
export function drawRow(room: Scratch, into: Resource, at: Place, format: Format, row: number): Float64Array {
  const codes = drawCodes(format, at.stride, row)
  room.write(into, codes, row * at.stride)
  const blockRow = Math.floor(row / at.blockRows)
  const scales = drawScales(format, at.scaleStride, blockRow)
  room.write(into, scales, at.scales + blockRow * at.scaleStride)
  return rowOf(format, codes, scales, at.blockCols)
}

/** Words of scales, as the format has them. */
export function drawScales(format: Format, words: number, row: number): Uint32Array<ArrayBuffer> {
  const scales = new Uint32Array(words)
  drawWords(scales, row + 1)
  toScales(scales, format)
  return scales
}

/** Any words as scales of about 2^-8: f32 for FP8 blocks, two bfloat16 in a word for groups of codes. */
export function toScales(words: Uint32Array, format: Format): void {
  words.forEach((word, i) => {
    words[i] = format === 'fp8_block' ? (word & 0xffffff) | 0x3b000000 : (word & 0xff00ff) | 0x3b003b00
  })
}

/** The numbers of a row, padding included: what its codes mean times the scale of their block. `scales`: of its block row, empty without. */
export function rowOf(
  format: Format,
  codes: Uint32Array<ArrayBuffer>,
  scales: Uint32Array<ArrayBuffer>,
  blockCols: number,
): Float64Array {
  const numbers = numbersOf(format, codes)
  if (scales.length === 0) return Float64Array.from(numbers)
  return scaled(numbers, numbersOf(format === 'fp8_block' ? 'f32' : 'bf16', scales), blockCols)
}

/** Numbers times their factors, of which `count` numbers share each. */
export const scaled = (numbers: Numbers, factors: Numbers, count: number): Float64Array =>
  Float64Array.from(numbers, (value, i) => value * (factors[Math.floor(i / count)] ?? 0))

/**
 * Words of codes of any sign and mantissa. A row has one exponent, so that small numbers are not lost among large ones: FP8's subnormals
 * are rows of their own, and 16 rows of 16 columns and more have all codes. Subnormals of f16 are left out, for which kernels promise nothing.
 */
export function drawCodes(format: Format, words: number, row: number): Uint32Array<ArrayBuffer> {
  const [mask, exponents] = CODES[format]
  const exponent = exponents(row % 16)
  const codes = new Uint32Array(words)
  drawWords(codes, row + 1)
  // Of FP8's largest exponent the odd codes are left out: one is no number.
  const odd = format === 'fp8_block' && row % 16 === 15 ? 0x01010101 : 0
  return codes.map((word) => ((word & mask) | exponent) & ~odd)
}

const halves = (first: number, step: number) => (each: number) => (first + each * step) * 0x10001

const CODES: Readonly<Record<Format, readonly [mask: number, exponents: (each: number) => number]>> = {
  f32: [0x807fffff, (each) => 0x38000000 + (each << 23)],
  bf16: [0x807f807f, halves(0x3800, 0x80)],
  f16: [0x83ff83ff, (each) => halves(0, 0x400)(Math.max(each, 1))],
  fp8_block: [0x87878787, (each) => (each << 3) * 0x01010101],
  q8: [-1, () => 0],
  q4: [-1, () => 0],
}

/** What codes mean, without scales. */
export function numbersOf(format: Format, words: Uint32Array<ArrayBuffer>): Numbers {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
  const signed = new Int8Array(words.buffer, words.byteOffset, words.byteLength)
  if (format === 'q8') return signed
  // 16 bytes hold 32 columns: the first 16 in their low halves.
  if (format === 'q4')
    return Array.from({ length: 2 * bytes.length }, (_, col) => {
      const byte = signed[16 * Math.floor(col / 32) + (col % 16)] ?? 0
      return col % 32 < 16 ? (byte << 28) >> 28 : byte >> 4
    })
  return toF32(FLOATS[format], bytes)
}

const FLOATS = { f32: 'F32', bf16: 'BF16', f16: 'F16', fp8_block: 'F8_E4M3' } as const
