// Seeded random matrices in every storage format, and the f64 numbers that they stand for.
// They include the awkward values of stored weights: every code and every exponent.
import {
  FORMATS,
  formatOfModule,
  isFloatDtype,
  SCALE_TYPES,
  type ScaleBlock,
  type ScaleDtype,
  type StorageFormat,
} from '../../gpu/formats.ts'
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { PLAIN_STEP, type Step } from '../../kernels/step.ts'
import { expectDefined } from '../../lib/error.ts'
import { toF32 } from '../../lib/float.ts'
import { fillRandomWords } from '../../lib/random.ts'
import type { Dispatch, GridSize, Resource } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import { type NumberArray, numbersWithin } from './kernel-check.ts'

/** `rows` random rows of `cols` numbers, [rows, stride], from -limit to limit, padded with zeros. */
export function randomRows(
  rows: number,
  cols: number,
  stride = padTo(cols, CHUNK),
  limit = 1,
): Float32Array<ArrayBuffer> {
  const numbers = numbersWithin(limit, rows * stride, cols)
  for (let row = 0; row < rows; row++) numbers.fill(0, row * stride + cols, (row + 1) * stride)
  return numbers
}

/** The weight format of a dispatch. Several modules of shaders/weights may decode the same format. */
export const weightFormatOf = ({ imports }: Pick<Dispatch, 'imports'>): StorageFormat | undefined =>
  imports.weights === undefined ? undefined : formatOfModule(imports.weights)

/** The layout of a matrix in its buffer, in words. */
export interface MatrixPlacement {
  readonly base: number // first code
  readonly stride: number
  readonly firstScale: number
  readonly scaleStride: number
  readonly block: ScaleBlock
}

/** The placement that a dispatch assumes, and the words of `rows` rows with their scales. */
export function placementOf({ constants }: Dispatch): MatrixPlacement {
  const { STRIDE = 0, SCALES = 0, SCALE_STRIDE = 0 } = constants
  return {
    base: 0,
    stride: 4 * STRIDE,
    firstScale: SCALES,
    scaleStride: SCALE_STRIDE,
    block: blockOf(constants),
  }
}

/** The block that `blockConstants` describes. */
export function blockOf({ BLOCK_ROWS = 1, BLOCK_COLS = 1, SCALE_TYPE }: Dispatch['constants']): ScaleBlock {
  const dtype = (['BF16', 'F16', 'F32'] as const).find((type) => SCALE_TYPES[type] === SCALE_TYPE)
  return { rows: BLOCK_ROWS, cols: BLOCK_COLS, ...(dtype && { dtype }) }
}

export const wordsOf = (rows: number, { stride, scaleStride, firstScale, block }: MatrixPlacement): number =>
  Math.max(rows * stride, scaleStride > 0 ? firstScale + Math.ceil(rows / block.rows) * scaleStride : 0)

/** Of larger matrices only the first rows are checked, in decode and in prefill. */
const [MAX_WORDS, MAX_TILED_ROWS] = [2 ** 19, 256]

/** The first rows of a matrix that a check computes: few, so that a check takes milliseconds. */
export const heldRows = ({ imports, constants: { STRIDE = 1 } }: Dispatch, rows: number): number =>
  Math.min(rows, imports.tile ? MAX_TILED_ROWS : Math.max(1, Math.floor(MAX_WORDS / (4 * STRIDE))))

/** The workgroups of one dimension of a dispatch's grid that compute the first `held` of `all` outputs. */
export function cutGrid(
  { grid }: Dispatch,
  step: Partial<Step>,
  { held, all, axis = 0 }: { readonly held: number; readonly all: number; readonly axis?: 0 | 1 },
): GridSize {
  const size = typeof grid === 'function' ? grid({ ...PLAIN_STEP, ...step }) : grid
  const cut = (groups: number, dimension: number) =>
    dimension === axis && held < all ? Math.min(groups, Math.ceil(held / Math.floor(all / groups))) : groups
  return [cut(size[0], 0), cut(size[1] ?? 1, 1), size[2] ?? 1]
}

/** Fills rows with random codes and returns the first `cols` numbers of each. */
export type FillRows = (rows: readonly number[], cols: number) => readonly Float64Array[]

/** A matrix whose rows are zero until `fill` fills them. */
export interface RandomMatrix {
  readonly buffer: Resource
  readonly rows: number // of these, only the first may be filled and computed
  readonly fill: FillRows
}

/** The matrix of a dispatch. Scales lie after all rows; without scales only the held rows take memory. */
export function randomMatrix(buffers: TempBuffers, dispatch: Dispatch, all: number): RandomMatrix {
  const place = placementOf(dispatch)
  const rows = heldRows(dispatch, all)
  const buffer = buffers.zeros(wordsOf(rows, place))
  return { buffer, rows, fill: rowFiller(buffers, buffer, dispatch, place) }
}

/** As `RandomMatrix.fill`, for a matrix anywhere in a buffer. */
export function rowFiller(
  buffers: TempBuffers,
  into: Resource,
  dispatch: Pick<Dispatch, 'imports' | 'kernel'>,
  place: MatrixPlacement,
): FillRows {
  const format = expectDefined(weightFormatOf(dispatch), `the weight format of ${dispatch.kernel.name}`)
  const scale = scaleTypeOf(format, place.block)
  const { base, stride, firstScale, scaleStride, block } = place
  return (rows, cols) => {
    const codes = rows.map((row) => randomCodes(format, stride, row))
    writeRows(buffers, into, { base, stride }, { rows, words: codes })
    const blocks = [...new Set(rows.map((row) => Math.floor(row / block.rows)))]
    const scales = new Map(
      blocks.map((row) => [row, scale && randomScales(scale, scaleStride, row)] as const),
    )
    if (scale)
      writeRows(
        buffers,
        into,
        { base: firstScale, stride: scaleStride },
        { rows: blocks, words: blocks.map((row) => scales.get(row) ?? new Uint32Array()) },
      )
    return rows.map((row, i) => {
      const rowScales = scales.get(Math.floor(row / block.rows)) ?? new Uint32Array()
      return dequantizeRow(format, codes[i] ?? new Uint32Array(), rowScales, block).subarray(0, cols)
    })
  }
}

