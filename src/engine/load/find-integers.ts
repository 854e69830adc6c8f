// Finds matrices of integer codes with scales and offsets: those of MLX, compressed-tensors, GPTQ and AWQ.
import { GROUP_SIZES, layoutMatrix, type MatrixLayout } from '../../gpu/matrix.ts'
import { HadalError } from '../../lib/error.ts'
import { formatShape } from '../../lib/format.ts'
import type { IntegerGroups, ModelSpec, StoredQuantization } from '../../models/spec.ts'
import { moduleOf, SCHEMES, stackNameOf } from '../../models/stored-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { INTEGER_PACKINGS, type IntegerSizes } from '../../weights/integer-packing.ts'
import { integerWriters } from '../../weights/integer-writers.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import { INTEGER_SCALE_DTYPES } from '../../weights/stored-layout.ts'
import type { IntegerMatrix, IntegerOffsets } from '../../weights/stored-matrix.ts'
import {
  findTyped,
  hasShape,
  notQuantised,
  requireTensor,
  type WantedMatrix,
  wrongTensor,
} from './find-tensor.ts'

/** The stored tensors of a matrix of integer codes. */
export interface IntegerParts
  extends Pick<IntegerMatrix, 'name' | 'label' | 'order' | 'codes' | 'scales' | 'offsets'> {
  readonly sizes: IntegerGroups & { readonly rows: number; readonly cols: number }
  readonly shape?: TensorEntry | undefined
  readonly columnOrder?: TensorEntry | undefined
}

/** A matrix of integer codes with its lossless layout on the GPU. */
export function integerMatrix({ sizes, shape, columnOrder, ...parts }: IntegerParts): IntegerMatrix {
  const { bits, groupSize } = sizes
  const storedLayout = integerLayout(sizes, parts.scales, parts.offsets)
  const matrix: IntegerMatrix = {
    kind: 'integer',
    ...parts,
    bits,
    groupSize,
    shape,
    columnOrder,
    storedLayout,
    createWriters: (queue, target, onScales) => integerWriters(queue, matrix, target, onScales),
  }
  return matrix
}

/**
 * Symmetric codes with BF16 scales are those of q8 and q4. All others are a8 or a4, with scales and offsets
 * in the type of the file; where offsets are products of scales and zero points, in F32.
 */
function integerLayout(
  { rows, cols, bits, groupSize }: IntegerParts['sizes'],
  scales: TensorEntry,
  offsets: IntegerOffsets,
): MatrixLayout {
  const [type] = INTEGER_SCALE_DTYPES.filter((dtype) => dtype === scales.dtype)
  if (offsets.kind === 'middle' && type === 'BF16') return layoutMatrix(bits > 4 ? 'q8' : 'q4', [rows], cols)
  const sameType = offsets.kind === 'stored' && offsets.entry.dtype === type
  const group = GROUP_SIZES.find((size) => (groupSize ?? 0) % size === 0) ?? GROUP_SIZES[2]
  const block = { rows: 1, cols: group, dtype: sameType && type ? type : 'F32' } as const
  return layoutMatrix(bits > 4 ? 'a8' : 'a4', [rows], cols, block)
}

type MlxQuantization = Extract<StoredQuantization, { readonly method: 'mlx' }>

/** MLX: `weight`, `scales` and `biases`, by the parameters of its module. */
export function findMlx(
  { quantization }: ModelSpec,
  checkpoint: Checkpoint,
  { name, shape: [rows = 0, cols = 0], module }: WantedMatrix,
): IntegerMatrix {
  const { codes, scales, offsets } = partNames(module, SCHEMES.mlx)
  if (quantization.method !== 'mlx') throw new HadalError('internal', `${name} is not stored by MLX.`)
  const { bits, groupSize } = mlxParameters(quantization, requireTensor(checkpoint, codes), module)
  const sizes = { rows, cols, bits, groupSize }
  const find = partFinder(checkpoint, 'rows', sizes)
  if (cols % (groupSize ?? 1) !== 0)
    throw wrongTensor(
      requireTensor(checkpoint, codes),
      `has rows of ${cols} weights, no multiple of ${groupSize}`,
    )
  const scaleEntry = find.scales(scales)
  const symmetric = quantization.symmetric && scaleEntry.dtype === 'BF16' && (bits === 4 || bits === 8)
  return integerMatrix({
    name,
    label: `MLX ${groupsText(sizes)}`,
    sizes,
    order: 'rows',
    codes: find.codes(codes),
    scales: scaleEntry,
    offsets: { kind: symmetric ? 'middle' : 'stored', entry: find.scales(offsets) },
  })
}

/** The parameters of a module. Overrides have stored names or, without what precedes them, the model's. */
function mlxParameters(
  { overrides, everywhere }: MlxQuantization,
  entry: TensorEntry,
  module: string,
): IntegerGroups {
  const names = [moduleOf(entry.name), module].flatMap((name) => [name, stackNameOf(name)])
  const named = names.find((name) => overrides.has(name))
  const own = named === undefined ? everywhere : overrides.get(named)
  if (own) return own
  throw notQuantised(entry, module)
}

