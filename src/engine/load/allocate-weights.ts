// Allocates the GPU buffers of a planned model and creates the writers that fill them.
import type { Device } from '../../gpu/device.ts'
import { type GpuBank, type GpuMatrix, type GpuVector, type MatrixLayout, padTo } from '../../gpu/matrix.ts'
import { expectDefined } from '../../lib/error.ts'
import { type GpuModel, mapTensors } from '../../models/tensors.ts'
import type { RunContext } from '../../program/dispatch-runner.ts'
import { type MatrixTarget, type PartPlacement, vectorWriter } from '../../weights/matrix-writer.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { StoredMatrix, TensorWriting } from '../../weights/stored-matrix.ts'
import { matrixWriters } from '../../weights/stored-writers.ts'
import type { TensorWriter } from '../../weights/tensor-writer.ts'
import { needsConversion } from './common-format.ts'
import type { Converter } from './convert.ts'
import { type Conversion, conversionsOf } from './footprint.ts'
import { type PlannedBank, type PlannedMatrix, slotTableBytes, type WeightPlan } from './weight-plan.ts'

/** The weights of a model: allocated buffers, still empty, and the writers that fill them. */
export interface AllocatedWeights {
  readonly tensors: GpuModel
  readonly writers: ModelWriters
  readonly placement: WeightPlacement
  readonly conversions: readonly Conversion[]
}

/** Where each stored tensor lies on the GPU. */
export interface WeightPlacement {
  readonly matrices: {
    layout: MatrixLayout
    storedMatrices: readonly StoredMatrix[]
    placements: readonly PartPlacement[]
  }[]
  /** In f32, from element `first` of the buffer on. */
  readonly vectors: { name: string; length: number; buffer: GPUBuffer; first: number }[]
}

export type WriterMap = Map<TensorEntry, TensorWriter>

/** The writer of each stored tensor. */
export interface ModelWriters {
  /** The scales of matrices that are converted, by their rows: they must be written before those. */
  readonly scalesOf: Map<TensorEntry, readonly TensorWriting[]>
  readonly rest: WriterMap
  readonly converter: Converter | undefined // if a matrix needs one
}

/**
 * Allocates the buffers of all weights, so that a lack of memory shows before the first byte is fetched.
 * Call it within `Arena.guard`.
 */
export async function allocateWeights(context: RunContext, plan: WeightPlan): Promise<AllocatedWeights> {
  const conversions = conversionsOf(plan)
  const converter = conversions.length > 0 ? await openConverter(context) : undefined
  const writers: ModelWriters = { scalesOf: new Map(), rest: new Map(), converter }
  const placement: WeightPlacement = { matrices: [], vectors: [] }
  const tensors = allocateTensors(context, plan, writers, placement)
  return { tensors, writers, placement, conversions }
}

async function openConverter({ device, pipelines }: RunContext): Promise<Converter> {
  const { Converter } = await import('./convert.ts') // most loads do not quantize
  return new Converter(device, pipelines)
}

type AddMatrix = (
  layout: MatrixLayout,
  storedMatrices: readonly StoredMatrix[],
  placements: readonly PartPlacement[],
) => void

function allocateTensors(
  { device }: RunContext,
  plan: WeightPlan,
  writers: ModelWriters,
  contents: WeightPlacement,
): GpuModel {
  const { queue } = device.gpu
  const convert = (storedMatrix: StoredMatrix, target: MatrixTarget) => {
    const converter = expectDefined(writers.converter, 'a converter')
    const { rows, scales } = converter.createWriters(storedMatrix, target)
    for (const [entry, writer] of rows) {
      writers.rest.set(entry, writer)
      writers.scalesOf.set(entry, scales)
    }
  }
  const addMatrix: AddMatrix = (layout, storedMatrices, placements) => {
    contents.matrices.push({ layout, storedMatrices, placements })
    for (const [index, storedMatrix] of storedMatrices.entries()) {
      const target = { layout, start: layout.starts[index] ?? 0, placements }
      if (needsConversion(storedMatrix, layout)) {
        convert(storedMatrix, target)
        continue
      }
      const { rows, scales } = matrixWriters(queue, storedMatrix, target)
      for (const [entry, writer] of [...rows, ...scales]) writers.rest.set(entry, writer)
    }
  }
  return mapTensors(plan, {
    matrix: ({ label, layout, parts, storedMatrices }: PlannedMatrix): GpuMatrix => {
      const placements = parts.map((part) => ({
        part,
        buffer: device.arena.allocate('weights', label, part.bytes).buffer,
        offset: 0,
      }))
      addMatrix(layout, storedMatrices, placements)
      return { ...layout, parts: placements.map(({ part, buffer }) => ({ ...part, buffer: () => buffer })) }
    },
    vector: ({ parts, length }): GpuVector => {
      const { buffer } = device.arena.allocate('weights', parts[0]?.name ?? '', padTo(length, 16) * 4)
      let first = 0
      for (const { name, entry } of parts) {
        contents.vectors.push({ name, length: entry.shape[0] ?? 0, buffer, first })
        writers.rest.set(entry, vectorWriter(queue, entry, buffer, first))
        first += entry.shape[0] ?? 0
      }
      return { buffer: () => buffer, length }
    },
    bank: (bank) => allocateBank(device, bank, addMatrix),
  })
}

function allocateBank(device: Device, plan: PlannedBank, addMatrix: AddMatrix): GpuBank {
  const banks = plan.bankBytes.map((bytes) => device.arena.allocate('experts', plan.label, bytes).buffer)
  // The slot table: for each expert its bank and its first vec4 there.
  const table = new Uint32Array(plan.slots.flatMap(({ bank, offset }) => [bank, offset / 16]))
  const { buffer: slots } = device.arena.allocate('state', `slots of ${plan.label}`, slotTableBytes(plan))
  device.gpu.queue.writeBuffer(slots, 0, table)
  for (const { bank, offset, layout, storedMatrices } of plan.slots) {
    addMatrix(layout, storedMatrices, [
      { part: layout, buffer: expectDefined(banks[bank], 'a bank'), offset },
    ])
  }
  return {
    routed: plan.routed,
    shared: plan.shared,
    banks: banks.map((bank) => () => bank),
    slots: () => slots,
  }
}
