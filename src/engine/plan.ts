// Answers: which GPU matrices will a checkpoint become, and how many bytes is that? Names are resolved, shapes and types checked; nothing is allocated.
// It must not know a device beyond its limits.
import { allocatedBytes } from '../gpu/arena.ts'
import type { Capabilities } from '../gpu/limits.ts'
import {
  type BlockShape,
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
import { checkExtraTensors, namesOf, type StoredBank, type StoredStack } from '../models/names.ts'
import type { ModelSpec } from '../models/spec.ts'
import { type ModelTensors, mapTensors } from '../models/tensors.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { floatType, VALUE_TYPES } from '../weights/matrix-writer.ts'
import type { TensorEntry } from '../weights/safetensors.ts'
import { FP8_BLOCK, findPieces, findTensor, type Piece, refuseSecond } from './pieces.ts'
import { formatsOf, type Quantize, type QuantizeChoice } from './quantize.ts'

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

/** Throws `not_found`, `bad_file` or `unsupported`, naming file and tensor; `bad_request` for an unknown way to quantise. */
export function planModel(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  limits: Limits,
  quantize: QuantizeChoice = 'none',
): ModelPlan {
  const most = Math.min(limits.maxBindingBytes, limits.maxBufferBytes)
  const formats = formatsOf(quantize, spec)
  const plan = mapTensors(namesOf(spec), {
    matrix: (stack, role) => {
      const pieces = findPieces(spec, checkpoint, stack)
      return planMatrix(pieces, formatFor(pieces, role === 'router' ? 'none' : formats[role]), most)
    },
    vector: (stack) => planVector(checkpoint, stack),
    bank: (bank) => planBank(spec, checkpoint, bank, formats.experts, most),
  })
  checkExtraTensors(spec, checkpoint.tensors)
  return plan
}

/** GPU bytes of the weights by purpose, and of the tables that find experts in their banks. */
export function bytesByPurpose(plan: ModelPlan): { weights: number; experts: number; tables: number } {
  let weights = 0
  let experts = 0
  let tables = 0
  mapTensors(plan, {
    matrix: ({ parts }) => {
      weights += parts.reduce((sum, part) => sum + part.bytes, 0)
    },
    vector: ({ length }) => {
      weights += padTo(length, 16) * 4
    },
    bank: (bank) => {
      experts += bank.bankBytes.reduce((sum, bytes) => sum + bytes, 0)
      tables += allocatedBytes(slotTableBytes(bank))
    },
  })
  return { weights, experts, tables }
}

/** Bytes of a bank's page table: bank and place of every slot, and of a shared expert that may be absent. */
export const slotTableBytes = ({ slots }: PlannedBank): number => (slots.length + 1) * 8

function planMatrix(pieces: readonly Piece[], format: PlannedFormat, most: number): PlannedMatrix {
  const layout = layoutStack(pieces, format)
  return { label: pieces[0]?.weight.name ?? '', layout, parts: splitMatrix(layout, most), pieces }
}

function planVector(checkpoint: Checkpoint, stack: StoredStack): PlannedVector {
  const entries = stack.map((stored) => findTensor(checkpoint, stored))
  for (const entry of entries) floatType(entry, VALUE_TYPES)
  return { entries, length: entries.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0) }
}

export interface PlannedFormat {
  readonly format: Format
  readonly block?: BlockShape | undefined
}

/**
 * The one format of matrices that a dispatch reads together. FP8 stays as it is under `fp8` and `q8`, which would lose something and save
 * nothing; matrices that are to stay as stored, but are stored in different types, become f32, which loses nothing.
 */
export function formatFor(pieces: readonly Piece[], quantize: Quantize): PlannedFormat {
  const { stored } = present(pieces[0], 'a matrix')
  const alike = pieces.every((piece) => piece.stored.format === stored.format)
  if (alike && (quantize === 'none' || (quantize !== 'q4' && stored.format === 'fp8_block'))) return stored
  if (quantize === 'q8' || quantize === 'q4') return { format: quantize }
  return quantize === 'fp8' ? { format: 'fp8_block', block: FP8_BLOCK } : { format: 'f32' }
}

function layoutStack(pieces: readonly Piece[], { format, block }: PlannedFormat): MatrixLayout {
  const heights = pieces.map(({ stored }) => stored.rows)
  const layout = layoutMatrix(format, heights, pieces[0]?.stored.cols ?? 0, block)
  refuseSecond(pieces, layout)
  return layout
}

/** Experts lie in banks one after the other; the shared expert comes first, so that the first dispatch over banks meets it. */
function planBank(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  bank: StoredBank,
  quantize: Quantize,
  most: number,
): PlannedBank {
  const shared = bank.shared ? [findPieces(spec, checkpoint, bank.shared)] : []
  const routed = bank.routed.map((stack) => findPieces(spec, checkpoint, stack))
  const format = formatFor([...shared, ...routed].flat(), quantize)
  const bankBytes: number[] = []
  const place = (pieces: readonly Piece[]): PlannedSlot => {
    const matrix = layoutStack(pieces, format)
    const layout = { ...matrix, ...layoutPart(matrix, 0, matrix.rows) }
    if (layout.bytes > most) {
      throw new HadalError(
        'unsupported',
        `${pieces[0]?.weight.name} needs ${layout.bytes} bytes in one binding; this device allows ${most}.`,
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
  const sharedSlots = shared.map(place)
  const routedSlots = routed.map(place)
  return {
    label: bank.routed[0]?.[0]?.name ?? '',
    routed: present(routedSlots[0], 'the first expert').layout,
    shared: sharedSlots[0]?.layout,
    bankBytes,
    slots: [...routedSlots, ...sharedSlots],
  }
}
