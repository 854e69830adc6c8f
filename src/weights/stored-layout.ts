// How a matrix is stored in a file in its GPU format: element types and line lengths, without padding.
import { FORMATS, type MatrixLayout, type StorageFormat } from '../gpu/matrix.ts'
import { bytesPerElement, type Dtype } from './safetensors.ts'

/** A 2-D array in a file: lines of elements, stored without gaps. */
export interface StoredArray {
  readonly dtype: Dtype
  readonly lines: number
  readonly width: number // elements
}

/** A matrix, and its scales if the format has any. */
export interface StoredLayout {
  readonly rows: StoredArray
  readonly scales: StoredArray | undefined
}

const STORED_DTYPES: Readonly<Record<StorageFormat, { readonly codes: Dtype; readonly scales?: Dtype }>> = {
  f32: { codes: 'F32' },
  f16: { codes: 'F16' },
  bf16: { codes: 'BF16' },
  fp8_block: { codes: 'F8_E4M3', scales: 'F32' },
  q8: { codes: 'I8', scales: 'BF16' },
  q4: { codes: 'U8', scales: 'BF16' }, // two per byte, in the order of shaders/weights/q4.wgsl
}

/** How `rows` rows of a layout are stored. */
export function storedLayout(layout: MatrixLayout, rows: number): StoredLayout {
  const { format, cols, stride, block } = layout
  const { codes, scales } = STORED_DTYPES[format]
  return {
    rows: { dtype: codes, lines: rows, width: FORMATS[format].bits < 8 ? stride * 16 : cols },
    scales: scales && {
      dtype: scales,
      lines: Math.ceil(rows / block.rows),
      width: Math.ceil(cols / block.cols),
    },
  }
}

/** The format with scales whose codes are stored in this type. */
export const formatForDtype = (dtype: Dtype): StorageFormat | undefined =>
  (Object.keys(STORED_DTYPES) as StorageFormat[]).find(
    (format) => STORED_DTYPES[format].scales && STORED_DTYPES[format].codes === dtype,
  )

export const bytesPerLine = ({ dtype, width }: StoredArray): number => bytesPerElement(dtype) * width
export const arrayShape = ({ lines, width }: StoredArray): readonly number[] => [lines, width]
