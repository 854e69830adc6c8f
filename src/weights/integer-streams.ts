// Passes integer codes on as MLX stores them: rows of one bit stream each, scales and offsets in order.
import type { MatrixLayout } from '../gpu/matrix.ts'
import { integerRows } from './integer-codes.ts'
import { INTEGER_PACKINGS } from './integer-packing.ts'
import { integerScaleWords } from './integer-scales.ts'
import { besideCodes } from './integer-writers.ts'
import type { IntegerMatrix, TensorWriting } from './stored-matrix.ts'
import { gatheringWriters, sliceWriter } from './tensor-writer.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface IntegerStreams {
  /** Receives rows of bit streams of codes from 0, from byte `at` of the first on, until the call returns. */
  readonly onCodes: (at: number, bytes: Bytes) => void
  /** Receives the words that `integerScaleWords` makes for the layout. */
  readonly onScales: (words: Uint32Array<ArrayBuffer>) => void
}

/**
 * The writers that take a matrix apart; codes that are stored transposed are held until they are complete.
 * @param layout of a format with offsets, whose groups divide the matrix's
 * Errors of the writers: `bad_file`, `unsupported`.
 */
export function integerStreams(
  matrix: IntegerMatrix,
  layout: MatrixLayout,
  { onCodes, onScales }: IntegerStreams,
): readonly TensorWriting[] {
  const { codes, order, bits } = matrix
  const { signed, toRows } = INTEGER_PACKINGS[order]
  const middle = 1 << (bits - 1)
  const rows = toRows
    ? gatheringWriters([codes], ([bytes = new Uint8Array()]) => onCodes(0, integerRows(matrix, bytes)))
    : [
        [
          codes,
          sliceWriter((at, bytes) => onCodes(at, signed ? bytes.map((code) => code ^ middle) : bytes)),
        ] as const,
      ]
  return [...rows, ...besideCodes(matrix, (stored) => onScales(integerScaleWords(matrix, layout, stored)))]
}
