// Answers: which stored tensors are a matrix of the model, and in which format are they? Types and shapes are checked.
// It must not know what becomes of them.
import { type BlockShape, type Format, layoutMatrix, type MatrixLayout, sameStorage } from '../gpu/matrix.ts'
import { formatShape } from '../lib/bytes.ts'
import { HadalError, present } from '../lib/error.ts'
import { groupsName, type StoredStack, type StoredTensor, scaleName } from '../models/names.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { floatType, SCALE_TYPES } from '../weights/matrix-writer.ts'
import type { TensorEntry } from '../weights/safetensors.ts'
import { formatOfCodes, shapeOf, storedForm } from '../weights/stored-form.ts'

/** A stored matrix within a stack, with its scales if it has them. */
export interface Piece {
  readonly weight: TensorEntry
  readonly scale: TensorEntry | undefined
  readonly stored: MatrixLayout // as it would lie on the GPU by itself, in the format of its file
}

/** What shares a scale in matrices that become FP8 here. */
export const FP8_BLOCK: BlockShape = { rows: 1, cols: 128 }

const STORED: Readonly<Partial<Record<TensorEntry['dtype'], Format>>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  F8_E4M3: 'fp8_block',
}

/** Throws `not_found`, `bad_file`, `bad_config` or `unsupported`, naming file and tensor. */
export const findPieces = (spec: ModelSpec, checkpoint: Checkpoint, stack: StoredStack): readonly Piece[] =>
  stack.map((stored) =>
    spec.packed && checkpoint.tensors.has(groupsName(stored.name))
      ? findPacked(checkpoint, stored)
      : findPublished(spec, checkpoint, stored),
  )

function findPublished(spec: ModelSpec, checkpoint: Checkpoint, { name, shape }: StoredTensor): Piece {
  const weight = findTensor(checkpoint, { name, shape })
  const [rows = 0, cols = 0] = shape
  const format = formatOf(weight)
  const stored = layoutMatrix(format, [rows], cols, spec.block)
  if (format !== 'fp8_block') return { weight, scale: undefined, stored }
  if (!spec.block) {
    throw new HadalError(
      'bad_config',
      `config.json has no quantization_config, but ${name} is stored as FP8.`,
      {
        file: 'config.json',
        tensor: name,
      },
    )
  }
  const blocks = [Math.ceil(rows / spec.block.rows), Math.ceil(cols / spec.block.cols)]
  const scale = findTensor(checkpoint, { name: scaleName(name), shape: blocks })
  floatType(scale, SCALE_TYPES)
  return { weight, scale, stored }
}

/** A matrix in codes that were made here: each row has scales of its own. */
function findPacked(checkpoint: Checkpoint, { name, shape }: StoredTensor): Piece {
  const [rows = 0, cols = 0] = shape
  const dtype = checkpoint.tensors.get(name)?.dtype
  const format = dtype === undefined ? 'q8' : formatOfCodes(dtype)
  if (!format) throw wrongType(findTensor(checkpoint, { name, shape }), 'I8, U8 or F8_E4M3')
  const stored = layoutMatrix(format, [rows], cols, FP8_BLOCK)
  const form = storedForm(stored, rows)
  const scales = present(form.scales, 'scales of codes')
  const weight = findTensor(checkpoint, { name, shape: shapeOf(form.rows) })
  const scale = findTensor(checkpoint, { name: groupsName(name), shape: shapeOf(scales) })
  if (scale.dtype !== scales.dtype) throw wrongType(scale, scales.dtype)
  return { weight, scale, stored }
}

/** Whether it is in codes that were made here. */
export const isPacked = ({ weight, scale }: Piece): boolean => scale?.name === groupsName(weight.name)

function wrongType({ file, name, dtype }: TensorEntry, right: string): HadalError {
  return new HadalError(
    'bad_file',
    `${file}: ${name} is stored as ${dtype}; packed as it is, only as ${right}.`,
    {
      file,
      tensor: name,
      hint: 'Pack the model again.',
    },
  )
}

/** The stored tensor of this name and shape. Throws `not_found` or `bad_file`. */
export function findTensor(checkpoint: Checkpoint, { name, shape }: StoredTensor): TensorEntry {
  const entry = checkpoint.tensors.get(name)
  if (!entry) {
    const files = checkpoint.files.map((file) => file.name).join(', ')
    throw new HadalError(
      'not_found',
      `The tensor ${name} is in none of the weight files (${files.slice(0, 200)}).`,
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
    `${entry.file}: ${name} has shape ${formatShape(entry.shape)}; config.json asks for ${formatShape(shape)}.`,
    {
      file: entry.file,
      tensor: name,
      hint: 'The file and config.json do not belong together.',
    },
  )
}

/** What was packed is not converted again. Throws `unsupported`. */
export function refuseSecond(pieces: readonly Piece[], layout: MatrixLayout): void {
  const piece = pieces.find((each) => isPacked(each) && !sameStorage(each.stored, layout))
  if (!piece) return
  const { weight, stored } = piece
  throw new HadalError(
    'unsupported',
    `${weight.file}: ${weight.name} is stored in ${stored.format} already; it is not quantised again to ${layout.format}.`,
    {
      file: weight.file,
      tensor: weight.name,
      hint: "Take the weights as they are stored (quantize: 'none'), or begin with the original checkpoint.",
    },
  )
}

function formatOf(entry: TensorEntry): Format {
  const format = STORED[entry.dtype]
  if (format) return format
  throw new HadalError(
    'unsupported',
    `${entry.file}: ${entry.name} is stored as ${entry.dtype}, which is not run yet.`,
    {
      file: entry.file,
      tensor: entry.name,
      hint: 'Weights may be F32, F16, BF16, or F8_E4M3 with block scales.',
    },
  )
}
