// Answers: how does a weight matrix lie in GPU buffers? Row stride, scales, splitting into parts no larger than a binding.
// It must not know which matrix it is or where its bytes come from.
import { HadalError } from '../lib/error.ts'

/** Columns and rows that share one scale. */
export interface BlockShape {
  readonly rows: number
  readonly cols: number
}

interface FormatFacts {
  readonly bits: number // of one weight
  readonly scaleBits: 0 | 16 | 32 // of one scale
  readonly block?: BlockShape // where the format itself says what shares a scale, and not the file
}

const GROUP: BlockShape = { rows: 1, cols: 32 }

/** Storage formats on the GPU; each is a module of shaders/weights and an entry here. */
export const FORMATS = {
  f32: { bits: 32, scaleBits: 0 },
  f16: { bits: 16, scaleBits: 0 },
  bf16: { bits: 16, scaleBits: 0 },
  fp8_block: { bits: 8, scaleBits: 32 },
  q8: { bits: 8, scaleBits: 16, block: GROUP },
  q4: { bits: 4, scaleBits: 16, block: GROUP },
} as const satisfies Record<string, FormatFacts>

export type Format = keyof typeof FORMATS

/** Columns of one chunk: rows are padded with zeros to whole chunks, so that every load is an aligned vec4. */
export const CHUNK = 16

export const padTo = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple

/** The layout of a matrix [rows, cols], before it is cut into parts. It may be several stored matrices, one under the other. */
export interface MatrixLayout {
  readonly format: Format
  readonly starts: readonly number[] // first row of each stored matrix
  readonly rows: number
  readonly cols: number
  readonly stride: number // of a row, in vec4<u32> (16 bytes)
  readonly block: BlockShape // what shares a scale; single rows where the format has none
  readonly scaleStride: number // words of scales per block row, two f16-sized ones in a word; 0 without scales
}

/** A run of rows in one buffer. Its scales follow its rows. */
export interface PartLayout {
  readonly firstRow: number // a multiple of the block's rows
  readonly rows: number
  readonly scales: number // first scale, in words from the start of the part
  readonly bytes: number
}

/** Of formats without scales: wide enough that kernels look for one scale a pair of chunks, not two. */
const NO_BLOCK: BlockShape = { rows: 1, cols: 8 * CHUNK }
const FILE_BLOCK: BlockShape = { rows: 128, cols: 128 }

/**
 * Lays stored matrices of `heights` rows and `cols` columns under each other. With scales, each begins at a whole block row, so that a
 * scale keeps belonging to the same weights; the rows skipped are zero. `block` is for formats whose blocks the file decides.
 * Throws `unsupported` for block widths that would put two scales into one chunk.
 */
export function layoutMatrix(
  format: Format,
  heights: readonly number[],
  cols: number,
  block: BlockShape = FILE_BLOCK,
): MatrixLayout {
  const facts: FormatFacts = FORMATS[format]
  const own = facts.block ?? (facts.scaleBits > 0 ? block : NO_BLOCK)
  if (own.cols % CHUNK !== 0) {
    throw new HadalError(
      'unsupported',
      `weight_block_size [${own.rows}, ${own.cols}]: the width must be a multiple of ${CHUNK}.`,
    )
  }
  const starts: number[] = []
  let rows = 0
  for (const height of heights) {
    rows = padTo(rows, own.rows)
    starts.push(rows)
    rows += height
  }
  return {
    format,
    starts,
    rows,
    cols,
    stride: Math.ceil((padTo(cols, CHUNK) * facts.bits) / 128),
    block: own,
    scaleStride: Math.ceil((Math.ceil(cols / own.cols) * facts.scaleBits) / 32),
  }
}

/** Whether rows of the one are rows of the other, byte for byte. */
export const sameStorage = (a: MatrixLayout, b: MatrixLayout): boolean =>
  a.format === b.format && a.block.rows === b.block.rows && a.block.cols === b.block.cols

/** Columns of a row whose codes and scales fill words of their own: what can be written without touching a neighbour's. */
export function spanOf({ format, block }: MatrixLayout): number {
  const { scaleBits } = FORMATS[format]
  return scaleBits === 0 ? CHUNK : (block.cols * 32) / scaleBits
}

/** The layout of `rows` rows from `firstRow` on, with their scales behind them; bytes are a multiple of 16. */
export function layoutPart(matrix: MatrixLayout, firstRow: number, rows: number): PartLayout {
  const weightBytes = rows * matrix.stride * 16
  const scaleBytes = Math.ceil(rows / matrix.block.rows) * matrix.scaleStride * 4
  return { firstRow, rows, scales: weightBytes / 4, bytes: padTo(weightBytes + scaleBytes, 16) }
}

/** WebGPU lets a grid be 65,535 workgroups wide, and no variant of decode gives one fewer than two rows. */
const MOST_ROWS = 2 * 65_535

/**
 * Cuts a matrix into parts of at most `maxBytes`, and of no more rows than a grid takes. Cuts fall on multiples of 64 rows and of the block's
 * rows, so that scales stay whole and a part's outputs start at an offset that WebGPU lets a buffer be bound at (256 bytes).
 */
export function splitMatrix(matrix: MatrixLayout, maxBytes: number): PartLayout[] {
  const whole = layoutPart(matrix, 0, matrix.rows)
  if (whole.bytes <= maxBytes && matrix.rows <= MOST_ROWS) return [whole]
  const unit = leastCommonMultiple(64, matrix.block.rows)
  const unitBytes = layoutPart(matrix, 0, unit).bytes
  const units = Math.floor(Math.min(maxBytes / unitBytes, MOST_ROWS / unit))
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

/** Asked for when a recorded dispatch is bound, not before: what a step takes is known without a GPU. */
export type LateBuffer = () => GPUBuffer

/** The buffer of what is only planned: a graph may name it, and must never be bound to it. */
export const nowhere: LateBuffer = () => {
  throw new HadalError('internal', 'A planned buffer was bound.')
}

/** A matrix on the GPU. */
export interface GpuMatrix extends MatrixLayout {
  readonly parts: readonly (PartLayout & { readonly buffer: LateBuffer })[]
}

/** A vector on the GPU: f32, padded with zeros to a multiple of 16 elements. */
export interface GpuVector {
  readonly buffer: LateBuffer
  readonly length: number
}

/** One matrix among many in a bank: its layout, with the place of its scales. */
export type SlotLayout = MatrixLayout & PartLayout

/** The matrices of a layer's experts in banks no larger than a binding, and the page table that finds them. */
export interface GpuBank {
  readonly routed: SlotLayout
  readonly shared: SlotLayout | undefined // the shared expert has its own size; absent when the model has none
  readonly banks: readonly LateBuffer[]
  readonly slots: LateBuffer // [experts + 1, 2] u32: bank, first vec4 within it; the last entry is the shared expert's
}

/** The part of a matrix that kernels need whole. Throws `unsupported` when the device's bindings are too small for that. */
export function onlyPart(matrix: GpuMatrix): GpuMatrix['parts'][number] {
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
