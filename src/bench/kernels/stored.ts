// Answers: how is a matrix of random weights made straight in its stored form, and which numbers does it hold? Codes are drawn, not encoded.
// It must not know which kernel reads it.
import { numbersOf } from '../../engine/proof.ts'
import {
  FORMATS,
  type Format,
  layoutMatrix,
  layoutPart,
  type MatrixLayout,
  type PartLayout,
} from '../../gpu/matrix.ts'
import { drawWords } from '../../lib/draw.ts'
import { decodeBF16 } from '../../lib/float.ts'

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

/** f32 scales of 2^-9 to 2^-6 for FP8 blocks, two bfloat16 of the same size for groups of codes. */
function toScales(words: Uint32Array, format: Format): void {
  if (FORMATS[format].scaleBits === 0) return
  const low = format === 'fp8_block' ? 0x00ffffff : 0x00ff00ff
  const high = format === 'fp8_block' ? 0x3b000000 : 0x3b003b00
  for (let i = 0; i < words.length; i++) words[i] = ((words[i] ?? 0) & low) | high
}

/** What `count` rows from `first` on mean, [count, cols], scales included. */
export function readRows({ layout, part, words }: StoredMatrix, first: number, count: number): Float64Array {
  const { cols, format } = layout
  const values = new Float64Array(count * cols)
  const stride = layout.stride * 4
  const codes = numbersOf(format, words.subarray(first * stride, (first + count) * stride))
  const stored = (layout.stride * 128) / FORMATS[format].bits // columns that a row has room for
  const scale = scaleReader(layout, part, words)
  for (let row = 0; row < count; row++) {
    for (let col = 0; col < cols; col++) {
      values[row * cols + col] = (codes[row * stored + col] ?? Number.NaN) * scale(first + row, col)
    }
  }
  return values
}

function scaleReader(
  { format, block, scaleStride }: MatrixLayout,
  { scales }: PartLayout,
  words: Uint32Array,
): (row: number, col: number) => number {
  if (FORMATS[format].scaleBits === 0) return () => 1
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length)
  const halves = new Uint16Array(words.buffer, words.byteOffset, words.length * 2)
  return (row, col) => {
    const [at, index] = [scales + Math.floor(row / block.rows) * scaleStride, Math.floor(col / block.cols)]
    return format === 'fp8_block' ? (floats[at + index] ?? 0) : decodeBF16(halves[2 * at + index] ?? 0)
  }
}
