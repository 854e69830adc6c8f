// Answers: how does a matrix lie in a file when it is stored as on the GPU? Types, and elements a row, without padding.
// It must not know names.
import { FORMATS, type Format, type MatrixLayout } from '../gpu/matrix.ts'
import { bytesOf, type Dtype } from './safetensors.ts'

/** Lines of elements, behind each other without gaps. */
export interface StoredLines {
  readonly dtype: Dtype
  readonly lines: number
  readonly width: number // elements
}

/** A matrix, and its scales if the format has them. */
export interface StoredForm {
  readonly rows: StoredLines
  readonly scales: StoredLines | undefined
}

const TYPES: Readonly<Record<Format, { readonly codes: Dtype; readonly scales?: Dtype }>> = {
  f32: { codes: 'F32' },
  f16: { codes: 'F16' },
  bf16: { codes: 'BF16' },
  fp8_block: { codes: 'F8_E4M3', scales: 'F32' },
  q8: { codes: 'I8', scales: 'BF16' },
  q4: { codes: 'U8', scales: 'BF16' }, // two in a byte, in the order of shaders/weights/q4.wgsl
}

/** The form of `rows` rows of a layout. */
export function storedForm(layout: MatrixLayout, rows: number): StoredForm {
  const { format, cols, stride, block } = layout
  const { codes, scales } = TYPES[format]
  return {
    rows: { dtype: codes, lines: rows, width: FORMATS[format].bits < 8 ? stride * 16 : cols },
    scales: scales && {
      dtype: scales,
      lines: Math.ceil(rows / block.rows),
      width: Math.ceil(cols / block.cols),
    },
  }
}

/** The format that is stored in this type with scales for each row. */
export const formatOfCodes = (dtype: Dtype): Format | undefined =>
  (Object.keys(TYPES) as Format[]).find((format) => TYPES[format].scales && TYPES[format].codes === dtype)

export const lineBytes = ({ dtype, width }: StoredLines): number => bytesOf(dtype) * width
export const shapeOf = ({ lines, width }: StoredLines): readonly number[] => [lines, width]
