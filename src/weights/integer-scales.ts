// Joins the scales and offsets of integer codes: into the words that kernels read, or into floats.
import { FORMATS } from '../gpu/formats.ts'
import type { MatrixLayout } from '../gpu/matrix.ts'
import { toF32 } from '../lib/float.ts'
import { asHalves, asWords } from '../lib/words.ts'
import { checkScaleLimit } from './finite.ts'
import { INTEGER_PACKINGS, type IntegerSizes } from './integer-packing.ts'
import { expectDtype } from './matrix-writer.ts'
import type { TensorEntry } from './safetensors.ts'
import { INTEGER_SCALE_DTYPES } from './stored-layout.ts'
import type { IntegerMatrix } from './stored-matrix.ts'
import { invalidTensor } from './tensor-writer.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** The tensors beside the codes, as stored; offsets or zero points are absent for symmetric codes. */
export interface StoredScales {
  readonly scales: Bytes
  readonly offsets: Bytes | undefined
}

export function integerSizes({ storedLayout, bits, groupSize }: IntegerMatrix): IntegerSizes {
  const { rows, cols } = storedLayout
  return { rows, cols, bits, groups: groupSize === undefined ? 1 : Math.ceil(cols / groupSize) }
}

/**
 * The scale of each group of a layout, row by row, as kernels read them, followed by its offset in formats
 * that have offsets. A stored group may cover several of the layout's.
 * Throws `bad_file` for scales and offsets that are not finite, or so large that a weight would not be.
 */
export function integerScaleWords(
  matrix: IntegerMatrix,
  layout: MatrixLayout,
  stored: StoredScales,
): Uint32Array<ArrayBuffer> {
  checkScales(matrix, layout, stored)
  const words = new Uint32Array(matrix.storedLayout.rows * layout.scaleStride)
  const { scale } = FORMATS[layout.format]
  const wide = (layout.block.dtype ?? scale?.dtype) === 'F32'
  const [elements, rowElements] = wide
    ? [new Float32Array(words.buffer), layout.scaleStride]
    : [new Uint16Array(words.buffer), layout.scaleStride * 2]
  const { scales, offsets } = wide ? scaleFloats(matrix, stored) : scaleHalves(matrix, stored)
  const step = scale?.offset ? 2 : 1
  forEachGroup(matrix, layout.block.cols, scales.length, (row, group, from) => {
    const to = row * rowElements + group * step
    elements[to] = scales[from] ?? 0
    if (step === 2) elements[to + 1] = offsets[from] ?? 0
  })
  return words
}

/**
 * The weights of a matrix in f32, rounded once.
 * @param codes from 0, one byte each [rows, cols]; see `integerCodes`
 */
export function integerFloats(
  matrix: IntegerMatrix,
  codes: Uint8Array,
  stored: StoredScales,
): Float32Array<ArrayBuffer> {
  checkScales(matrix, matrix.storedLayout, stored)
  const { rows, cols } = matrix.storedLayout
  const { scales, offsets } = scaleFloats(matrix, stored)
  const weights = new Float32Array(rows * cols)
  const width = matrix.groupSize ?? cols
  forEachGroup(matrix, width, scales.length, (row, group, from) => {
    const [scale, offset] = [scales[from] ?? 0, offsets[from] ?? 0]
    const end = row * cols + Math.min((group + 1) * width, cols)
    for (let i = row * cols + group * width; i < end; i++) weights[i] = scale * (codes[i] ?? 0) + offset
  })
  return weights
}

/** Visits the groups of `width` columns of each row, with the index of their scale among those stored. */
function forEachGroup(
  matrix: IntegerMatrix,
  width: number,
  storedScales: number,
  visit: (row: number, group: number, from: number) => void,
): void {
  const { rows, cols, groups } = integerSizes(matrix)
  const { transposed } = INTEGER_PACKINGS[matrix.order]
  const storedGroups = Array.from({ length: Math.ceil(cols / width) }, (_, group) =>
    matrix.groupSize === undefined ? 0 : Math.floor((group * width) / matrix.groupSize),
  )
  const [rowStep, groupStep] = transposed ? [1, rows] : [groups, 1]
  const single = storedScales === 1 // one for the whole matrix
  for (let row = 0; row < rows; row++) {
    for (const [group, stored] of storedGroups.entries())
      visit(row, group, single ? 0 : row * rowStep + stored * groupStep)
  }
}

