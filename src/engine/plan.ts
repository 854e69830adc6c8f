// Answers: which GPU matrices will a checkpoint become, and how many bytes is that? Names are resolved, shapes and types checked; nothing is allocated.
// It must not know a device beyond its limits.
import type { Capabilities } from '../gpu/limits.ts'
import {
  type Format,
  layoutMatrix,
  layoutPart,
  type MatrixLayout,
  type PartLayout,
  padTo,
  type SlotLayout,
  splitMatrix,
} from '../gpu/matrix.ts'
import { HadalError, present } from '../lib/error.ts'
import {
  checkExtraTensors,
  namesOf,
  type StoredBank,
  type StoredStack,
  type StoredTensor,
} from '../models/names.ts'
import type { ModelSpec } from '../models/spec.ts'
import { type ModelTensors, mapTensors } from '../models/tensors.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import type { TensorEntry } from '../weights/safetensors.ts'
import { formatsOf, type QuantizeChoice } from './quantize.ts'

/** A stored matrix within a stack, with its scales if it has them. */
export interface Piece {
  readonly weight: TensorEntry
  readonly scale: TensorEntry | undefined
}

export interface PlannedMatrix {
  readonly label: string
  readonly layout: MatrixLayout
  readonly parts: readonly PartLayout[]
  readonly pieces: readonly Piece[]
}

export interface PlannedVector {
  readonly entries: readonly TensorEntry[] // one after the other
  readonly length: number
}

/** Where one expert's matrix lies: its bank and first byte there. */
export interface PlannedSlot {
  readonly bank: number
  readonly offset: number
  readonly layout: SlotLayout
  readonly pieces: readonly Piece[]
}

export interface PlannedBank {
  readonly label: string
  readonly routed: SlotLayout
  readonly shared: SlotLayout | undefined
  readonly bankBytes: readonly number[]
  readonly slots: readonly PlannedSlot[] // experts in order, then the shared one
}

export type ModelPlan = ModelTensors<PlannedMatrix, PlannedVector, PlannedBank>

type Limits = Pick<Capabilities, 'maxBindingBytes' | 'maxBufferBytes'>

const FORMATS: Readonly<Partial<Record<TensorEntry['dtype'], Format>>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  F8_E4M3: 'fp8_block',
}

/** Throws `not_found`, `bad_file` or `unsupported`, naming file and tensor; `bad_request` for an unknown way to quantise. */
export function planModel(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  limits: Limits,
  quantize: QuantizeChoice = 'none',
): ModelPlan {
  if (Object.values(formatsOf(quantize)).some((format) => format !== 'none'))
    throw new HadalError('unsupported', 'Weights cannot be quantised yet.')
  const most = Math.min(limits.maxBindingBytes, limits.maxBufferBytes)
  const plan = mapTensors(namesOf(spec), {
    matrix: (stack) => planMatrix(spec, checkpoint, stack, most),
    vector: (stack) => planVector(checkpoint, stack),
    bank: (bank) => planBank(spec, checkpoint, bank, most),
  })
  checkExtraTensors(spec, checkpoint.tensors)
  return plan
}

/** GPU bytes of the weights by purpose, with their `total`. */
export function bytesByPurpose(plan: ModelPlan): { weights: number; experts: number; total: number } {
  let weights = 0
  let experts = 0
  mapTensors(plan, {
    matrix: ({ parts }) => {
      weights += parts.reduce((sum, part) => sum + part.bytes, 0)
    },
    vector: ({ length }) => {
      weights += padTo(length, 16) * 4
    },
    bank: ({ bankBytes }) => {
      experts += bankBytes.reduce((sum, bytes) => sum + bytes, 0)
    },
  })
  return { weights, experts, total: weights + experts }
}

/** Bytes of a bank's page table: bank and place of every slot, and of a shared expert that may be absent. */
export const slotTableBytes = ({ slots }: PlannedBank): number => (slots.length + 1) * 8

function planMatrix(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  stack: StoredStack,
  most: number,
): PlannedMatrix {
  const { layout, pieces } = planStack(spec, checkpoint, stack)
  return { label: stack[0]?.name ?? '', layout, parts: splitMatrix(layout, most), pieces }
}

