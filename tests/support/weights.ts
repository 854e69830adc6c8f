// Answers: how does a test put a matrix onto the GPU in one of the stored formats, and which numbers does it then hold?
import { decodeBF16, decodeE4M3, decodeF16, encodeBF16, encodeE4M3, encodeF16 } from '../../src/lib/float.ts'
import { normals } from './numbers.ts'

export type WeightFormat = 'f32' | 'bf16' | 'f16' | 'fp8_block'
export const WEIGHT_FORMATS: readonly WeightFormat[] = ['f32', 'bf16', 'f16', 'fp8_block']

/** Vec4s of 16 bytes that hold a chunk of 16 columns. */
const CHUNK_VEC4S = { f32: 4, bf16: 2, f16: 2, fp8_block: 1 } as const

export interface Blocks {
  readonly rows: number
  readonly cols: number
}

/** A matrix in the engine's layout: rows of whole chunks, then the scales on a 16-byte boundary. */
export interface PackedMatrix {
  readonly rows: number
  readonly cols: number
  readonly words: Uint32Array<ArrayBuffer>
  readonly values: Float64Array // [rows, cols], what the stored numbers mean
  readonly imports: { readonly weights: string }
  readonly constants: {
    readonly STRIDE: number
    readonly SCALES: number
    readonly SCALE_STRIDE: number
    readonly BLOCK_ROWS: number
    readonly BLOCK_COLS: number
  }
}

/** Stores one number and returns what the stored code means. */
const STORE: Record<WeightFormat, (view: DataView, index: number, value: number) => number> = {
  f32: (view, index, value) => {
    view.setFloat32(4 * index, value, true)
    return view.getFloat32(4 * index, true)
  },
  bf16: (view, index, value) => {
    view.setUint16(2 * index, encodeBF16(value), true)
    return decodeBF16(view.getUint16(2 * index, true))
  },
  f16: (view, index, value) => {
    view.setUint16(2 * index, encodeF16(value), true)
    return decodeF16(view.getUint16(2 * index, true))
  },
  fp8_block: (view, index, value) => {
    view.setUint8(index, encodeE4M3(value))
    return decodeE4M3(view.getUint8(index))
  },
}

/** Packs `source` [rows, cols]; for fp8_block each block is scaled so that its largest number becomes 448. */
export function packMatrix(
  source: ArrayLike<number>,
  cols: number,
  format: WeightFormat,
  blocks: Blocks = { rows: 128, cols: 128 },
): PackedMatrix {
  const rows = source.length / cols
  const chunks = Math.ceil(cols / 16)
  const stride = chunks * CHUNK_VEC4S[format]
  const scaleStride = Math.ceil(cols / blocks.cols)
  const scales = format === 'fp8_block' ? blockScales(source, rows, cols, blocks) : new Float32Array(0)
  const paddedScales = Math.ceil(scales.length / 4) * 4
  const words = new Uint32Array(rows * stride * 4 + paddedScales)
  const view = new DataView(words.buffer)
  const values = new Float64Array(rows * cols)
  for (let i = 0; i < values.length; i++) {
    const [row, col] = [Math.floor(i / cols), i % cols]
    const scale = scales[Math.floor(row / blocks.rows) * scaleStride + Math.floor(col / blocks.cols)] ?? 1
    values[i] = scale * STORE[format](view, row * chunks * 16 + col, (source[i] ?? 0) / scale)
  }
  new Float32Array(words.buffer).set(scales, rows * stride * 4)
  return {
    rows,
    cols,
    words,
    values,
    imports: { weights: `weights/${format}` },
    constants: {
      STRIDE: stride,
      SCALES: rows * stride * 4,
      SCALE_STRIDE: scaleStride,
      BLOCK_ROWS: blocks.rows,
      BLOCK_COLS: blocks.cols,
    },
  }
}

/** A random matrix, its rows of different sizes, so that a wrong row or scale shows. */
export function randomMatrix(
  rows: number,
  cols: number,
  format: WeightFormat,
  seed: number,
  blocks?: Blocks,
): PackedMatrix {
  const source = normals(rows * cols, seed).map(
    (value, i) => value * (0.02 + 0.01 * (Math.floor(i / cols) % 7)),
  )
  return packMatrix(source, cols, format, blocks)
}

function blockScales(source: ArrayLike<number>, rows: number, cols: number, blocks: Blocks): Float32Array {
  const scaleStride = Math.ceil(cols / blocks.cols)
  const scales = new Float32Array(Math.ceil(rows / blocks.rows) * scaleStride)
  for (let i = 0; i < rows * cols; i++) {
    const at = Math.floor(i / cols / blocks.rows) * scaleStride + Math.floor((i % cols) / blocks.cols)
    scales[at] = Math.max(scales[at] ?? 0, Math.abs(source[i] ?? 0) / 448)
  }
  return scales.map((scale) => scale || 1)
}
