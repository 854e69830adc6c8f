// The writers of integer codes and of kv_b_proj in halves: they unpack and order tensors as they arrive.
import { integerRowEncoder, integerRows, streamBytes } from './integer-codes.ts'
import { integerScaleWords, type StoredScales } from './integer-scales.ts'
import { type MatrixTarget, rowPlacement, rowWriter, type ScaleWords } from './matrix-writer.ts'
import { splitKvRows } from './split-kv.ts'
import { columnOrderCheck, shapeCheck } from './stored-checks.ts'
import {
  type IntegerMatrix,
  type MatrixWriters,
  type SplitKvMatrix,
  type TensorWriting,
  tensorsOfMatrix,
} from './stored-matrix.ts'
import { gatheringWriters, lineWriter, type TensorWriter } from './tensor-writer.ts'

/** The writers of integer codes with scales and offsets. Errors: `bad_file`, `unsupported`. */
export function integerWriters(
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
): readonly TensorWriting[] {
  const { scales, offsets, shape, columnOrder } = matrix
  const entries = offsets.entry ? [scales, offsets.entry] : [scales]
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

/** The writers of kv_b_proj in two halves. Errors: `bad_file`. */
export function splitKvWriters(
  queue: GPUQueue,
  matrix: SplitKvMatrix,
  target: MatrixTarget,
): readonly TensorWriting[] {
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
