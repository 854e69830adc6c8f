// Writes the bytes of a stored tensor into GPU buffers as matrix rows, scales or a vector.
// Bytes are checked, padded and written as they arrive.
import type { MatrixLayout, PartLayout } from '../gpu/matrix.ts'
import { HadalError } from '../lib/error.ts'
import { type FloatType, toF32 } from '../lib/float.ts'
import { checkFinite, checkFiniteValues } from './finite.ts'
import type { TensorEntry } from './safetensors.ts'
import {
  f64Rounder,
  invalidTensor,
  type LinePlacement,
  lineWriter,
  type TensorWriter,
} from './tensor-writer.ts'

/** Where a part of a matrix lies: in which buffer, from which byte offset. */
export interface PartPlacement {
  readonly part: PartLayout
  readonly buffer: GPUBuffer
  readonly offset: number // bytes, a multiple of 16
  /** Called when the last row of the part has been written: the buffer range may then hold another part. */
  readonly onFilled?: () => void
}

/** Where a stored matrix goes: from row `start` of the layout on, into the parts that hold those rows. */
export interface MatrixTarget {
  readonly layout: MatrixLayout
  readonly start: number
  readonly placements: readonly PartPlacement[]
}

/**
 * Writes the rows of a stored matrix [rows, cols] to the GPU, beginning at row `start` of the layout. Rows
 * are padded to the layout's stride; whole rows that need no padding are written without a copy. F64 is
 * rounded to F32. Errors: `bad_file` for a number that is not finite; `unsupported` for another dtype.
 */
export function rowWriter(queue: GPUQueue, entry: TensorEntry, target: MatrixTarget): TensorWriter {
  const { layout, start, placements } = target
  if (entry.dtype === 'F64') {
    const asF32: TensorEntry = { ...entry, dtype: 'F32', end: (entry.start + entry.end) / 2 }
    return f64Rounder(rowWriter(queue, asF32, target))
  }
  const type = expectDtype(entry, WEIGHT_DTYPES)
  return lineWriter(queue, entry, {
    lineBytes: (entry.end - entry.start) / (entry.shape[0] ?? 0),
    strideBytes: layout.stride * 16,
    firstLine: start,
    placements: placements.map(rowPlacement),
    check: (bytes, row) => checkFinite(entry, type, bytes, row * layout.cols),
  })
}

/** Where the rows of a part lie. */
export const rowPlacement = ({
  part: { firstRow, rows },
  buffer,
  offset,
  onFilled,
}: PartPlacement): LinePlacement => {
  return { firstLine: firstRow, lines: rows, buffer, offset, onFilled }
}

/** Where the scales of a part lie: after its rows, one line per block row. */
export const scalePlacement =
  ({ block }: MatrixLayout) =>
  ({ part: { firstRow, rows, scales }, buffer, offset }: PartPlacement): LinePlacement => ({
    firstLine: firstRow / block.rows,
    lines: Math.ceil(rows / block.rows),
    buffer,
    offset: offset + scales * 4,
  })

/** A larger scale would turn the largest FP8 number into infinity. */
const MAX_SCALE = 3e38 / 448

/** Collects the block scales of a matrix and passes them on. They must be finite, also times any weight. */
export function scaleCollector(
  entry: TensorEntry,
  onCollected: (scales: Float32Array<ArrayBuffer>) => void,
): TensorWriter {
  return tensorCollector(entry, SCALE_DTYPES, (scales) => {
    const stride = entry.shape[1] ?? 1
    const badIndex = scales.findIndex((scale) => !(Math.abs(scale) <= MAX_SCALE))
    if (badIndex < 0) return onCollected(scales)
    const position = `[${Math.floor(badIndex / stride)}, ${badIndex % stride}]`
    throw invalidTensor(entry, `holds ${scales[badIndex]} at ${position}; a scale must be finite`)
  })
}

/** Scales of a matrix as a layout has them: `scaleStride` words for each block row. */
export type ScaleWords = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

/** Writes scales after the rows of each part, from the block row of row `start` on. */
export function writeScales(
  queue: GPUQueue,
  scales: ScaleWords,
  { layout, start, placements }: MatrixTarget,
): void {
  const stride = layout.scaleStride
  const firstBlock = start / layout.block.rows
  for (const { part, buffer, offset } of placements) {
    const partBlock = part.firstRow / layout.block.rows
    const blocks = Math.ceil(part.rows / layout.block.rows)
    const from = Math.max(firstBlock, partBlock)
    const to = Math.min(firstBlock + scales.length / stride, partBlock + blocks)
    if (from >= to) continue
    const partScales = scales.subarray((from - firstBlock) * stride, (to - firstBlock) * stride)
    queue.writeBuffer(buffer, offset + (part.scales + (from - partBlock) * stride) * 4, partScales)
  }
}

/** Writes a vector as f32, from element `first` of the buffer on. Its numbers must be finite. */
export function vectorWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  buffer: GPUBuffer,
  first: number,
): TensorWriter {
  return tensorCollector(entry, VECTOR_DTYPES, (values) => {
    checkFiniteValues(entry, values, 0)
    queue.writeBuffer(buffer, first * 4, values)
  })
}

/** Stored types a vector may have. */
export const VECTOR_DTYPES = ['F32', 'F16', 'BF16', 'F64'] as const
const WEIGHT_DTYPES = ['F32', 'F16', 'BF16', 'F8_E4M3'] as const
/** Stored types scales may have. A byte of E8M0 is a power of two; its NaN is rejected like any other. */
export const SCALE_DTYPES = [...VECTOR_DTYPES, 'F8_E8M0'] as const

/** Collects a small tensor of one of these types and passes it on as f32. */
function tensorCollector(
  entry: TensorEntry,
  types: readonly FloatType[],
  onCollected: (values: Float32Array<ArrayBuffer>) => void,
): TensorWriter {
  const type = expectDtype(entry, types)
  const bytes = new Uint8Array(entry.end - entry.start)
  let filled = 0
  return {
    push(slice) {
      bytes.set(slice, filled)
      filled += slice.length
    },
    end: () => onCollected(toF32(type, bytes)),
  }
}

/** The stored type of a tensor. Errors: `unsupported` if it is none of `types`. */
export function expectDtype<const T extends FloatType>(entry: TensorEntry, types: readonly T[]): T {
  const type = types.find((candidate) => candidate === entry.dtype)
  if (type) return type
  throw new HadalError(
    'unsupported',
    `${entry.file}: ${entry.name} is stored as ${entry.dtype}. Hadal reads ${types.join(', ')} here.`,
    {
      file: entry.file,
      tensor: entry.name,
      hint: 'Use a version of the model that is stored in these types.',
    },
  )
}