/** Scales and offsets as numbers, in the order in which the scales are stored. */
function scaleFloats(
  matrix: IntegerMatrix,
  stored: StoredScales,
): { readonly scales: Float32Array; readonly offsets: Float64Array | Float32Array } {
  const scales = toF32(scaleType(matrix.scales), stored.scales)
  const { offsets } = matrix
  if (offsets.kind === 'stored') {
    return { scales, offsets: toF32(scaleType(offsets.entry), stored.offsets ?? new Uint8Array()) }
  }
  if (offsets.kind === 'middle') {
    const middle = 2 ** (matrix.bits - 1)
    return { scales, offsets: Float64Array.from(scales, (scale) => -middle * scale) }
  }
  const zeros = zeroPoints(matrix, stored.offsets ?? new Uint8Array(), offsets.plus)
  return { scales, offsets: Float64Array.from(scales, (scale, i) => -(zeros[i] ?? 0) * scale) }
}

/** Zero points in the order of the stored scales. */
function zeroPoints(matrix: IntegerMatrix, stored: Bytes, plus: number): Uint8Array {
  const sizes = integerSizes(matrix)
  const { transposed, zerosByGroup } = INTEGER_PACKINGS[matrix.order]
  const mask = (1 << sizes.bits) - 1
  const byGroup = zerosByGroup(asWords(stored), sizes).map((zero) => (zero + plus) & mask)
  if (transposed) return byGroup
  const { rows, groups } = sizes
  return Uint8Array.from({ length: rows * groups }, (_, i) => {
    const [row, group] = [Math.floor(i / groups), i % groups]
    return byGroup[group * rows + row] ?? 0
  })
}

/** Scales and offsets as 16-bit codes of their type. That of a symmetric code is exact in BF16. */
function scaleHalves(
  matrix: IntegerMatrix,
  stored: StoredScales,
): { readonly scales: Uint16Array; readonly offsets: Uint16Array } {
  const scales = asHalves(stored.scales)
  if (matrix.offsets.kind === 'stored')
    return { scales, offsets: asHalves(stored.offsets ?? new Uint8Array()) }
  const bits = new Uint32Array(Float32Array.from(scaleFloats(matrix, stored).offsets).buffer)
  return { scales, offsets: Uint16Array.from(bits, (word) => word >>> 16) }
}

const scaleType = (entry: TensorEntry) => expectDtype(entry, INTEGER_SCALE_DTYPES)

/** With scales below the format's limit, offsets below this leave every weight finite. */
const OFFSET_POWER = 126

function checkScales(matrix: IntegerMatrix, layout: MatrixLayout, stored: StoredScales): void {
  const { offsets } = matrix
  checkLimit(matrix.scales, stored.scales, FORMATS[layout.format].scale?.maxPower ?? OFFSET_POWER)
  if (offsets.kind === 'stored' && stored.offsets) checkLimit(offsets.entry, stored.offsets, OFFSET_POWER)
  if (offsets.kind === 'middle' && offsets.entry) checkSymmetry(matrix, offsets.entry, stored)
}

/** Throws `bad_file` unless each stored offset is the product that symmetric codes imply. */
function checkSymmetry(matrix: IntegerMatrix, entry: TensorEntry, stored: StoredScales): void {
  const { scales, offsets } = scaleFloats(matrix, stored)
  const held = toF32(scaleType(entry), stored.offsets ?? new Uint8Array())
  const index = held.findIndex((offset, i) => offset !== offsets[i])
  if (index < 0) return
  const what = `holds ${held[index]} beside the scale ${scales[index]} at ${index}`
  throw invalidTensor(entry, `${what}, although config.json says that all weights are symmetric`)
}

const checkLimit = (entry: TensorEntry, bytes: Bytes, power: number): void =>
  checkScaleLimit(entry, bytes, { type: scaleType(entry), first: 0, power })
