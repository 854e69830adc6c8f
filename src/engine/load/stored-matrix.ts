// Finds the stored tensors that form a matrix of the model, and checks their types and shapes.
import {
  type BlockShape,
  layoutMatrix,
  type MatrixLayout,
  type StorageFormat,
  sameStorage,
} from '../../gpu/matrix.ts'
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
import { arrayShape, formatForDtype, storedLayout } from '../../weights/stored-layout.ts'

/** A matrix in the checkpoint, with its scales if it has them. */
export interface StoredMatrix {
  readonly weight: TensorEntry
  readonly scale: TensorEntry | undefined
  readonly storedLayout: MatrixLayout // its layout on the GPU if it were alone and in the format of its file
}

/** Weights that share a scale in matrices that Hadal quantizes to FP8. */
export const FP8_BLOCK: BlockShape = { rows: 1, cols: 128 }

const FORMAT_OF_DTYPE: Readonly<Partial<Record<TensorEntry['dtype'], StorageFormat>>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  F8_E4M3: 'fp8_block',
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
  if (format !== 'fp8_block') return { weight, scale: undefined, storedLayout }
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
  const dtype = checkpoint.tensors.get(name)?.dtype
  const format = dtype === undefined ? 'q8' : formatForDtype(dtype)
  if (!format) throw wrongType(findTensor(checkpoint, { name, shape }), 'I8, U8 or F8_E4M3')
  const stored = layoutMatrix(format, [rows], cols, FP8_BLOCK)
  const arrays = storedLayout(stored, rows)
  const scales = expectDefined(arrays.scales, 'scales of a packed matrix')
  const weight = findTensor(checkpoint, { name, shape: arrayShape(arrays.rows) })
  const scale = findTensor(checkpoint, { name: groupScalesName(name), shape: arrayShape(scales) })
  if (scale.dtype !== scales.dtype) throw wrongType(scale, scales.dtype)
  return { weight, scale, storedLayout: stored }
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
  if (!entry) {
    const files = checkpoint.files.map((file) => file.name).join(', ')
    throw new HadalError(
      'not_found',
      `No weight file contains the tensor ${name} (${files.slice(0, 200)}).`,
      {
        tensor: name,
        hint: 'The download may be incomplete, or config.json may belong to another model.',
      },
    )
  }
  if (entry.shape.length === shape.length && entry.shape.every((size, axis) => size === shape[axis]))
    return entry
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
  const format = FORMAT_OF_DTYPE[entry.dtype]
  if (format) return format
  throw new HadalError(
    'unsupported',
    `${entry.file}: ${entry.name} is stored as ${entry.dtype}, which Hadal does not support.`,
    {
      file: entry.file,
      tensor: entry.name,
      hint: 'Weights may be F32, F16, BF16, or F8_E4M3 with block scales.',
    },
  )
}
