// Packs matrices into the stored weight formats, and knows the numbers they then hold.
import {
  FORMATS,
  isFloatDtype,
  type ScaleBlock,
  STORAGE_FORMATS,
  type StorageFormat,
  weightModule,
} from '../../src/gpu/formats.ts'
import { blockConstants, layoutMatrix, layoutPart } from '../../src/gpu/matrix.ts'
import { expectDefined } from '../../src/lib/error.ts'
import { decodeBF16, decodeE4M3, decodeF16, encodeBF16, encodeE4M3, encodeF16 } from '../../src/lib/float.ts'
import { QUANTIZED_FORMATS, quantize } from '../../src/reference/quantize.ts'
import { storeAffine } from './affine.ts'
import { normals } from './numbers.ts'

export type WeightFormat = StorageFormat
export const WEIGHT_FORMATS = STORAGE_FORMATS

/** The kUnroll modules for reading weights of a format when an invocation has whole rows to itself. */
export const kUnrollModules = (format: WeightFormat): readonly string[] =>
  FORMATS[format].pairScales
    ? ['shared/k_unroll_pair', 'shared/k_unroll_two_pairs']
    : ['shared/k_unroll_pair']

/** A matrix in the engine's layout: padded rows, then the scales on a 16-byte boundary. */
export interface PackedMatrix {
  readonly rows: number
  readonly cols: number
  readonly words: Uint32Array<ArrayBuffer>
  readonly values: Float64Array // [rows, cols], the dequantized numbers
  readonly imports: { readonly weights: string }
  readonly constants: {
    readonly STRIDE: number
    readonly SCALES: number
    readonly SCALE_STRIDE: number
    readonly BLOCK_ROWS: number
    readonly BLOCK_COLS: number
    readonly SCALE_TYPE?: number
  }
}

/** Encodes and stores one number; returns its decoded value. */
export const STORE_NUMBER = {
  F32: (view, index, value) => {
    view.setFloat32(4 * index, value, true)
    return view.getFloat32(4 * index, true)
  },
  BF16: (view, index, value) => {
    view.setUint16(2 * index, encodeBF16(value), true)
    return decodeBF16(view.getUint16(2 * index, true))
  },
  F16: (view, index, value) => {
    view.setUint16(2 * index, encodeF16(value), true)
    return decodeF16(view.getUint16(2 * index, true))
  },
  F8_E4M3: (view, index, value) => {
    view.setUint8(index, encodeE4M3(value))
    return decodeE4M3(view.getUint8(index))
  },
} satisfies Record<string, (view: DataView, index: number, value: number) => number>

/**
 * Packs `source` [rows, cols]. For fp8_block, each block is scaled so that its largest number becomes 448.
 * Formats with offsets use `blocks` only if they name a type of scales.
 */
export function packMatrix(
  source: ArrayLike<number>,
  cols: number,
  format: WeightFormat,
  blocks: ScaleBlock = { rows: 128, cols: 128 },
): PackedMatrix {
  const rows = source.length / cols
  const { dtype, scale } = FORMATS[format]
  const chosen = scale?.offset && !blocks.dtype ? undefined : blocks
  const layout = layoutMatrix(format, [rows], cols, chosen)
  const part = layoutPart(layout, 0, rows)
  const words = new Uint32Array(part.bytes / 4)
  const into = { words, stride: layout.stride, scales: part.scales, scaleStride: layout.scaleStride }
  const values = isFloatDtype(dtype)
    ? storeNumbers(source, { cols, format, dtype, blocks }, into)
    : scale?.offset
      ? storeAffine(source, layout, into)
      : storeGroups(source, cols, format, into)
  return {
    rows,
    cols,
    words,
    values,
    imports: { weights: weightModule(format) },
    constants: {
      STRIDE: layout.stride,
      SCALES: part.scales,
      SCALE_STRIDE: layout.scaleStride,
      ...blockConstants(layout),
    },
  }
}

