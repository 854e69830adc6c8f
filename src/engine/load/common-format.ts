// Chooses the format in which one dispatch reads several stored matrices together.
import { FORMATS, QUANTIZATION_TARGETS, type ScaleBlock, type StorageFormat } from '../../gpu/formats.ts'
import { type MatrixLayout, sameStorage } from '../../gpu/matrix.ts'
import { expectDefined } from '../../lib/error.ts'
import type { StoredMatrix } from '../../weights/stored-matrix.ts'
import type { Quantize } from './quantization.ts'

export interface PlannedFormat {
  readonly format: StorageFormat
  readonly block?: ScaleBlock | undefined
}

/**
 * The common format of matrices that one dispatch reads together. Matrices that others quantised stay as they
 * are unless the quantization has fewer bits: converting them would lose precision and save nothing.
 */
export function commonFormat(storedMatrices: readonly StoredMatrix[], quantize: Quantize): PlannedFormat {
  const stored = losslessFormat(storedMatrices)
  if (quantize === 'none') return stored
  const { format, block } = QUANTIZATION_TARGETS[quantize]
  const { scale, bits, published } = FORMATS[stored.format]
  const isFinal = published ?? storedMatrices.every(({ kind }) => kind !== 'packed')
  if (isFinal && scale && FORMATS[format].bits >= bits) return stored
  return { format, block }
}

/**
 * A format that holds all matrices without loss: their own if it is the same, FP8 in smaller blocks, integers
 * with more bits, smaller groups or wider scales; else F32.
 */
function losslessFormat(matrices: readonly StoredMatrix[]): PlannedFormat {
  const { storedLayout } = expectDefined(matrices[0], 'a matrix')
  const layouts = matrices.map((matrix) => matrix.storedLayout)
  if (layouts.every((layout) => sameStorage(layout, storedLayout))) return storedLayout
  if (matrices.every(({ kind }) => kind === 'fp8')) {
    const cols = layouts.reduce((size, { block }) => greatestCommonDivisor(size, block.cols), 0)
    return { format: 'fp8_block', block: { rows: 1, cols } }
  }
  if (!matrices.every(({ kind }) => kind === 'integer')) return { format: 'f32' }
  const bits = Math.max(...layouts.map(({ format }) => FORMATS[format].bits))
  const cols = Math.min(...layouts.map(({ block }) => block.cols))
  const types = new Set(layouts.map(({ format, block }) => block.dtype ?? FORMATS[format].scale?.dtype))
  const [dtype] = types
  return {
    format: bits > 4 ? 'a8' : 'a4',
    block: { rows: 1, cols, dtype: types.size === 1 && dtype ? dtype : 'F32' },
  }
}

/**
 * Whether a kernel must convert the matrix while it loads. The writers of FP8 and of integers themselves
 * produce every format that `losslessFormat` has for them.
 */
export function needsConversion({ kind, storedLayout }: StoredMatrix, layout: MatrixLayout): boolean {
  if (sameStorage(storedLayout, layout)) return false
  if (kind === 'integer') return !FORMATS[layout.format].scale?.offset
  return kind !== 'fp8' || layout.format !== 'fp8_block' || !dividesBlock(layout, storedLayout)
}

const dividesBlock = ({ block }: MatrixLayout, whole: MatrixLayout): boolean =>
  whole.block.rows % block.rows === 0 && whole.block.cols % block.cols === 0

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b)
