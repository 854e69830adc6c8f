// Finds the stored tensors that form the matrices of the model, in whatever way they are quantised.
import { FORMATS, type StorageFormat } from '../../gpu/formats.ts'
import { GROUP_SIZES, layoutMatrix, type MatrixLayout, sameStorage } from '../../gpu/matrix.ts'
import { expectDefined, HadalError } from '../../lib/error.ts'
import { QUANTIZATION_HINT } from '../../models/quantization-fields.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { moduleOf, packedScheme, SCHEMES, type Scheme, schemeOf } from '../../models/stored-names.ts'
import type { NamedTensor, TensorStack } from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import {
  arrayShape,
  INTEGER_SCALE_DTYPES,
  PACKED_DTYPES,
  packedFormats,
  publishedFormat,
  type StoredArray,
  storedLayout,
} from '../../weights/stored-layout.ts'
import type { PackedMatrix, StoredMatrix } from '../../weights/stored-matrix.ts'
import { findScaled } from './find-scaled.ts'
import {
  findTensor,
  findTyped,
  hasShape,
  requireTensor,
  type WantedMatrix,
  wrongTensor,
} from './find-tensor.ts'
import { type FindMatrix, integerReaders, type ReadableCheckpoint } from './integer-readers.ts'
import { missingTensor } from './missing-tensors.ts'

const FINDERS: Readonly<Record<Scheme, FindMatrix>> = {
  hadal: findPacked,
  hadal_a8: findPackedAffine,
  hadal_a4: findPackedAffine,
  scale_inv: (...args) => findScaled(...args, SCHEMES.scale_inv.scales),
  scale: (...args) => findScaled(...args, SCHEMES.scale.scales),
  mlx: (spec, checkpoint, wanted) => integerReaders(checkpoint).findMlx(spec, checkpoint, wanted),
  packed: (spec, checkpoint, wanted) => integerReaders(checkpoint).findCompressed(spec, checkpoint, wanted),
  transposed: (spec, checkpoint, wanted) =>
    integerReaders(checkpoint).findTransposed(spec, checkpoint, wanted),
}

/** Finds the matrices of a stack. Throws `not_found`, `bad_file`, `bad_config` or `unsupported`. */
export const findStoredMatrices = (
  spec: ModelSpec,
  checkpoint: ReadableCheckpoint,
  stack: TensorStack,
): readonly StoredMatrix[] => stack.map((tensor) => findMatrix(spec, checkpoint, tensor))

function findMatrix(spec: ModelSpec, checkpoint: ReadableCheckpoint, tensor: NamedTensor): StoredMatrix {
  const module = moduleOf(tensor.name)
  const scheme = schemeOf(spec.quantization, checkpoint.tensors, module)
  if (scheme) return FINDERS[scheme](spec, checkpoint, { ...tensor, module })
  const { halves } = tensor
  if (halves && checkpoint.integers && !checkpoint.tensors.has(tensor.name)) {
    const find = (half: NamedTensor) => findMatrix(spec, checkpoint, half)
    const split = checkpoint.integers.findSplitKv(checkpoint, tensor, halves, find)
    if (split) return split
  }
  return findFloats(spec, checkpoint, tensor)
}

/** Rows of floats. */
function findFloats(spec: ModelSpec, checkpoint: Checkpoint, tensor: NamedTensor): StoredMatrix {
  const weight = requireTensor(checkpoint, tensor.name)
  const format = storedFormatOf(weight)
  findTensor(checkpoint, tensor)
  if (FORMATS[format].scale) throw withoutScales(spec, checkpoint, weight, moduleOf(tensor.name))
  const [rows = 0, cols = 0] = tensor.shape
  const storedLayout = layoutMatrix(format, [rows], cols)
  return { kind: 'float', name: tensor.name, label: FORMATS[format].label, weight, storedLayout }
}

/** The error for FP8 codes without scales. */
function withoutScales(
  { quantization }: ModelSpec,
  checkpoint: Checkpoint,
  { name }: TensorEntry,
  module: string,
): unknown {
  if (quantization.method === 'none') {
    const message = `config.json has no quantization_config, but ${name} is stored as FP8.`
    return new HadalError('bad_config', message, { file: 'config.json', tensor: name })
  }
  const scheme = quantization.method === 'compressed-tensors' ? SCHEMES.scale : SCHEMES.scale_inv
  return missingTensor(checkpoint, `${module}.${scheme.scales}`)
}

