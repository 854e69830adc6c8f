// Random weight matrices in a stored format, with the values they hold. Codes are generated directly, not
// encoded.
import { dequantizeRow, makeScales } from '../../engine/check/kernel-check.ts'
import {
  layoutMatrix,
  layoutPart,
  type MatrixLayout,
  type PartLayout,
  type StorageFormat,
} from '../../gpu/matrix.ts'
import { fillRandomWords } from '../../lib/random.ts'

/** A stored matrix, possibly several stacked row-wise, with the words of its single part. */
export interface RandomMatrix {
  readonly layout: MatrixLayout
  readonly part: PartLayout
  readonly words: Uint32Array<ArrayBuffer>
}

/** Columns must be a multiple of this, so that rows have no padding. */
export const COLUMN_MULTIPLE = 32

/**
 * Random codes and scales for stacked matrices of `heights` rows. Values have the magnitude of real weights,
 * so that sums neither vanish nor overflow.
 */
export function randomMatrix(
  format: StorageFormat,
  heights: readonly number[],
  cols: number,
  seed: number,
): RandomMatrix {
  const layout = layoutMatrix(format, heights, cols)
  const part = layoutPart(layout, 0, layout.rows)
  const words = new Uint32Array(part.bytes / 4)
  fillRandomWords(words, seed)
  makeFinite(words.subarray(0, part.scales), format)
  makeScales(words.subarray(part.scales), format)
  return { layout, part, words }
}

/** Turns random words into codes of finite values of moderate size. */
function makeFinite(words: Uint32Array, format: StorageFormat): void {
  const mask = FINITE_CODES[format]
  if (mask) for (let i = 0; i < words.length; i++) words[i] = mask(words[i] ?? 0)
}

const FINITE_CODES: Partial<Record<StorageFormat, (word: number) => number>> = {
  f32: (word) => (word & 0x81ffffff) | 0x3c000000,
  // Biased exponents 120 to 123 (f32, bf16: bias 127) and 8 to 11 (f16: bias 15): 2^-7 to 2^-3.
  bf16: (word) => (word & 0x81ff81ff) | 0x3c003c00,
  f16: (word) => (word & 0x8fff8fff) | 0x20002000,
  // 0x7f and 0xff are NaN; clearing the lowest bit gives the largest finite values.
  fp8_block: (word) => (word & ~(((word & 0x7f7f7f7f) + 0x01010101) >>> 7)) | (word & 0xfefefefe),
}

/** Decodes `count` rows from row `first` on: [count, cols], with scales applied. */
export function readRows({ layout, part, words }: RandomMatrix, first: number, count: number): Float64Array {
  const { block, cols, format, scaleStride } = layout
  const values = new Float64Array(count * cols)
  const stride = layout.stride * 4
  for (let row = 0; row < count; row++) {
    const codes = words.subarray((first + row) * stride).subarray(0, stride)
    const blockRow = Math.floor((first + row) / block.rows)
    const scales = words.subarray(part.scales + blockRow * scaleStride).subarray(0, scaleStride)
    values.set(dequantizeRow(format, codes, scales, block.cols).subarray(0, cols), row * cols)
  }
  return values
}
