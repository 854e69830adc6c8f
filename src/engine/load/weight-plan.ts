// Plans the GPU matrices of a checkpoint: resolves names, checks shapes and types, allocates nothing.
import { allocatedBytes } from '../../gpu/arena.ts'
import { type BlockShape, FORMATS, QUANTIZATION_TARGETS, type StorageFormat } from '../../gpu/formats.ts'
import type { Capabilities } from '../../gpu/limits.ts'
import {
  layoutMatrix,
  layoutPart,
  type MatrixLayout,
  type PartLayout,
  padTo,
  type SlotLayout,
  splitMatrix,
} from '../../gpu/matrix.ts'
import { expectDefined, HadalError } from '../../lib/error.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { type ExpertBankTensors, type TensorStack, tensorNames } from '../../models/tensor-names.ts'
import { type ModelTensors, mapTensors } from '../../models/tensors.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { expectDtype, VECTOR_DTYPES } from '../../weights/matrix-writer.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import { formatsByClass, type Quantize, type QuantizeChoice } from './quantization.ts'
import { noteBrokenPromises, resolveTensors } from './resolve-tensors.ts'
import { findStoredMatrices, findTensor, refuseRequantization, type StoredMatrix } from './stored-matrix.ts'

export interface PlannedMatrix {
  readonly label: string
  readonly layout: MatrixLayout
  readonly parts: readonly PartLayout[]
  readonly storedMatrices: readonly StoredMatrix[]
}

export interface PlannedVector {
  readonly entries: readonly TensorEntry[] // one after the other
  readonly length: number
}

/** Location of one expert's matrix: its bank and its first byte there. */
export interface PlannedSlot {
  readonly bank: number
  readonly offset: number
  readonly layout: SlotLayout
  readonly storedMatrices: readonly StoredMatrix[]
}

export interface PlannedBank {
  readonly label: string
  readonly routed: SlotLayout
  readonly shared: SlotLayout | undefined
  readonly bankBytes: readonly number[]
  readonly slots: readonly PlannedSlot[] // experts in order, then the shared one
}

export type WeightPlan = ModelTensors<PlannedMatrix, PlannedVector, PlannedBank>

type BindingLimits = Pick<Capabilities, 'maxBindingBytes' | 'maxBufferBytes'>

/**
 * Plans where every weight goes and in which format. Throws `not_found`, `bad_file` or `unsupported`, naming
 * file and tensor, and `bad_request` for an unknown quantization. What the model does not need and what the
 * index promises in vain become notices of the checkpoint.
 */
export function planWeights(
  spec: ModelSpec,
  stored: Checkpoint,
  limits: BindingLimits,
  quantize: QuantizeChoice = 'none',
): WeightPlan {
  const maxBytes = Math.min(limits.maxBindingBytes, limits.maxBufferBytes)
  const formats = formatsByClass(quantize, spec)
  const checkpoint = resolveTensors(spec, stored)
  const plan = mapTensors(tensorNames(spec), {
    matrix: (stack, role) => {
      const storedMatrices = findStoredMatrices(spec, checkpoint, stack)
      return planMatrix(
        storedMatrices,
        commonFormat(storedMatrices, role === 'router' ? 'none' : formats[role]),
        maxBytes,
      )
    },
    vector: (stack) => planVector(checkpoint, stack),
    bank: (bank) => planBank(spec, checkpoint, bank, { quantize: formats.experts, maxBytes }),
  })
  noteBrokenPromises(checkpoint)
  return plan
}