/** Writes rows of words where they lie in a buffer, adjacent ones together. */
function writeRows(
  buffers: TempBuffers,
  into: Resource,
  { base, stride }: Pick<MatrixPlacement, 'base' | 'stride'>,
  { rows, words }: { readonly rows: readonly number[]; readonly words: readonly Uint32Array[] },
): void {
  for (let start = 0, end = 1; start < rows.length; start = end++) {
    const first = rows[start] ?? 0
    while (rows[end] === first + end - start) end++
    const run = new Uint32Array((end - start) * stride)
    for (let i = start; i < end; i++) run.set(words[i] ?? [], (i - start) * stride)
    buffers.write(into, run, base + first * stride)
  }
}

/** What the words of scales hold. */
export interface ScaleType {
  readonly dtype: ScaleDtype
  readonly offset?: true // each scale is followed by an offset
}

/** The type of a format's scales, in matrices of these blocks; undefined without scales. */
export function scaleTypeOf(format: StorageFormat, { dtype }: ScaleBlock): ScaleType | undefined {
  const { scale } = FORMATS[format]
  return scale && { ...scale, dtype: dtype ?? scale.dtype }
}

/** `words` words of random scales. */
export function randomScales(type: ScaleType, words: number, row: number): Uint32Array<ArrayBuffer> {
  const scales = new Uint32Array(words)
  fillRandomWords(scales, row + 1)
  makeScales(scales, type)
  return scales
}

/** Turns any words into scales of about ±2^-8 and offsets of about ±2^-4. */
export function makeScales(words: Uint32Array, { dtype, offset }: ScaleType): void {
  const [kept, scales, offsets] = SCALE_BITS[dtype]
  words.forEach((word, i) => {
    const withOffset = offset && (dtype !== 'F32' || i % 2 === 1)
    words[i] = (word & kept) | (withOffset ? offsets : scales)
  })
}

/** Bits of a word that stay random, and the other ones: of scales, and of words with an offset. */
const SCALE_BITS: Readonly<Record<ScaleDtype, readonly [kept: number, scales: number, offsets: number]>> = {
  F32: [0x80ffffff, 0x3b000000, 0x3d000000],
  BF16: [0x80ff80ff, 0x3b003b00, 0x3d003b00],
  F16: [0x83ff83ff, 0x1c001c00, 0x2c001c00],
}

/**
 * Dequantizes a row, padding included: codes times the scale of their block, plus its offset.
 * @param scales of the row's block row; empty for formats without scales
 */
export function dequantizeRow(
  format: StorageFormat,
  codes: Uint32Array<ArrayBuffer>,
  scales: Uint32Array<ArrayBuffer>,
  block: ScaleBlock,
): Float64Array {
  const numbers = decodeCodes(format, codes)
  const type = scaleTypeOf(format, block)
  if (!type) return new Float64Array(numbers)
  const factors = toF32(type.dtype, bytesOf(scales))
  if (!type.offset) return applyScales(numbers, factors, block.cols)
  const scaled = applyScales(
    numbers,
    factors.filter((_, i) => i % 2 === 0),
    block.cols,
  )
  return scaled.map((value, i) => value + (factors[2 * Math.floor(i / block.cols) + 1] ?? 0))
}

/** Multiplies numbers by factors, each of which `count` consecutive numbers share. */
export function applyScales(numbers: NumberArray, factors: NumberArray, count: number): Float64Array {
  const scaled = new Float64Array(numbers)
  for (let i = 0; i < scaled.length; i++)
    scaled[i] = (scaled[i] as number) * (factors[Math.floor(i / count)] ?? 0)
  return scaled
}

/** Random codes; those of a row share an exponent (see `RandomCodes`). */
export function randomCodes(format: StorageFormat, words: number, row: number): Uint32Array<ArrayBuffer> {
  const codes = new Uint32Array(words)
  fillRandomWords(codes, row + 1)
  const { check } = FORMATS[format].random
  for (let i = 0; i < words; i++) codes[i] = check(codes[i] as number, row % 16)
  return codes
}

/** Decodes codes without applying scales. */
export function decodeCodes(format: StorageFormat, words: Uint32Array<ArrayBuffer>): NumberArray {
  const { dtype, bits, scale } = FORMATS[format]
  if (isFloatDtype(dtype)) return toF32(dtype, bytesOf(words))
  const Bytes = scale?.offset ? Uint8Array : Int8Array
  const bytes = new Bytes(words.buffer, words.byteOffset, words.byteLength)
  if (bits === 8) return bytes
  // 16 bytes hold 32 columns: the first 16 in the low 4 bits, the others in the high 4 bits.
  return Array.from({ length: 2 * bytes.length }, (_, col) => {
    const byte = bytes[16 * Math.floor(col / 32) + (col % 16)] ?? 0
    if (col % 32 >= 16) return byte >> 4
    return scale?.offset ? byte & 15 : (byte << 28) >> 28
  })
}

const bytesOf = (words: Uint32Array<ArrayBuffer>): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