/** compressed-tensors `pack-quantized`: `weight_packed` and `weight_scale`, with or without zero points. */
export function findCompressed(
  { quantization }: ModelSpec,
  checkpoint: Checkpoint,
  { name, shape: [rows = 0, cols = 0], module }: WantedMatrix,
): IntegerMatrix {
  const names = partNames(module, SCHEMES.packed)
  if (quantization.method !== 'compressed-tensors')
    throw new HadalError('internal', `${name} is not stored by compressed-tensors.`)
  const { schemes, ignored } = quantization
  const codes = requireTensor(checkpoint, names.codes)
  if (ignored.has(module)) throw notQuantised(codes, module)
  const scales = requireTensor(checkpoint, names.scales)
  const symmetric = !checkpoint.tensors.has(names.zeros)
  const fitting = schemes.filter((candidate) => {
    const sizes = integerSizesOf(rows, cols, candidate)
    const { codes: codesShape, scales: scalesShape } = INTEGER_PACKINGS.rows
    const fits = hasShape(codes, codesShape(sizes)) && hasShape(scales, scalesShape(sizes))
    return fits && candidate.type === 'int' && candidate.symmetric === symmetric
  })
  const [scheme] = fitting
  // Groups of several sizes may fit where they do not divide a row.
  const isClear = scales.shape[1] === 1 || fitting.every(({ groupSize }) => groupSize === scheme?.groupSize)
  if (!scheme || !isClear) throw noScheme(codes, scales, symmetric, fitting.length)
  const sizes = { rows, cols, bits: scheme.bits, groupSize: scheme.groupSize }
  const find = partFinder(checkpoint, 'rows', sizes)
  return integerMatrix({
    name,
    label: `compressed-tensors ${groupsText(sizes)}`,
    sizes,
    order: 'rows',
    codes: find.codes(names.codes),
    scales: find.scales(names.scales),
    offsets: symmetric ? { kind: 'middle' } : { kind: 'zeros', entry: find.zeros(names.zeros), plus: 0 },
    shape: checkpoint.tensors.has(names.shape)
      ? findTyped(checkpoint, { name: names.shape, shape: [2] }, ['I64', 'I32'])
      : undefined,
    columnOrder: find.order(names.order),
  })
}

const noScheme = (codes: TensorEntry, scales: TensorEntry, symmetric: boolean, fitting: number): HadalError =>
  wrongTensor(
    codes,
    `${formatShape(codes.shape)} with scales ${formatShape(scales.shape)} ` +
      `${symmetric ? 'and no zero points' : 'and zero points'} fits ${fitting || 'no'} ` +
      `scheme${fitting ? 's' : ''} of quantization_config`,
  )

/** GPTQ and AWQ: `qweight`, `qzeros` and `scales`, inputs outermost. */
export function findTransposed(
  { quantization }: ModelSpec,
  checkpoint: Checkpoint,
  { name, shape: [rows = 0, cols = 0], module }: WantedMatrix,
): IntegerMatrix {
  if (quantization.method !== 'gptq' && quantization.method !== 'awq')
    throw new HadalError('internal', `${name} is not stored by GPTQ or AWQ.`)
  const names = partNames(module, SCHEMES.transposed)
  const sizes = { rows, cols, ...quantization.groups }
  const isGptq = quantization.method === 'gptq'
  const order = isGptq ? 'columns' : 'awq'
  const find = partFinder(checkpoint, order, sizes)
  const plus = isGptq ? quantization.zeroOffset : 0
  return integerMatrix({
    name,
    label: `${quantization.method.toUpperCase()} ${groupsText(sizes)}`,
    sizes,
    order,
    codes: find.codes(names.codes),
    scales: find.scales(names.scales),
    offsets: { kind: 'zeros', entry: find.zeros(names.zeros), plus },
    columnOrder: find.order(names.order),
  })
}

/** Finds the tensors of a matrix and checks their types and shapes. */
function partFinder(
  checkpoint: Checkpoint,
  order: keyof typeof INTEGER_PACKINGS,
  wanted: IntegerParts['sizes'],
) {
  const { rows, cols } = wanted
  const sizes = integerSizesOf(rows, cols, wanted)
  const { dtypes, codes, scales, zeros } = INTEGER_PACKINGS[order]
  return {
    codes: (name: string) => findTyped(checkpoint, { name, shape: codes(sizes) }, dtypes),
    scales: (name: string) => findTyped(checkpoint, { name, shape: scales(sizes) }, INTEGER_SCALE_DTYPES),
    zeros: (name: string) => findTyped(checkpoint, { name, shape: zeros(sizes) }, ['I32', 'U32']),
    order: (name: string) =>
      checkpoint.tensors.has(name) ? findTyped(checkpoint, { name, shape: [cols] }, ['I32']) : undefined,
  }
}

const integerSizesOf = (rows: number, cols: number, { bits, groupSize }: IntegerGroups): IntegerSizes => ({
  rows,
  cols,
  bits,
  groups: groupSize === undefined ? 1 : Math.ceil(cols / groupSize),
})

/** The full names of a matrix's tensors. */
const partNames = <N extends Readonly<Record<string, string>>>(module: string, names: N) =>
  Object.fromEntries(Object.entries(names).map(([part, name]) => [part, `${module}.${name}`])) as Readonly<
    Record<keyof N, string>
  >

const groupsText = ({ bits, groupSize }: IntegerGroups): string =>
  `${bits} bits, ${groupSize === undefined ? 'one scale a row' : `groups of ${groupSize}`}`
