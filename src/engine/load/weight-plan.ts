// Plans the GPU matrices of a checkpoint: resolves names, checks shapes and types, allocates nothing.
import { allocatedBytes } from '../../gpu/arena.ts'
import { FORMATS } from '../../gpu/formats.ts'
import type { Capabilities } from '../../gpu/limits.ts'
import {
  layoutMatrix,
  layoutPart,
  type MatrixLayout,
  type PartLayout,
  padTo,
  type SlotLayout,
  sameStorage,
  splitMatrix,
} from '../../gpu/matrix.ts'
import { expectDefined, HadalError } from '../../lib/error.ts'
import type { ModelSpec } from '../../models/spec.ts'
import {
  type ExpertBankTensors,
  type NamedModelTensors,
  type TensorStack,
  tensorNames,
} from '../../models/tensor-names.ts'
import { type ModelTensors, mapTensors } from '../../models/tensors.ts'
import { expectDtype, VECTOR_DTYPES } from '../../weights/matrix-writer.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { StoredMatrix } from '../../weights/stored-matrix.ts'
import { commonFormat, type PlannedFormat } from './common-format.ts'
import { findStoredMatrices, refuseRequantization } from './find-matrices.ts'
import { findTensor } from './find-tensor.ts'
import type { ReadableCheckpoint } from './integer-readers.ts'
import { noteBrokenPromises } from './missing-tensors.ts'
import { formatsByClass, type Quantize, type QuantizeChoice, weightClassOf } from './quantization.ts'
import type { ResolvedCheckpoint } from './resolve-tensors.ts'

export interface PlannedMatrix {
  readonly label: string
  readonly layout: MatrixLayout
  readonly parts: readonly PartLayout[]
  readonly storedMatrices: readonly StoredMatrix[]
}

export interface PlannedVector {
  readonly parts: readonly { readonly name: string; readonly entry: TensorEntry }[] // one after the other
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
 * file and tensor, and `bad_request` for an unknown quantization. What the index promises in vain becomes a
 * notice of the checkpoint.
 * @param checkpoint with the names of `resolveTensors`
 */
export function planWeights(
  spec: ModelSpec,
  checkpoint: ResolvedCheckpoint,
  limits: BindingLimits,
  quantize: QuantizeChoice = 'none',
): WeightPlan {
  const maxBytes = Math.min(limits.maxBindingBytes, limits.maxBufferBytes)
  const formats = formatsByClass(quantize, spec)
  const find = (stack: TensorStack) => findStoredMatrices(spec, checkpoint, stack)
  const names = separateShared(tensorNames(spec), find, formats.experts)
  const plan = mapTensors(names, {
    matrix: (stack, role) => {
      const storedMatrices = find(stack)
      const name = weightClassOf(role)
      return planMatrix(storedMatrices, commonFormat(storedMatrices, name ? formats[name] : 'none'), maxBytes)
    },
    vector: (stack) => planVector(checkpoint, stack),
    bank: (bank) => planBank(bank, find, { quantize: formats.experts, maxBytes }),
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
    label: storedMatrices[0]?.name ?? '',
    layout,
    parts: splitMatrix(layout, maxBytes),
    storedMatrices,
  }
}

function planVector(checkpoint: ReadableCheckpoint, stack: TensorStack): PlannedVector {
  const parts = stack.map((tensor) => ({ name: tensor.name, entry: findTensor(checkpoint, tensor) }))
  for (const { entry } of parts) expectDtype(entry, VECTOR_DTYPES)
  return { parts, length: parts.reduce((sum, { entry }) => sum + (entry.shape[0] ?? 0), 0) }
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

type FindStack = (stack: TensorStack) => readonly StoredMatrix[]

/**
 * Takes shared experts out of the banks where they have other formats than the routed ones: many quantised
 * models keep them more precise, and one format for both would make the routed experts larger.
 */
function separateShared(names: NamedModelTensors, find: FindStack, quantize: Quantize): NamedModelTensors {
  const agree = ({ routed, shared }: ExpertBankTensors): boolean => {
    if (!shared) return true
    const layouts = [find(shared), routed.flatMap(find)].map((matrices) =>
      layoutStack(matrices.slice(0, 1), commonFormat(matrices, quantize)),
    )
    const [own, others] = layouts
    const areFloats = layouts.every(({ format }) => !FORMATS[format].scale)
    return areFloats || !own || !others || sameStorage(own, others)
  }
  const separate = <L extends NamedModelTensors['layers'][number]>(layer: L): L => {
    const { feedForward } = layer
    if (feedForward.kind === 'dense') return layer
    const { gateUp, down } = feedForward
    if (!gateUp.shared || !down.shared || (agree(gateUp) && agree(down))) return layer
    const shared = { gateUp: gateUp.shared, down: down.shared }
    const routed = { gateUp: { ...gateUp, shared: undefined }, down: { ...down, shared: undefined } }
    return { ...layer, feedForward: { ...feedForward, ...routed, shared } }
  }
  return {
    ...names,
    layers: names.layers.map(separate),
    ...(names.draft && { draft: separate(names.draft) }),
  }
}

/**
 * Packs the experts into banks, the shared expert first, so that the first dispatch over banks includes it.
 */
function planBank(
  bank: ExpertBankTensors,
  find: FindStack,
  { quantize, maxBytes }: { readonly quantize: Quantize; readonly maxBytes: number },
): PlannedBank {
  const shared = bank.shared ? [find(bank.shared)] : []
  const routed = bank.routed.map(find)
  const format = commonFormat([...shared, ...routed].flat(), quantize)
  const bankBytes: number[] = []
  const place = (storedMatrices: readonly StoredMatrix[]): PlannedSlot => {
    const matrix = layoutStack(storedMatrices, format)
    const layout = { ...matrix, ...layoutPart(matrix, 0, matrix.rows) }
    if (layout.bytes > maxBytes) {
      throw new HadalError(
        'unsupported',
        `${storedMatrices[0]?.name} needs ${layout.bytes} bytes in one binding; ` +
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
