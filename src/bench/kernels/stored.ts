// Answers: how is a matrix of random weights made straight in its stored form, and which numbers does it hold? Codes are drawn, not encoded.
// It must not know which kernel reads it.
import { rowOf, toScales } from '../../engine/proof.ts'
import {
  type Format,
  layoutMatrix,
  layoutPart,
  type MatrixLayout,
  type PartLayout,
} from '../../gpu/matrix.ts'
import { drawWords } from '../../lib/draw.ts'

/** Stored matrices under each other, with the words of their one part. */
export interface StoredMatrix {
  readonly layout: MatrixLayout
  readonly part: PartLayout
  readonly words: Uint32Array<ArrayBuffer>
}

/** Rows must be whole chunks of 32 columns: then nothing is padding. */
export const COLUMNS = 32

/** Draws `heights` rows of codes and their scales; about as large as weights are, so that sums neither vanish nor overflow. */
export function drawMatrix(
  format: Format,
  heights: readonly number[],
  cols: number,
  seed: number,
): StoredMatrix {
  const layout = layoutMatrix(format, heights, cols)
  const part = layoutPart(layout, 0, layout.rows)
  const words = new Uint32Array(part.bytes / 4)
  drawWords(words, seed)
  toCodes(words.subarray(0, part.scales), format)
  toScales(words.subarray(part.scales), format)
  return { layout, part, words }
}

/** Any word as codes of finite numbers of ordinary size. */
function toCodes(words: Uint32Array, format: Format): void {
  const change = CODES[format]
  if (change) for (let i = 0; i < words.length; i++) words[i] = change(words[i] ?? 0)
}

const CODES: Partial<Record<Format, (word: number) => number>> = {
  f32: (word) => (word & 0x81ffffff) | 0x3c000000,
  // Exponents 120 to 123 of 127, 12 to 15 of 15: 2^-7 to 2^-3.
  bf16: (word) => (word & 0x81ff81ff) | 0x3c003c00,
  f16: (word) => (word & 0x8fff8fff) | 0x20002000,
  // 0x7f and 0xff are NaN: without their lowest bit they are the largest numbers.
  fp8_block: (word) => (word & ~(((word & 0x7f7f7f7f) + 0x01010101) >>> 7)) | (word & 0xfefefefe),
}

/** What `count` rows from `first` on mean, [count, cols], scales included. */
export function readRows({ layout, part, words }: StoredMatrix, first: number, count: number): Float64Array {
  const { block, cols, format, scaleStride } = layout
  const values = new Float64Array(count * cols)
  const stride = layout.stride * 4
  for (let row = 0; row < count; row++) {
    const codes = words.subarray((first + row) * stride).subarray(0, stride)
    const blockRow = Math.floor((first + row) / block.rows)
    const scales = words.subarray(part.scales + blockRow * scaleStride).subarray(0, scaleStride)
    values.set(rowOf(format, codes, scales, block.cols).subarray(0, cols), row * cols)
  }
  return values
}
