// Layout of weight matrices in GPU buffers: row stride, scales, and parts no larger than a binding.
import { HadalError } from '../lib/error.ts'
import { type BlockShape, FORMATS, SCALE_TYPES, type ScaleBlock, type StorageFormat } from './formats.ts'

/** Columns of a chunk. Rows are padded with zeros to whole chunks, so that every load is an aligned vec4. */
export const CHUNK = 16

/** Columns that share a scale and an offset in formats with both. */
export const GROUP_SIZES = [8 * CHUNK, 4 * CHUNK, 2 * CHUNK] as const

export const padTo = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple

/**
 * Layout of a matrix [rows, cols] before it is split into parts. It may stack several stored matrices
 * vertically.
 */
export interface MatrixLayout {
  readonly format: StorageFormat
  readonly starts: readonly number[] // first row of each stored matrix
  readonly rows: number
  readonly cols: number
  readonly stride: number // of a row, in vec4<u32> (16 bytes)
  readonly block: ScaleBlock // weights that share a scale; see NO_BLOCK for formats without scales
  readonly scaleStride: number // words of scales and offsets per block row; 0 without scales
}

/** Consecutive rows of a matrix in one buffer, followed by their scales. */
export interface PartLayout {
  readonly firstRow: number // a multiple of the block's rows
  readonly rows: number
  readonly scales: number // offset of the first scale, in 32-bit words from the start of the part
  readonly bytes: number
}

/** For formats without scales: wide enough that kernels look up one scale per pair of chunks, not two. */
const NO_BLOCK: BlockShape = { rows: 1, cols: 8 * CHUNK }

/**
 * Stacks stored matrices of `heights` rows and `cols` columns. With scales, each begins at a whole block row,
 * so that every scale still covers the same weights; skipped rows are zero. `block` applies to formats whose
 * blocks the file may define; formats with offsets take the type of scales from it too. Throws `unsupported`
 * if a chunk would need two scales.
 */
export function layoutMatrix(
  format: StorageFormat,
  heights: readonly number[],
  cols: number,
  block?: ScaleBlock,
): MatrixLayout {
  const { bits, scale } = FORMATS[format]
  const shape = (scale?.blockFromFile && block) ?? scale?.block ?? NO_BLOCK
  const scaleBlock: ScaleBlock = scale?.offset ? { dtype: scale.dtype, ...shape } : shape
  if (scaleBlock.cols % CHUNK !== 0) {
    throw new HadalError(
      'unsupported',
      `weight_block_size [${scaleBlock.rows}, ${scaleBlock.cols}]: the width must be a multiple of ${CHUNK}.`,
    )
  }
  const starts: number[] = []
  let rows = 0
  for (const height of heights) {
    rows = padTo(rows, scaleBlock.rows)
    starts.push(rows)
    rows += height
  }
  return {
    format,
    starts,
    rows,
    cols,
    stride: Math.ceil((padTo(cols, CHUNK) * bits) / 128),
    block: scaleBlock,
    scaleStride: Math.ceil((Math.ceil(cols / scaleBlock.cols) * scaleBitsOf(format, scaleBlock)) / 32),
  }
}

/** Bits of a block's scale and offset; 0 without scales. */
const scaleBitsOf = (format: StorageFormat, { dtype }: ScaleBlock): number => {
  const { scale } = FORMATS[format]
  return scale ? SCALE_BITS[dtype ?? scale.dtype] * (scale.offset ? 2 : 1) : 0
}
const SCALE_BITS = { F32: 32, BF16: 16, F16: 16 } as const

/** Whether both have the same format, block shape and type of scales, so that stored rows can be copied. */
export const sameStorage = (a: MatrixLayout, b: MatrixLayout): boolean =>
  a.format === b.format &&
  a.block.rows === b.block.rows &&
  a.block.cols === b.block.cols &&
  a.block.dtype === b.block.dtype

/** Shader constants of the blocks that share a scale; SCALE_TYPE only where the file decides it. */
export const blockConstants = ({ block: { rows, cols, dtype } }: Pick<MatrixLayout, 'block'>) => ({
  BLOCK_ROWS: rows,
  BLOCK_COLS: cols,
  ...(dtype && { SCALE_TYPE: SCALE_TYPES[dtype] }),
})