/** A matrix that Hadal quantized and packed: each row has its own scales. */
function findPacked(
  _: ModelSpec,
  checkpoint: Checkpoint,
  { name, shape, module }: WantedMatrix,
): PackedMatrix {
  const [rows = 0, cols = 0] = shape
  const scalesName = `${module}.${SCHEMES.hadal.scales}`
  const { dtype } = requireTensor(checkpoint, name)
  const forms = packedFormats(dtype).map((format) => {
    const layout = layoutMatrix(format, [rows], cols, FORMATS[format].quantization?.block)
    const { rows: codes, scales } = storedLayout(layout, rows)
    return { layout, codes, scales: expectDefined(scales, 'scales of a packed matrix') }
  })
  const fits = (tensor: string, array: StoredArray) =>
    hasShape(checkpoint.tensors.get(tensor), arrayShape(array))
  const form = forms.find(({ codes, scales }) => fits(name, codes) && fits(scalesName, scales)) ?? forms[0]
  if (!form) throw wrongType(findTensor(checkpoint, { name, shape }), PACKED_DTYPES.join(' or '))
  const weight = findTensor(checkpoint, { name, shape: arrayShape(form.codes) })
  const scale = findTensor(checkpoint, { name: scalesName, shape: arrayShape(form.scales) })
  if (scale.dtype !== form.scales.dtype) throw wrongType(scale, form.scales.dtype)
  const label = `${FORMATS[form.layout.format].label}, packed`
  return { kind: 'packed', name, label, weight, scale, storedLayout: form.layout }
}

/** As `findPacked`, with offsets beside the scales; their number and type tell the groups. */
function findPackedAffine(
  { quantization }: ModelSpec,
  checkpoint: Checkpoint,
  { name, shape: [rows = 0, cols = 0], module }: WantedMatrix,
): PackedMatrix {
  const format = schemeOf(quantization, checkpoint.tensors, module) === 'hadal_a8' ? 'a8' : 'a4'
  const scalesName = `${module}.${SCHEMES[packedScheme(format)].scales}`
  const { dtype: stored } = requireTensor(checkpoint, scalesName)
  const [dtype] = INTEGER_SCALE_DTYPES.filter((type) => type === stored)
  // The smallest groups first, where rows are so short that several sizes fit.
  const layouts = GROUP_SIZES.toReversed().map((group) =>
    layoutMatrix(format, [rows], cols, { rows: 1, cols: group, ...(dtype && { dtype }) }),
  )
  const scalesOf = (layout: MatrixLayout) =>
    expectDefined(storedLayout(layout, rows).scales, 'scales of a packed matrix')
  const scales = checkpoint.tensors.get(scalesName)
  const fitting = layouts.find((layout) => hasShape(scales, arrayShape(scalesOf(layout))))
  const layout = fitting ?? expectDefined(layouts[0], 'a group size')
  const { rows: codes } = storedLayout(layout, rows)
  const weight = findTyped(checkpoint, { name, shape: arrayShape(codes) }, [codes.dtype])
  const scaleArray = scalesOf(layout)
  const scale = findTyped(checkpoint, { name: scalesName, shape: arrayShape(scaleArray) }, [scaleArray.dtype])
  const label = `${FORMATS[format].label}, packed`
  return { kind: 'packed', name, label, weight, scale, storedLayout: layout }
}

const wrongType = (entry: TensorEntry, expected: string): HadalError =>
  wrongTensor(
    entry,
    `is stored as ${entry.dtype}; a packed model stores it as ${expected}`,
    'Pack the model again.',
  )

/** Throws `unsupported` if a packed matrix would be quantized a second time. */
export function refuseRequantization(storedMatrices: readonly StoredMatrix[], layout: MatrixLayout): void {
  const matrix = storedMatrices.find(
    (candidate) => candidate.kind === 'packed' && !sameStorage(candidate.storedLayout, layout),
  )
  if (matrix?.kind !== 'packed') return
  const { weight, storedLayout } = matrix
  throw new HadalError(
    'unsupported',
    `${weight.file}: ${weight.name} is already quantized to ${storedLayout.format}; ` +
      `Hadal does not quantize it again to ${layout.format}.`,
    {
      file: weight.file,
      tensor: weight.name,
      hint: "Use the weights as stored (quantize: 'none') or load the original checkpoint.",
    },
  )
}

function storedFormatOf(entry: TensorEntry): StorageFormat {
  const format = publishedFormat(entry.dtype)
  if (format) return format
  throw new HadalError(
    'unsupported',
    `${entry.file}: ${entry.name} is stored as ${entry.dtype}, which Hadal does not support here.`,
    {
      file: entry.file,
      tensor: entry.name,
      hint: `Integer codes need their scales, and a config.json that names the method. ${QUANTIZATION_HINT}`,
    },
  )
}
