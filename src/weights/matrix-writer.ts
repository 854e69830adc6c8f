// Answers: how do the bytes of a stored tensor become rows of a GPU matrix, scales or a vector? Checked, padded and written as they arrive.
// It must not know which tensor of the model it is, nor where the bytes come from.
import type { MatrixLayout, PartLayout } from '../gpu/matrix.ts'
import { HadalError } from '../lib/error.ts'
import { type FloatType, toF32 } from '../lib/float.ts'
import { refuseNonFinite, refuseOneOf } from './finite.ts'
import type { TensorEntry } from './safetensors.ts'
import { brokenTensor, type LinePlace, lineWriter, type TensorWriter } from './tensor-writer.ts'

/** A place for rows: a part of a matrix, from a byte offset in a buffer. */
export interface Placed {
  readonly part: PartLayout
  readonly buffer: GPUBuffer
  readonly offset: number // bytes, a multiple of 16
  /** Called when the last row of the part has been written: the place may then be used for another part. */
  readonly filled?: () => void
}

/**
 * Writes the rows of a stored matrix from row `start` of its layout on, which must all be finite. Rows are padded to the layout's
 * stride; whole rows that need no padding go straight from the piece to the GPU.
 */
export function rowWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  const type = floatType(entry, WEIGHT_TYPES)
  return lineWriter(queue, entry, {
    lineBytes: (entry.end - entry.start) / (entry.shape[0] ?? 0),
    strideBytes: layout.stride * 16,
    start,
    places: places.map(rowsOf),
    check: (bytes, row) => refuseNonFinite(entry, type, bytes, row * layout.cols),
  })
}

/** Where the rows of a part are. */
export const rowsOf = ({ part: { firstRow, rows }, buffer, offset, filled }: Placed): LinePlace => {
  return { firstLine: firstRow, lines: rows, buffer, offset, filled }
}

/** Where the scales behind the rows of a part are, a line for each block row. */
export const scalesOf =
  ({ block }: MatrixLayout) =>
  ({ part: { firstRow, rows, scales }, buffer, offset }: Placed): LinePlace => ({
    firstLine: firstRow / block.rows,
    lines: Math.ceil(rows / block.rows),
    buffer,
    offset: offset + scales * 4,
  })

/** Writes the block scales of a matrix: f32, from the block row of row `start` on. */
export function scaleWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  return scaleReader(entry, (scales) => writeScales(queue, scales, layout, start, places))
}

/** So large a scale would make infinity of the largest FP8 number. */
const MOST_SCALE = 3e38 / 448

/** Gathers the block scales of a matrix, which must be finite, also when multiplied with a weight. */
export function scaleReader(
  entry: TensorEntry,
  done: (scales: Float32Array<ArrayBuffer>) => void,
): TensorWriter {
  return whole(entry, SCALE_TYPES, (scales) => {
    const stride = entry.shape[1] ?? 1
    const bad = scales.findIndex((scale) => !(Math.abs(scale) <= MOST_SCALE))
    if (bad < 0) return done(scales)
    const place = `[${Math.floor(bad / stride)}, ${bad % stride}]`
    throw brokenTensor(entry, `holds ${scales[bad]} at ${place}; a scale must be finite`)
  })
}

/** Writes block scales [block rows, block columns] behind the rows of each part, from the block row of row `start` on. */
export function writeScales(
  queue: GPUQueue,
  scales: Float32Array<ArrayBuffer>,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): void {
  const stride = layout.scaleStride
  const firstBlock = start / layout.block.rows
  for (const { part, buffer, offset } of places) {
    const partBlock = part.firstRow / layout.block.rows
    const blocks = Math.ceil(part.rows / layout.block.rows)
    const from = Math.max(firstBlock, partBlock)
    const to = Math.min(firstBlock + scales.length / stride, partBlock + blocks)
    if (from >= to) continue
    const own = scales.subarray((from - firstBlock) * stride, (to - firstBlock) * stride)
    queue.writeBuffer(buffer, offset + (part.scales + (from - partBlock) * stride) * 4, own)
  }
}

/** Writes a vector, whose numbers must be finite, as f32, from element `first` of the buffer on. */
export function vectorWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  buffer: GPUBuffer,
  first: number,
): TensorWriter {
  return whole(entry, VALUE_TYPES, (values) => {
    refuseOneOf(entry, values, 0)
    queue.writeBuffer(buffer, first * 4, values)
  })
}

/** Types of vectors. */
export const VALUE_TYPES = ['F32', 'F16', 'BF16'] as const
const WEIGHT_TYPES = [...VALUE_TYPES, 'F8_E4M3'] as const
/** A byte of E8M0 is a power of two (its NaN is refused with the others). */
export const SCALE_TYPES = [...VALUE_TYPES, 'F8_E8M0'] as const

/** Gathers a small tensor of one of these types and hands it over as f32. */
function whole(
  entry: TensorEntry,
  types: readonly FloatType[],
  done: (values: Float32Array<ArrayBuffer>) => void,
): TensorWriter {
  const type = floatType(entry, types)
  const bytes = new Uint8Array(entry.end - entry.start)
  let filled = 0
  return {
    push(piece) {
      bytes.set(piece, filled)
      filled += piece.length
    },
    end: () => done(new Float32Array(toF32(type, bytes))),
  }
}

/** The type of a tensor. Throws `unsupported` for any but these. */
export function floatType<const T extends FloatType>(entry: TensorEntry, types: readonly T[]): T {
  const type = types.find((each) => each === entry.dtype)
  if (type) return type
  throw new HadalError(
    'unsupported',
    `${entry.file}: ${entry.name} is stored as ${entry.dtype}; ${types.join(', ')} are read here.`,
    {
      file: entry.file,
      tensor: entry.name,
    },
  )
}