/** Memory and layout of a packed matrix. */
export interface PackedTarget {
  readonly words: Uint32Array<ArrayBuffer>
  readonly stride: number // of a row, in vec4s
  readonly scales: number // first scale, in words
  readonly scaleStride: number // in words
}

function storeNumbers(
  source: ArrayLike<number>,
  matrix: {
    readonly cols: number
    readonly format: WeightFormat
    readonly dtype: keyof typeof STORE_NUMBER
    readonly blocks: ScaleBlock
  },
  into: PackedTarget,
): Float64Array {
  const { cols, format, dtype, blocks } = matrix
  const { bits, scale: scaled } = FORMATS[format]
  const rows = source.length / cols
  const view = new DataView(into.words.buffer)
  const scales = scaled ? blockScales(source, rows, cols, blocks) : new Float32Array(0)
  const storedCols = (into.stride * 128) / bits // columns of a row, padding included
  const values = Float64Array.from({ length: rows * cols }, (_, i) => {
    const [row, col] = [Math.floor(i / cols), i % cols]
    const scale =
      scales[Math.floor(row / blocks.rows) * into.scaleStride + Math.floor(col / blocks.cols)] ?? 1
    return scale * STORE_NUMBER[dtype](view, row * storedCols + col, (source[i] ?? 0) / scale)
  })
  new Float32Array(into.words.buffer).set(scales, into.scales)
  return values
}

/**
 * Packs the codes of src/reference `quantize`.
 */
function storeGroups(
  source: ArrayLike<number>,
  cols: number,
  format: WeightFormat,
  into: PackedTarget,
): Float64Array {
  const target = expectDefined(
    QUANTIZED_FORMATS.find((known) => known === format),
    `the reference of ${format}`,
  )
  const { codes, scales, values, group } = quantize(source, cols, target)
  codes.forEach((code, i) => {
    storeCode(into, FORMATS[format].bits, [Math.floor(i / cols), i % cols], code)
  })
  const halves = new Uint16Array(into.words.buffer)
  const groups = Math.ceil(cols / group)
  scales.forEach((scale, i) => {
    halves[2 * (into.scales + Math.floor(i / groups) * into.scaleStride) + (i % groups)] = encodeBF16(scale)
  })
  return values
}

/** Stores an integer code; see shaders/weights/q8.wgsl and q4.wgsl for the order of bytes. */
export function storeCode(
  into: PackedTarget,
  bits: number,
  [row, col]: readonly [row: number, col: number],
  code: number,
): void {
  const bytes = new Uint8Array(into.words.buffer, 16 * row * into.stride)
  if (bits === 8) {
    bytes[col] = code
    return
  }
  const at = 16 * Math.floor(col / 32) + (col % 16)
  bytes[at] = (bytes[at] ?? 0) | ((code & 15) << (col % 32 < 16 ? 0 : 4))
}

/** A random matrix whose rows differ in magnitude, so that a wrong row or scale is detected. */
export function randomMatrix(
  [rows, cols]: readonly [rows: number, cols: number],
  format: WeightFormat,
  seed: number,
  blocks?: ScaleBlock,
): PackedMatrix {
  const source = normals(rows * cols, seed).map(
    (value, i) => value * (0.02 + 0.01 * (Math.floor(i / cols) % 7)),
  )
  return packMatrix(source, cols, format, blocks)
}

function blockScales(
  source: ArrayLike<number>,
  rows: number,
  cols: number,
  blocks: ScaleBlock,
): Float32Array {
  const scaleStride = Math.ceil(cols / blocks.cols)
  const scales = new Float32Array(Math.ceil(rows / blocks.rows) * scaleStride)
  for (let i = 0; i < rows * cols; i++) {
    const offset = Math.floor(i / cols / blocks.rows) * scaleStride + Math.floor((i % cols) / blocks.cols)
    scales[offset] = Math.max(scales[offset] ?? 0, Math.abs(source[i] ?? 0) / 448)
  }
  return scales.map((scale) => scale || 1)
}