/**
 * The smallest run of columns whose codes and scales fill whole words, so that it can be written
 * independently.
 */
export function encodeSpanOf({ format, block }: MatrixLayout): number {
  const scaleBits = scaleBitsOf(format, block)
  return scaleBits === 0 ? CHUNK : (block.cols * 32) / scaleBits
}

/** Layout of `rows` rows from `firstRow` on, followed by their scales; `bytes` is a multiple of 16. */
export function layoutPart(matrix: MatrixLayout, firstRow: number, rows: number): PartLayout {
  const weightBytes = rows * matrix.stride * 16
  const scaleBytes = Math.ceil(rows / matrix.block.rows) * matrix.scaleStride * 4
  return { firstRow, rows, scales: weightBytes / 4, bytes: padTo(weightBytes + scaleBytes, 16) }
}

/**
 * A grid has at most 65,535 workgroups per dimension, and every variant of decode computes at least two rows
 * per workgroup.
 */
const MAX_PART_ROWS = 2 * 65_535

/**
 * Splits a matrix into parts of at most `maxBytes` and MAX_PART_ROWS rows. Parts begin at multiples of 64
 * rows and of the block's rows: blocks stay whole, and a part's outputs start at a multiple of 256 bytes, as
 * WebGPU requires of bindings. Throws `unsupported` if not even one such unit of rows fits.
 */
export function splitMatrix(matrix: MatrixLayout, maxBytes: number): PartLayout[] {
  const whole = layoutPart(matrix, 0, matrix.rows)
  if (whole.bytes <= maxBytes && matrix.rows <= MAX_PART_ROWS) return [whole]
  const unit = leastCommonMultiple(64, matrix.block.rows)
  const unitBytes = layoutPart(matrix, 0, unit).bytes
  const units = Math.floor(Math.min(maxBytes / unitBytes, MAX_PART_ROWS / unit))
  if (units === 0) {
    throw new HadalError(
      'unsupported',
      `${unit} rows of ${matrix.cols} columns do not fit a binding of ${maxBytes} bytes.`,
    )
  }
  const parts: PartLayout[] = []
  for (let row = 0; row < matrix.rows; row += units * unit) {
    parts.push(layoutPart(matrix, row, Math.min(units * unit, matrix.rows - row)))
  }
  return parts
}

function leastCommonMultiple(a: number, b: number): number {
  let [large, small] = [a, b]
  while (small !== 0) [large, small] = [small, large % small]
  return (a / large) * b
}

/** A buffer that is resolved only when a dispatch is bound, so that a step can be planned without a GPU. */
export type LazyBuffer = () => GPUBuffer

/** Buffer of a graph that is only planned. Throws `internal` when it is bound. */
export const unboundBuffer: LazyBuffer = () => {
  throw new HadalError('internal', 'A planned buffer was bound.')
}

/** A matrix on the GPU. */
export interface GpuMatrix extends MatrixLayout {
  readonly parts: readonly (PartLayout & { readonly buffer: LazyBuffer })[]
}

/** A vector on the GPU: f32, padded with zeros to a multiple of 16 elements. */
export interface GpuVector {
  readonly buffer: LazyBuffer
  readonly length: number
}

/** Layout of a matrix in a slot of a bank, with its scales. */
export type SlotLayout = MatrixLayout & PartLayout

/** The expert matrices of a layer in banks no larger than a binding, and the page table that locates them. */
export interface GpuBank {
  readonly routed: SlotLayout
  readonly shared: SlotLayout | undefined // the shared expert's own layout; undefined if the model has none
  readonly banks: readonly LazyBuffer[]
  readonly slots: LazyBuffer // [experts + 1, 2] u32: bank, first vec4 in it; the shared expert comes last
}

/**
 * The only part of a matrix that must not be split. Throws `unsupported` if it was, because bindings are too
 * small.
 */
export function unsplitPart(matrix: GpuMatrix): GpuMatrix['parts'][number] {
  const [part] = matrix.parts
  if (part && matrix.parts.length === 1) return part
  throw new HadalError(
    'unsupported',
    `A matrix of ${matrix.rows} × ${matrix.cols} must fit one binding of this device.`,
    {
      hint: 'Use a device with larger storage buffer bindings.',
    },
  )
}
