// How a matrix is stored in a file in its GPU format: element types and line lengths, without padding.
import { FORMATS, STORAGE_FORMATS, type StorageFormat } from '../gpu/formats.ts'
import type { MatrixLayout } from '../gpu/matrix.ts'
import { bytesPerElement, type Dtype } from './safetensors.ts'

/** A 2-D array in a file: lines of elements, stored without gaps. */
export interface StoredArray {
  readonly dtype: Dtype
  readonly lines: number
  readonly width: number // elements
}

/** A matrix, and its scales if the format has any; each is followed by its offset if it has those too. */
export interface StoredLayout {
  readonly rows: StoredArray
  readonly scales: StoredArray | undefined
}

/** How `rows` rows of a layout are stored. */
export function storedLayout(layout: MatrixLayout, rows: number): StoredLayout {
  const { format, cols, stride, block } = layout
  const { dtype, bits, scale } = FORMATS[format]
  return {
    rows: { dtype, lines: rows, width: bits < 8 ? stride * 16 : cols },
    scales: scale && {
      dtype: block.dtype ?? scale.dtype,
      lines: Math.ceil(rows / block.rows),
      width: Math.ceil(cols / block.cols) * (scale.offset ? 2 : 1),
    },
  }
}

/** The format for codes of this type in published models. F64 is rounded to F32 as it is read. */
export const publishedFormat = (dtype: string): StorageFormat | undefined =>
  dtype === 'F64'
    ? 'f32'
    : STORAGE_FORMATS.find((format) => FORMATS[format].published && FORMATS[format].dtype === dtype)

/** The formats that Hadal's packed models store with scales and without offsets. */
const PACKED_FORMATS = STORAGE_FORMATS.filter((format) => {
  const { scale } = FORMATS[format]
  return scale && !scale.offset
})

/** The formats whose codes packed models store in this type. */
export const packedFormats = (dtype: string): readonly StorageFormat[] =>
  PACKED_FORMATS.filter((format) => FORMATS[format].dtype === dtype)

/** The types of codes in packed models. */
export const PACKED_DTYPES: readonly Dtype[] = [
  ...new Set(PACKED_FORMATS.map((format) => FORMATS[format].dtype)),
]

export const bytesPerLine = ({ dtype, width }: StoredArray): number => bytesPerElement(dtype) * width
export const arrayShape = ({ lines, width }: StoredArray): readonly number[] => [lines, width]

/** Stored types that scales and offsets of integer codes may have. */
export const INTEGER_SCALE_DTYPES = ['BF16', 'F16', 'F32'] as const
