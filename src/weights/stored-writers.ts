// The writers of a stored matrix: they check its tensors as they arrive, and write rows and scales in the
// layout of their target.
import type { BlockShape } from '../gpu/formats.ts'
import { assertNever } from '../lib/error.ts'
import {
  type MatrixTarget,
  rowWriter,
  type ScaleWords,
  scaleCollector,
  writeScales,
} from './matrix-writer.ts'
import { groupScaleWriter, packedRowWriter } from './packed-writer.ts'
import type { Fp8Matrix, MatrixWriters, StoredMatrix } from './stored-matrix.ts'

/**
 * Creates the writers of a matrix. The layout of the target is its own, or one that holds the same codes with
 * more bits, smaller groups or wider scales (see `losslessFormat`).
 * @param onScales receives the scales when they are complete; by default they are written to the target
 * Errors of the writers: `bad_file`, `unsupported`.
 */
export function matrixWriters(
  queue: GPUQueue,
  matrix: StoredMatrix,
  target: MatrixTarget,
  onScales = (words: ScaleWords) => writeScales(queue, words, target),
): MatrixWriters {
  switch (matrix.kind) {
    case 'float':
      return { rows: [[matrix.weight, rowWriter(queue, matrix.weight, target)]], scales: [] }
    case 'fp8':
      return fp8Writers(queue, matrix, target, onScales)
    case 'packed': {
      const { weight, scale } = matrix
      return {
        rows: [[weight, packedRowWriter(queue, weight, target)]],
        scales: [[scale, groupScaleWriter(queue, scale, target)]],
      }
    }
    case 'integer':
    case 'split kv':
      return matrix.createWriters(queue, target, onScales)
    default:
      return assertNever(matrix, 'kind of stored matrix')
  }
}

function fp8Writers(
  queue: GPUQueue,
  { weight, scale, scaleBlock, storedLayout: { rows, cols } }: Fp8Matrix,
  target: MatrixTarget,
  onScales: (words: ScaleWords) => void,
): MatrixWriters {
  const sizes = { rows, cols, from: scaleBlock, to: target.layout.block }
  return {
    rows: [[weight, rowWriter(queue, weight, target)]],
    scales: [[scale, scaleCollector(scale, (scales) => onScales(repeatScales(scales, sizes)))]],
  }
}

/** Scales of blocks → scales of smaller blocks; `from` covers whole ones of them. */
function repeatScales(
  scales: Float32Array<ArrayBuffer>,
  sizes: { readonly rows: number; readonly cols: number; readonly from: BlockShape; readonly to: BlockShape },
): Float32Array<ArrayBuffer> {
  const { rows, cols, from, to } = sizes
  if (from.rows === to.rows && from.cols === to.cols) return scales
  const [height, width] = [Math.ceil(rows / to.rows), Math.ceil(cols / to.cols)]
  const fromWidth = Math.ceil(cols / from.cols)
  return Float32Array.from({ length: height * width }, (_, i) => {
    const row = Math.floor((Math.floor(i / width) * to.rows) / from.rows)
    const col = Math.floor(((i % width) * to.cols) / from.cols)
    return scales[row * fromWidth + col] ?? 0
  })
}
