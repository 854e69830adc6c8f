// Random weight matrices in a stored format, with the values they hold. Codes are generated directly, not
// encoded.
import { dequantizeRow, makeScales, scaleTypeOf } from '../../engine/check/random-weights.ts'
import { FORMATS, type StorageFormat } from '../../gpu/formats.ts'
import { layoutMatrix, layoutPart, type MatrixLayout, type PartLayout } from '../../gpu/matrix.ts'
import { fillRandomWords } from '../../lib/random.ts'

/** A stored matrix, possibly several stacked row-wise, with the words of its single part. */
export interface RandomMatrix {
  readonly layout: MatrixLayout
  readonly part: PartLayout
  readonly words: Uint32Array<ArrayBuffer>
}

/** Columns must be a multiple of this, so that rows have no padding. */
export const COLUMN_MULTIPLE = 32

/**
 * Random codes and scales for stacked matrices of `heights` rows. Values have the magnitude of real weights,
 * so that sums neither vanish nor overflow.
 */
export function randomMatrix(
  format: StorageFormat,
  heights: readonly number[],
  cols: number,
  seed: number,
): RandomMatrix {
  const layout = layoutMatrix(format, heights, cols)
  const part = layoutPart(layout, 0, layout.rows)
  const words = new Uint32Array(part.bytes / 4)
  fillRandomWords(words, seed)
  const { random } = FORMATS[format]
  const scale = scaleTypeOf(format, layout.block)
  for (let i = 0; i < part.scales; i++) words[i] = random.bench(words[i] ?? 0)
  if (scale) makeScales(words.subarray(part.scales), scale)
  return { layout, part, words }
}

/** Decodes `count` rows from row `first` on: [count, cols], with scales applied. */
export function readRows({ layout, part, words }: RandomMatrix, first: number, count: number): Float64Array {
  const { block, cols, format, scaleStride } = layout
  const values = new Float64Array(count * cols)
  const stride = layout.stride * 4
  for (let row = 0; row < count; row++) {
    const codes = words.subarray((first + row) * stride).subarray(0, stride)
    const blockRow = Math.floor((first + row) / block.rows)
    const scales = words.subarray(part.scales + blockRow * scaleStride).subarray(0, scaleStride)
    values.set(dequantizeRow(format, codes, scales, block).subarray(0, cols), row * cols)
  }
  return values
}