function planVector(checkpoint: Checkpoint, stack: StoredStack): PlannedVector {
  const entries = stack.map((stored) => find(checkpoint, stored))
  return { entries, length: entries.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0) }
}

function planStack(spec: ModelSpec, checkpoint: Checkpoint, stack: StoredStack) {
  const pieces = stack.map((stored) => findPiece(spec, checkpoint, stored))
  const formats = new Set(pieces.map(({ weight }) => formatOf(weight)))
  const [first] = pieces
  const [format] = formats
  if (!first || !format || formats.size > 1) {
    const names = pieces.map(({ weight }) => `${weight.name} (${weight.dtype})`).join(' and ')
    throw new HadalError('unsupported', `${names} are stored in different types; they must be the same.`, {
      file: first?.weight.file ?? '',
      tensor: first?.weight.name ?? '',
    })
  }
  const heights = pieces.map(({ weight }) => weight.shape[0] ?? 0)
  return { layout: layoutMatrix(format, heights, first.weight.shape[1] ?? 0, spec.block), pieces }
}

/** Experts lie in banks one after the other; the shared expert comes first, so that the first dispatch over banks meets it. */
function planBank(spec: ModelSpec, checkpoint: Checkpoint, bank: StoredBank, most: number): PlannedBank {
  const bankBytes: number[] = []
  const place = (stack: StoredStack): PlannedSlot => {
    const { layout: matrix, pieces } = planStack(spec, checkpoint, stack)
    const layout = { ...matrix, ...layoutPart(matrix, 0, matrix.rows) }
    if (layout.bytes > most) {
      throw new HadalError(
        'unsupported',
        `${stack[0]?.name} needs ${layout.bytes} bytes in one binding; this device allows ${most}.`,
        {
          hint: 'Use a device with larger storage buffer bindings.',
        },
      )
    }
    const fits = (bankBytes.at(-1) ?? most) + layout.bytes <= most
    if (!fits) bankBytes.push(0)
    const offset = bankBytes.at(-1) ?? 0
    bankBytes[bankBytes.length - 1] = offset + layout.bytes
    return { bank: bankBytes.length - 1, offset, layout, pieces }
  }
  const shared = bank.shared ? place(bank.shared) : undefined
  const routed = bank.routed.map(place)
  const all = shared ? [...routed, shared] : routed
  const odd = all.find(({ layout }) => layout.format !== routed[0]?.layout.format)
  if (odd) {
    const [piece] = odd.pieces
    throw new HadalError(
      'unsupported',
      `${piece?.weight.name} is stored as ${piece?.weight.dtype}, unlike the other experts of its layer.`,
      {
        file: piece?.weight.file ?? '',
        tensor: piece?.weight.name ?? '',
      },
    )
  }
  return {
    label: bank.routed[0]?.[0]?.name ?? '',
    routed: present(routed[0], 'the first expert').layout,
    shared: shared?.layout,
    bankBytes,
    slots: all,
  }
}

function formatOf(entry: TensorEntry): Format {
  const format = FORMATS[entry.dtype]
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

function findPiece(spec: ModelSpec, checkpoint: Checkpoint, stored: StoredTensor): Piece {
  const weight = find(checkpoint, stored)
  if (formatOf(weight) !== 'fp8_block') return { weight, scale: undefined }
  if (!spec.block) {
    throw new HadalError(
      'bad_config',
      `config.json has no quantization_config, but ${weight.name} is stored as FP8.`,
      {
        file: 'config.json',
        tensor: weight.name,
      },
    )
  }
  const [rows = 0, cols = 0] = stored.shape
  const shape = [Math.ceil(rows / spec.block.rows), Math.ceil(cols / spec.block.cols)]
  return { weight, scale: find(checkpoint, { name: `${stored.name}_scale_inv`, shape }) }
}

function find(checkpoint: Checkpoint, { name, shape }: StoredTensor): TensorEntry {
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
    `${entry.file}: ${name} has shape [${entry.shape.join(', ')}]; config.json asks for [${shape.join(', ')}].`,
    {
      file: entry.file,
      tensor: name,
      hint: 'The file and config.json do not belong together.',
    },
  )
}
