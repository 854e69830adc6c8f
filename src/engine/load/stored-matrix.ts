// Finds the stored tensors that form a matrix of the model, and checks their types and shapes.
import { FORMATS, type StorageFormat } from '../../gpu/formats.ts'
import { layoutMatrix, type MatrixLayout, sameStorage } from '../../gpu/matrix.ts'
import { expectDefined, HadalError } from '../../lib/error.ts'
import { formatShape } from '../../lib/format.ts'
import type { ModelSpec } from '../../models/spec.ts'
import {
  blockScalesName,
  groupScalesName,
  type NamedTensor,
  type TensorStack,
} from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { expectDtype, SCALE_DTYPES } from '../../weights/matrix-writer.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import {
  arrayShape,
  PACKED_DTYPES,
  packedFormats,
  publishedFormat,
  type StoredArray,
  storedLayout,
} from '../../weights/stored-layout.ts'
import { missingTensor } from './resolve-tensors.ts'

/** A matrix in the checkpoint, with its scales if it has them. */
export interface StoredMatrix {
  readonly weight: TensorEntry
  readonly scale: TensorEntry | undefined
  readonly storedLayout: MatrixLayout // its layout on the GPU if it were alone and in the format of its file
}

/** Finds the matrices of a stack. Throws `not_found`, `bad_file`, `bad_config` or `unsupported`. */
export const findStoredMatrices = (
  spec: ModelSpec,
  checkpoint: Checkpoint,
  stack: TensorStack,
): readonly StoredMatrix[] =>
  stack.map((stored) =>
    spec.packed && checkpoint.tensors.has(groupScalesName(stored.name))
      ? findPacked(checkpoint, stored)
      : findPublished(spec, checkpoint, stored),
  )

function findPublished(spec: ModelSpec, checkpoint: Checkpoint, { name, shape }: NamedTensor): StoredMatrix {
  const weight = findTensor(checkpoint, { name, shape })
  const [rows = 0, cols = 0] = shape
  const format = storedFormatOf(weight)
  const storedLayout = layoutMatrix(format, [rows], cols, spec.weightBlockSize)
  if (!FORMATS[format].scale) return { weight, scale: undefined, storedLayout }
  if (!spec.weightBlockSize) {
    throw new HadalError(
      'bad_config',
      `config.json has no quantization_config, but ${name} is stored as FP8.`,
      {
        file: 'config.json',
        tensor: name,
      },
    )
  }
  const blocks = [Math.ceil(rows / spec.weightBlockSize.rows), Math.ceil(cols / spec.weightBlockSize.cols)]
  const scale = findTensor(checkpoint, { name: blockScalesName(name), shape: blocks })
  expectDtype(scale, SCALE_DTYPES)
  return { weight, scale, storedLayout }
}

/** A matrix that Hadal quantized and packed: each row has its own scales. */
function findPacked(checkpoint: Checkpoint, { name, shape }: NamedTensor): StoredMatrix {
  const [rows = 0, cols = 0] = shape
  const scalesName = groupScalesName(name)
  const { dtype } = checkpoint.tensors.get(name) ?? findTensor(checkpoint, { name, shape })
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
  return { weight, scale, storedLayout: form.layout }
}

/** Whether the matrix was quantized and packed by Hadal. */
export const isPacked = ({ weight, scale }: StoredMatrix): boolean =>
  scale?.name === groupScalesName(weight.name)

function wrongType({ file, name, dtype }: TensorEntry, expected: string): HadalError {
  return new HadalError(
    'bad_file',
    `${file}: ${name} is stored as ${dtype}; a packed model stores it as ${expected}.`,
    {
      file,
      tensor: name,
      hint: 'Pack the model again.',
    },
  )
}

/** The stored tensor of this name and shape. Throws `not_found` or `bad_file`. */
export function findTensor(checkpoint: Checkpoint, { name, shape }: NamedTensor): TensorEntry {
  const entry = checkpoint.tensors.get(name)
  if (!entry) throw missingTensor(checkpoint, name)
  if (hasShape(entry, shape)) return entry
  throw new HadalError(
    'bad_file',
    `${entry.file}: ${name} has shape ${formatShape(entry.shape)}; ` +
      `config.json requires ${formatShape(shape)}.`,
    {
      file: entry.file,
      tensor: name,
      hint: 'The file and config.json do not belong together.',
    },
  )
}

const hasShape = (entry: TensorEntry | undefined, shape: readonly number[]): boolean =>
  entry?.shape.length === shape.length && entry.shape.every((size, axis) => size === shape[axis])

/** Throws `unsupported` if a packed matrix would be quantized a second time. */
export function refuseRequantization(storedMatrices: readonly StoredMatrix[], layout: MatrixLayout): void {
  const storedMatrix = storedMatrices.find(
    (candidate) => isPacked(candidate) && !sameStorage(candidate.storedLayout, layout),
  )
  if (!storedMatrix) return
  const { weight, storedLayout } = storedMatrix
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
    `${entry.file}: ${entry.name} is stored as ${entry.dtype}, which Hadal does not support.`,
    {
      file: entry.file,
      tensor: entry.name,
      hint: 'Weights may be F64, F32, F16, BF16, or F8_E4M3 with block scales.',
    },
  )
}
