// Finds matrices of 8-bit codes, FP8 or integers, whose scales cover blocks, groups, rows or the matrix.
import type { BlockShape } from '../../gpu/formats.ts'
import { layoutMatrix } from '../../gpu/matrix.ts'
import { formatShape } from '../../lib/format.ts'
import { fp8BlockOf } from '../../models/quantization-fields.ts'
import type { CompressedScheme, ModelSpec } from '../../models/spec.ts'
import { expectDtype, SCALE_DTYPES } from '../../weights/matrix-writer.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import { INTEGER_SCALE_DTYPES } from '../../weights/stored-layout.ts'
import type { StoredMatrix } from '../../weights/stored-matrix.ts'
import {
  findTyped,
  hasShape,
  notQuantised,
  requireTensor,
  type WantedMatrix,
  wrongTensor,
} from './find-tensor.ts'
import { integerReaders, type ReadableCheckpoint } from './integer-readers.ts'

/** What each scale covers. */
type Coverage = 'matrix' | 'rows' | BlockShape

/** The blocks in which scales that cover more are repeated on the GPU. */
export const GRIDS = { matrix: { rows: 128, cols: 128 }, rows: { rows: 1, cols: 128 } } as const

/** A matrix `weight` with scales of this name. Throws `not_found` or `bad_file`. */
export function findScaled(
  { quantization }: ModelSpec,
  checkpoint: ReadableCheckpoint,
  { name, shape, module }: WantedMatrix,
  scalesName: string,
): StoredMatrix {
  const compressed = quantization.method === 'compressed-tensors' ? quantization : undefined
  const byteSchemes = compressed?.schemes.filter(isByteScheme) ?? []
  const hasBytes = byteSchemes.length > 0
  const weight = findTyped(checkpoint, { name, shape }, hasBytes ? ['F8_E4M3', 'I8'] : ['F8_E4M3'])
  if (compressed?.ignored.has(module)) throw notQuantised(weight, module)
  const scale = requireTensor(checkpoint, `${module}.${scalesName}`)
  expectDtype(scale, weight.dtype === 'I8' ? INTEGER_SCALE_DTYPES : SCALE_DTYPES)
  const [rows = 0, cols = 0] = shape
  const block = fp8BlockOf(quantization)
  const groupSize = weight.dtype === 'I8' ? groupSizeOf(byteSchemes, scale, shape) : undefined
  const covered = groupSize === undefined ? coverageOf(scale, shape, block) : { rows: 1, cols: groupSize }
  if (!covered) throw noCoverage(scale, shape, block)
  if (weight.dtype === 'I8') {
    return integerReaders(checkpoint).integerMatrix({
      name,
      label: `I8, ${groupSize === undefined ? coverageText(covered) : `groups of ${groupSize}`}`,
      sizes: { rows, cols, bits: 8, groupSize }, // codes of 4 bits are bytes too
      order: 'bytes',
      codes: weight,
      scales: scale,
      offsets: { kind: 'middle' },
    })
  }
  const grid = typeof covered === 'string' ? GRIDS[covered] : covered
  return {
    kind: 'fp8',
    name,
    label: `FP8, ${coverageText(covered)}`,
    weight,
    scale,
    scaleBlock: covered === 'matrix' ? { rows, cols } : covered === 'rows' ? { rows: 1, cols } : covered,
    storedLayout: layoutMatrix('fp8_block', [rows], cols, grid),
  }
}

/** Signed bytes, whose scales may be those of rows, groups or the whole matrix. */
const isByteScheme = ({ type, symmetric }: CompressedScheme): boolean => type === 'int' && symmetric

/** The size of the groups that the scales fit; undefined where no scheme has such groups. */
function groupSizeOf(
  schemes: readonly CompressedScheme[],
  scale: TensorEntry,
  [rows = 0, cols = 0]: readonly number[],
): number | undefined {
  const sizes = schemes.flatMap(({ groupSize }) => groupSize ?? [])
  return sizes.find((size) => hasShape(scale, [rows, Math.ceil(cols / size)]))
}

/** What each scale covers, by their number: only blocks cannot be told from it, so the config has them. */
function coverageOf(
  scale: TensorEntry,
  [rows = 0, cols = 0]: readonly number[],
  block: BlockShape | undefined,
): Coverage | undefined {
  if (block && hasShape(scale, [Math.ceil(rows / block.rows), Math.ceil(cols / block.cols)])) return block
  if (scale.shape.length <= 2 && scale.shape.every((size) => size === 1)) return 'matrix'
  return hasShape(scale, [rows]) || hasShape(scale, [rows, 1]) ? 'rows' : undefined
}

function noCoverage(scale: TensorEntry, [rows = 0, cols = 0]: readonly number[], block?: BlockShape) {
  const grid = block && [Math.ceil(rows / block.rows), Math.ceil(cols / block.cols)]
  const wanted = grid
    ? `config.json requires ${formatShape(grid)} in blocks of ${block.rows} × ${block.cols}`
    : `without blocks in config.json it must be [1] or ${formatShape([rows, 1])}`
  return wrongTensor(scale, `has shape ${formatShape(scale.shape)}; ${wanted}`)
}

const coverageText = (covered: Coverage): string =>
  typeof covered === 'string'
    ? `one scale a ${covered === 'rows' ? 'row' : 'matrix'}`
    : `blocks of ${covered.rows} × ${covered.cols}`