/** GPU bytes of the weights by purpose, and of the slot tables of the experts. */
export function weightBytesByPurpose(plan: WeightPlan): { weights: number; experts: number; tables: number } {
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

/** Bytes of a slot table: bank and offset of every expert, and of a shared expert that may be absent. */
export const slotTableBytes = ({ slots }: PlannedBank): number => (slots.length + 1) * 8

function planMatrix(
  storedMatrices: readonly StoredMatrix[],
  format: PlannedFormat,
  maxBytes: number,
): PlannedMatrix {
  const layout = layoutStack(storedMatrices, format)
  return {
    label: storedMatrices[0]?.weight.name ?? '',
    layout,
    parts: splitMatrix(layout, maxBytes),
    storedMatrices,
  }
}

function planVector(checkpoint: Checkpoint, stack: TensorStack): PlannedVector {
  const entries = stack.map((stored) => findTensor(checkpoint, stored))
  for (const entry of entries) expectDtype(entry, VECTOR_DTYPES)
  return { entries, length: entries.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0) }
}

export interface PlannedFormat {
  readonly format: StorageFormat
  readonly block?: BlockShape | undefined
}

/**
 * The common format of matrices that one dispatch reads together. Published quantized weights (FP8) stay as
 * they are unless the quantization has fewer bits: converting them would lose precision and save nothing.
 * Unquantized matrices of different types become f32, which is lossless.
 */
export function commonFormat(storedMatrices: readonly StoredMatrix[], quantize: Quantize): PlannedFormat {
  const { storedLayout } = expectDefined(storedMatrices[0], 'a matrix')
  const sameFormat = storedMatrices.every(
    (storedMatrix) => storedMatrix.storedLayout.format === storedLayout.format,
  )
  if (quantize === 'none') return sameFormat ? storedLayout : { format: 'f32' }
  const { format, block } = QUANTIZATION_TARGETS[quantize]
  const { published, scale, bits } = FORMATS[storedLayout.format]
  if (sameFormat && published && scale && FORMATS[format].bits >= bits) return storedLayout
  return { format, block }
}

function layoutStack(
  storedMatrices: readonly StoredMatrix[],
  { format, block }: PlannedFormat,
): MatrixLayout {
  const heights = storedMatrices.map(({ storedLayout }) => storedLayout.rows)
  const layout = layoutMatrix(format, heights, storedMatrices[0]?.storedLayout.cols ?? 0, block)
  refuseRequantization(storedMatrices, layout)
  return layout
}

/**
 * Packs the experts into banks, the shared expert first, so that the first dispatch over banks includes it.
 */
function planBank(
  spec: ModelSpec,
  checkpoint: Checkpoint,
  bank: ExpertBankTensors,
  { quantize, maxBytes }: { readonly quantize: Quantize; readonly maxBytes: number },
): PlannedBank {
  const shared = bank.shared ? [findStoredMatrices(spec, checkpoint, bank.shared)] : []
  const routed = bank.routed.map((stack) => findStoredMatrices(spec, checkpoint, stack))
  const format = commonFormat([...shared, ...routed].flat(), quantize)
  const bankBytes: number[] = []
  const place = (storedMatrices: readonly StoredMatrix[]): PlannedSlot => {
    const matrix = layoutStack(storedMatrices, format)
    const layout = { ...matrix, ...layoutPart(matrix, 0, matrix.rows) }
    if (layout.bytes > maxBytes) {
      throw new HadalError(
        'unsupported',
        `${storedMatrices[0]?.weight.name} needs ${layout.bytes} bytes in one binding; ` +
          `this device allows ${maxBytes}.`,
        {
          hint: 'Use a device with larger storage buffer bindings.',
        },
      )
    }
    const fits = (bankBytes.at(-1) ?? maxBytes) + layout.bytes <= maxBytes
    if (!fits) bankBytes.push(0)
    const offset = bankBytes.at(-1) ?? 0
    bankBytes[bankBytes.length - 1] = offset + layout.bytes
    return { bank: bankBytes.length - 1, offset, layout, storedMatrices }
  }
  const sharedSlots = shared.map(place)
  const routedSlots = routed.map(place)
  return {
    label: bank.routed[0]?.[0]?.name ?? '',
    routed: expectDefined(routedSlots[0], 'the first expert').layout,
    shared: sharedSlots[0]?.layout,
    bankBytes,
    slots: [...routedSlots, ...sharedSlots],
  }
}
