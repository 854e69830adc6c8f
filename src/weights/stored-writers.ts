// The writers of a stored matrix: they check, unpack and order its tensors as they arrive, and write rows and
// scales in the layout of their target.
import type { BlockShape } from '../gpu/formats.ts'
import { assertNever } from '../lib/error.ts'
import { integerRowEncoder, integerRows, streamBytes } from './integer-codes.ts'
import { integerScaleWords, type StoredScales } from './integer-scales.ts'
import {
  type MatrixTarget,
  rowPlacement,
  rowWriter,
  type ScaleWords,
  scaleCollector,
  writeScales,
} from './matrix-writer.ts'
import { groupScaleWriter, packedRowWriter } from './packed-writer.ts'
import type { TensorEntry } from './safetensors.ts'
import { splitKvRows } from './split-kv.ts'
import { columnOrderCheck, shapeCheck } from './stored-checks.ts'
import type { Fp8Matrix, IntegerMatrix, SplitKvMatrix, StoredMatrix } from './stored-matrix.ts'
import { tensorsOfMatrix } from './stored-matrix.ts'
import { gatheringWriters, lineWriter, type TensorWriter } from './tensor-writer.ts'

/** A tensor and what receives its bytes. */
export type TensorWriting = readonly [TensorEntry, TensorWriter]

/** The writers of one matrix. Those of rows may come before or after those of scales. */
export interface MatrixWriters {
  readonly rows: readonly TensorWriting[]
  readonly scales: readonly TensorWriting[] // and all else that lies beside the rows
}

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
      return integerWriters(queue, matrix, target, onScales)
    case 'split kv':
      return { rows: splitKvWriters(queue, matrix, target), scales: [] }
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

function integerWriters(
  queue: GPUQueue,
  matrix: IntegerMatrix,
  target: MatrixTarget,
  onScales: (words: ScaleWords) => void,
): MatrixWriters {
  return {
    rows: integerRowWriters(queue, matrix, target),
    scales: besideCodes(matrix, (stored) => onScales(integerScaleWords(matrix, target.layout, stored))),
  }
}

/** The writers of all that lies beside integer codes. */
export function besideCodes(
  matrix: IntegerMatrix,
  onScales: (stored: StoredScales) => void,
): TensorWriting[] {
  const { scales, offsets, shape, columnOrder } = matrix
  const entries = offsets.kind === 'middle' ? [scales] : [scales, offsets.entry]
  return [
    ...gatheringWriters(entries, ([scaleBytes = new Uint8Array(), offsetBytes]) => {
      onScales({ scales: scaleBytes, offsets: offsetBytes })
    }),
    ...(shape ? gatheringWriters([shape], ([bytes]) => shapeCheck(matrix, shape, bytes)) : []),
    ...(columnOrder
      ? gatheringWriters([columnOrder], ([bytes]) => columnOrderCheck(matrix, columnOrder, bytes))
      : []),
  ]
}

/** Codes that are stored transposed are held until they are complete. */
function integerRowWriters(queue: GPUQueue, matrix: IntegerMatrix, target: MatrixTarget): TensorWriting[] {
  const { codes } = matrix
  const { rows } = matrix.storedLayout
  const lineBytes = streamBytes(matrix)
  const writer = lineWriter(
    queue,
    { ...codes, end: codes.start + rows * lineBytes },
    {
      lineBytes,
      strideBytes: target.layout.stride * 16,
      firstLine: target.start,
      placements: target.placements.map(rowPlacement),
      encode: integerRowEncoder(matrix, target.layout),
    },
  )
  if (matrix.order === 'rows' || matrix.order === 'bytes') return [[codes, writer]]
  return gatheringWriters([codes], ([bytes = new Uint8Array()]) => {
    pushInPieces(writer, integerRows(matrix, bytes))
  })
}

function splitKvWriters(queue: GPUQueue, matrix: SplitKvMatrix, target: MatrixTarget): TensorWriting[] {
  const { rows, cols } = matrix.storedLayout
  const entries = tensorsOfMatrix(matrix)
  return gatheringWriters(entries, (parts) => {
    const weights = splitKvRows(
      matrix,
      new Map(entries.map((entry, i) => [entry, parts[i] ?? new Uint8Array()])),
    )
    const [{ file = '' } = {}] = entries
    const entry = {
      name: matrix.name,
      dtype: 'F32',
      shape: [rows, cols],
      file,
      start: 0,
      end: weights.byteLength,
    }
    pushInPieces(rowWriter(queue, entry, target), new Uint8Array(weights.buffer))
  })
}

/** Bounds what encoding a whole matrix needs at a time. */
const PIECE_BYTES = 4 * 2 ** 20

function pushInPieces(writer: TensorWriter, bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) writer.push(bytes.subarray(at, at + PIECE_BYTES))
  writer.end()
}
