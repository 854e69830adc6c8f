// Checks of the conversion of weights into another format while they load.
import { encoderModule, FORMATS, STORAGE_FORMATS, type StorageFormat } from '../../gpu/formats.ts'
import {
  encodeSpanOf,
  layoutMatrix,
  layoutPart,
  type MatrixLayout,
  type PartLayout,
} from '../../gpu/matrix.ts'
import { BATCH_BYTES, packBatch, quantizeGrid } from '../../kernels/quantize.ts'
import { expectDefined } from '../../lib/error.ts'
import { type CheckBuilder, type ExpectedSum, from, TOLERANCE } from './kernel-check.ts'
import {
  blockOf,
  dequantizeRow,
  type MatrixPlacement,
  rowFiller,
  weightFormatOf,
  wordsOf,
} from './random-weights.ts'

/** Rows, and columns that end within a group of every format. */
const [ROWS, COLS] = [17, 336]

/** Numbers that share a scale in the new format, and the largest error of one of them. */
interface Rounding {
  readonly group: number
  readonly error: (size: number, largest: number) => number
}

/**
 * FP8 rounds to 3 bits of mantissa, and below 2^-6 to half of 2^-9, where the largest is over 2^7. q8 and q4
 * round to half a step; of the largest numbers the code may be cut off: of one sign always, and in q4, which
 * chooses its scale, of both.
 */
const ROUNDING: Readonly<Partial<Record<StorageFormat, Rounding>>> = {
  f32: { group: 1, error: (size) => size * 1e-6 },
  fp8_block: { group: 128, error: (size, largest) => Math.max(size / 15.9, (largest * 2 ** -10) / 128) },
  q8: { group: 32, error: (size, largest) => largest * (size > 0.99 * largest ? 0.0118 : 0.004) },
  q4: { group: 32, error: (size, largest) => largest * (size > 0.77 * largest ? 0.23 : 0.07) },
}

/** A conversion stores numbers near those that it read. */
function roundedNumbers(numbers: Float64Array, { group, error }: Rounding): ExpectedSum[] {
  const largest = Array.from({ length: Math.ceil(numbers.length / group) }, (_, i) =>
    Math.max(...numbers.subarray(i * group, (i + 1) * group).map(Math.abs)),
  )
  return Array.from(numbers, (value, i) => ({
    value,
    magnitude: error(Math.abs(value), largest[Math.floor(i / group)] ?? 0) / TOLERANCE,
  }))
}

const placementIn = (layout: MatrixLayout, part: PartLayout): MatrixPlacement => ({
  base: 0,
  stride: 4 * layout.stride,
  firstScale: part.scales,
  scaleStride: layout.scaleStride,
  block: layout.block,
})

const addressOf = ({ stride, firstScale, scaleStride }: MatrixPlacement) => ({
  base: 0,
  stride: stride / 4,
  scales: firstScale,
  scaleStride,
})

/** Checks quantize: the encoded rows stand for the stored numbers, within what the new format loses. */
export const quantizeCheck: CheckBuilder = (buffers, dispatch) => {
  const { imports, constants } = dispatch
  const { WORKGROUP = 1 } = constants
  const storedFormat = expectDefined(weightFormatOf(dispatch), 'the stored format')
  const format = expectDefined(
    STORAGE_FORMATS.find((candidate) => encoderModule(candidate) === imports.encode),
    'the new format',
  )
  const stored = layoutMatrix(storedFormat, [ROWS], COLS, blockOf(constants))
  const encoded = layoutMatrix(format, [ROWS], COLS, FORMATS[format].quantization?.block)
  const [source, place] = [stored, encoded].map((layout) => placementIn(layout, layoutPart(layout, 0, ROWS)))
  const from0 = expectDefined(source, 'a placement')
  const into0 = expectDefined(place, 'a placement')
  const weights = buffers.zeros(wordsOf(ROWS, from0))
  const fill = rowFiller(buffers, weights, dispatch, from0)
  const words = wordsOf(ROWS, into0)
  const into = buffers.zeros(words)
  const batch = buffers.zeros(BATCH_BYTES / 4, 'uniform')
  const whole = { rows: ROWS, cols: COLS, first: 0, row: 0 }
  buffers.write(batch, packBatch({ ...whole, source: addressOf(from0), encoded: addressOf(into0) }))
  const decode = (all: Uint32Array<ArrayBuffer>) => {
    const rows = Array.from({ length: ROWS }, (_, i) => {
      const codes = all.slice(i * into0.stride, (i + 1) * into0.stride)
      const firstScale = into0.firstScale + Math.floor(i / into0.block.rows) * into0.scaleStride
      const scales = all.slice(firstScale, firstScale + into0.scaleStride)
      return Array.from(dequantizeRow(format, codes, scales, into0.block).subarray(0, COLS))
    })
    return rows.flat()
  }
  const rounding = expectDefined(ROUNDING[format], `the rounding of ${format}`)
  const rows = Array.from({ length: ROWS }, (_, i) => i)
  const expected = () => fill(rows, COLS).flatMap((row, i) => from(i * COLS, roundedNumbers(row, rounding)))
  return {
    operands: { batch, weights, into },
    step: {},
    grid: quantizeGrid(ROWS, COLS, encodeSpanOf(encoded), WORKGROUP),
    outputs: [{ buffer: into, words, decode, expected }],
  }
}
