// How one matrix lies in the tensors of its files: as floats, or as codes with scales and offsets.
import type { BlockShape } from '../gpu/formats.ts'
import type { MatrixLayout } from '../gpu/matrix.ts'
import { assertNever } from '../lib/error.ts'
import type { MatrixTarget, ScaleWords } from './matrix-writer.ts'
import type { TensorEntry } from './safetensors.ts'
import type { TensorWriter } from './tensor-writer.ts'

/** A tensor and what receives its bytes. */
export type TensorWriting = readonly [TensorEntry, TensorWriter]

/** The writers of one matrix. Those of rows may come before or after those of scales. */
export interface MatrixWriters {
  readonly rows: readonly TensorWriting[]
  readonly scales: readonly TensorWriting[] // and all else that lies beside the rows
}

/** Creates the writers of a matrix; `onScales` receives its scales when they are complete. */
export type CreateWriters = (
  queue: GPUQueue,
  target: MatrixTarget,
  onScales: (words: ScaleWords) => void,
) => MatrixWriters

interface MatrixBase {
  readonly name: string // of the weight in the model
  readonly label: string // for people: "MLX 4 bits, groups of 64"
  readonly storedLayout: MatrixLayout // its layout on the GPU, lossless, if it were alone
}

/** Rows of floats. */
export interface FloatMatrix extends MatrixBase {
  readonly kind: 'float'
  readonly weight: TensorEntry
}

/** Rows of FP8 codes; each scale covers a block. */
export interface Fp8Matrix extends MatrixBase {
  readonly kind: 'fp8'
  readonly weight: TensorEntry
  readonly scale: TensorEntry
  readonly scaleBlock: BlockShape
}

/** Rows and scales as they lie on the GPU, without padding: written by Hadal. */
export interface PackedMatrix extends MatrixBase {
  readonly kind: 'packed'
  readonly weight: TensorEntry
  readonly scale: TensorEntry
}

/** How integer codes, their scales and their zero points are ordered; see integer-packing.ts. */
export type IntegerOrder = 'rows' | 'bytes' | 'columns' | 'awq'

/** What is added to scale · code: stored floats, zero points times the scale, or the middle code times it. */
export type IntegerOffsets =
  | { readonly kind: 'stored'; readonly entry: TensorEntry }
  | { readonly kind: 'zeros'; readonly entry: TensorEntry; readonly plus: 0 | 1 }
  | { readonly kind: 'middle'; readonly entry?: TensorEntry } // stored all the same: the products themselves

/**
 * Integer codes with a scale and an offset for each group of a row: W = scale · code + offset, codes from 0.
 */
export interface IntegerMatrix extends MatrixBase {
  readonly kind: 'integer'
  readonly bits: number
  readonly groupSize: number | undefined // columns; undefined: the whole row
  readonly order: IntegerOrder
  readonly codes: TensorEntry
  readonly scales: TensorEntry
  readonly offsets: IntegerOffsets
  readonly shape: TensorEntry | undefined // must hold rows and columns
  readonly columnOrder: TensorEntry | undefined // the group of each column; must be in order
  readonly createWriters: CreateWriters // loaded with what finds such matrices
}

/**
 * kv_b_proj of MLA in halves, one matrix per head each: keys transposed [latent, nope], values [v, latent]. A
 * head's rows are its keys, then its values. Held until it is complete, then written as F32.
 */
export interface SplitKvMatrix extends MatrixBase {
  readonly kind: 'split kv'
  readonly keys: readonly (FloatMatrix | IntegerMatrix)[]
  readonly values: readonly (FloatMatrix | IntegerMatrix)[]
  readonly createWriters: CreateWriters
}

export type StoredMatrix = FloatMatrix | Fp8Matrix | PackedMatrix | IntegerMatrix | SplitKvMatrix

/** Every stored tensor that the matrix is read from. */
export function tensorsOfMatrix(matrix: StoredMatrix): readonly TensorEntry[] {
  switch (matrix.kind) {
    case 'float':
      return [matrix.weight]
    case 'fp8':
    case 'packed':
      return [matrix.weight, matrix.scale]
    case 'integer': {
      const { codes, scales, offsets, shape, columnOrder } = matrix
      return [codes, scales, offsets.entry, shape, columnOrder].filter((entry) => entry !== undefined)
    }
    case 'split kv':
      return [...matrix.keys, ...matrix.values].flatMap(tensorsOfMatrix)
    default:
      return assertNever(matrix, 'kind of stored matrix')
  }
}
