// Integer codes as other tools pack them into words, and how they become rows of one bit stream each.
import type { Dtype } from './safetensors.ts'
import type { IntegerOrder } from './stored-matrix.ts'

/** Sizes of a matrix [rows, cols] of integer codes with a scale for each group of columns. */
export interface IntegerSizes {
  readonly rows: number
  readonly cols: number
  readonly bits: number
  readonly groups: number // per row
}

type Shape = (sizes: IntegerSizes) => readonly number[]
type Words = Uint32Array<ArrayBuffer>

interface IntegerPacking {
  readonly dtypes: readonly Dtype[] // of codes
  readonly signed?: true
  readonly codes: Shape
  readonly scales: Shape
  readonly zeros: Shape
  /** Stored codes → rows of codes, each a bit stream from the low end; absent where they are stored so. */
  readonly toRows?: (words: Words, sizes: IntegerSizes) => Words
  /** Scales are [groups, rows] instead of [rows, groups]. */
  readonly transposed: boolean
  /** Stored zero points → [groups, rows]. */
  readonly zerosByGroup: (words: Words, sizes: IntegerSizes) => Uint8Array
}

const wordsOf = (count: number, bits: number): number => Math.ceil((count * bits) / 32)

/** MLX, and compressed-tensors: whose zero points are packed down a column. */
const ROWS: IntegerPacking = {
  dtypes: ['U32', 'I32'],
  codes: ({ rows, cols, bits }) => [rows, wordsOf(cols, bits)],
  scales: ({ rows, groups }) => [rows, groups],
  zeros: ({ rows, bits, groups }) => [wordsOf(rows, bits), groups],
  transposed: false,
  zerosByGroup: (words, { rows, bits, groups }) =>
    unpackRows(transposeWords(words, wordsOf(rows, bits), groups), groups, rows, bits),
}

export const INTEGER_PACKINGS: Readonly<Record<IntegerOrder, IntegerPacking>> = {
  rows: ROWS,
  /** Signed bytes. */
  bytes: { ...ROWS, dtypes: ['I8'], signed: true, codes: ({ rows, cols }) => [rows, cols] },
  /** GPTQ: a word holds consecutive inputs of one output. */
  columns: {
    dtypes: ['I32', 'U32'],
    codes: ({ rows, cols, bits }) => [wordsOf(cols, bits), rows],
    scales: ({ rows, groups }) => [groups, rows],
    zeros: ({ rows, bits, groups }) => [groups, wordsOf(rows, bits)],
    toRows: (words, { rows, cols, bits }) => transposeWords(words, wordsOf(cols, bits), rows),
    transposed: true,
    zerosByGroup: (words, { rows, bits, groups }) => unpackRows(words, groups, rows, bits),
  },
  /** AWQ: a word holds eight outputs of one input, even ones first. */
  awq: {
    dtypes: ['I32', 'U32'],
    codes: ({ rows, cols, bits }) => [cols, wordsOf(rows, bits)],
    scales: ({ rows, groups }) => [groups, rows],
    zeros: ({ rows, bits, groups }) => [groups, wordsOf(rows, bits)],
    toRows: (words, { rows, cols }) => transposeNibbles(words, cols, rows),
    transposed: true,
    zerosByGroup: (words, { rows, groups }) => unpackRows(orderNibbles(words), groups, rows, 4),
  },
}

/** [rows, cols] → [cols, rows]. Square tiles keep both sides in the cache. */
export function transposeWords(words: Words, rows: number, cols: number): Words {
  const transposed = new Uint32Array(words.length)
  const TILE = 32
  for (let row0 = 0; row0 < rows; row0 += TILE) {
    for (let col0 = 0; col0 < cols; col0 += TILE) {
      for (let col = col0; col < Math.min(col0 + TILE, cols); col++) {
        for (let row = row0; row < Math.min(row0 + TILE, rows); row++)
          transposed[col * rows + row] = words[row * cols + col] ?? 0
      }
    }
  }
  return transposed
}

/** The column of eight that nibble k of an AWQ word belongs to, from the low end. */
const AWQ_COLUMNS = [0, 2, 4, 6, 1, 3, 5, 7] as const

/** AWQ words [cols, rows / 8] → rows of nibbles in order [rows, cols / 8]. Tiles as in `transposeWords`. */
function transposeNibbles(words: Words, cols: number, rows: number): Words {
  const perRow = wordsOf(cols, 4)
  const perInput = wordsOf(rows, 4)
  const result = new Uint32Array(rows * perRow)
  const block = new Uint32Array(8)
  const TILE = 16
  for (let at0 = 0; at0 < perRow; at0 += TILE) {
    for (let j = 0; j < perInput; j++) {
      for (let at = at0; at < Math.min(at0 + TILE, perRow); at++) {
        for (let i = 0; i < 8; i++) block[i] = words[(8 * at + i) * perInput + j] ?? 0
        transposeBlock(block)
        for (let k = 0; k < 8; k++) result[(8 * j + (AWQ_COLUMNS[k] ?? 0)) * perRow + at] = block[k] ?? 0
      }
    }
  }
  return result
}

/** Transposes 8 × 8 nibbles in place: swaps the corners of blocks of 1, 2 and 4 (Hacker's Delight, 7-3). */
function transposeBlock(block: Words): void {
  for (let size = 1, mask = 0x0f0f0f0f; size < 8; size *= 2, mask = size === 2 ? 0x00ff00ff : 0x0000ffff) {
    for (let i = 0; i < 8; i++) {
      if (i & size) continue
      const [upper, lower] = [block[i] ?? 0, block[i + size] ?? 0]
      const swapped = ((upper >>> (4 * size)) ^ lower) & mask
      block[i] = upper ^ (swapped << (4 * size))
      block[i + size] = lower ^ swapped
    }
  }
}

/** AWQ words with their nibbles in the order of the columns. */
const orderNibbles = (words: Words): Words =>
  words.map((word) =>
    AWQ_COLUMNS.reduce<number>(
      (ordered, column, k) => ordered | (((word >>> (4 * k)) & 15) << (4 * column)),
      0,
    ),
  )

/** Rows of bit streams, each from a whole word on → codes [rows, count], one byte each. */
function unpackRows(words: Words, rows: number, count: number, bits: number): Uint8Array {
  const codes = new Uint8Array(rows * count)
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
  const rowBytes = wordsOf(count, bits) * 4
  for (let row = 0; row < rows; row++)
    unpackCodes(bytes, row * rowBytes, bits, codes.subarray(row * count, (row + 1) * count))
  return codes
}

/** Reads the codes of a bit stream that begins at byte `at`, the lowest bits first. */
export function unpackCodes(stream: Uint8Array, at: number, bits: number, codes: Uint8Array): void {
  const mask = (1 << bits) - 1
  for (let i = 0, bit = 0; i < codes.length; i++, bit += bits) {
    const byte = at + (bit >> 3) // a code spans two bytes at most
    const window = (stream[byte] ?? 0) | ((stream[byte + 1] ?? 0) << 8)
    codes[i] = (window >> (bit & 7)) & mask
  }
}
