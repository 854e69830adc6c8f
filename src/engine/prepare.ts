// Answers: how does a planned model get onto the GPU? Buffers are allocated, then every byte is streamed to its place once.
// It must not know configs or names.
import type { Device } from '../gpu/device.ts'
import { type GpuBank, type GpuMatrix, type GpuVector, type MatrixLayout, padTo } from '../gpu/matrix.ts'
import { present } from '../lib/error.ts'
import { type ModelTensors, mapTensors } from '../models/tensors.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import {
  type Placed,
  rowWriter,
  scaleWriter,
  type TensorWriter,
  vectorWriter,
} from '../weights/matrix-writer.ts'
import type { TensorEntry } from '../weights/safetensors.ts'
import { type StreamOptions, streamTensors } from '../weights/stream.ts'
import type { ModelPlan, Piece, PlannedBank, PlannedMatrix } from './plan.ts'

export type GpuModel = ModelTensors<GpuMatrix, GpuVector, GpuBank>

/** Bytes handed to the GPU before waiting for it: bounds what the driver has to keep for pending copies. */
const PENDING_BYTES = 64 * 1024 * 1024

/** Allocates the model's buffers and fills them. On failure the caller frees what was allocated (`Arena.guard`). */
export async function prepareModel(
  device: Device,
  plan: ModelPlan,
  checkpoint: Checkpoint,
  options: StreamOptions,
): Promise<GpuModel> {
  const writers = new Map<TensorEntry, TensorWriter>()
  // Whether it fits is known before the first byte is fetched.
  const model = await device.arena.guard('the weights of this model', async () =>
    allocate(device, plan, writers),
  )
  let pending = 0
  await streamTensors(
    checkpoint.source,
    [...writers.keys()],
    async (entry, offset, bytes) => {
      const writer = present(writers.get(entry), `the writer of ${entry.name}`)
      writer.push(bytes)
      if (offset + bytes.length === entry.end - entry.start) writer.end()
      pending += bytes.length
      if (pending < PENDING_BYTES) return
      pending = 0
      await device.gpu.queue.onSubmittedWorkDone()
    },
    options,
  )
  return model
}

function allocate(device: Device, plan: ModelPlan, writers: Map<TensorEntry, TensorWriter>): GpuModel {
  const { queue } = device.gpu
  const write = (layout: MatrixLayout, pieces: readonly Piece[], places: readonly Placed[]) => {
    pieces.forEach(({ weight, scale }, index) => {
      const start = layout.starts[index] ?? 0
      writers.set(weight, rowWriter(queue, weight, layout, start, places))
      if (scale) writers.set(scale, scaleWriter(queue, scale, layout, start, places))
    })
  }
  return mapTensors(plan, {
    matrix: ({ label, layout, parts, pieces }: PlannedMatrix): GpuMatrix => {
      const placed = parts.map((part) => ({
        ...part,
        buffer: device.arena.allocate('weights', label, part.bytes).buffer,
      }))
      write(
        layout,
        pieces,
        placed.map((part) => ({ part, buffer: part.buffer, offset: 0 })),
      )
      return { ...layout, parts: placed }
    },
    vector: ({ entries, length }): GpuVector => {
      const { buffer } = device.arena.allocate('weights', entries[0]?.name ?? '', padTo(length, 16) * 4)
      let first = 0
      for (const entry of entries) {
        writers.set(entry, vectorWriter(queue, entry, buffer, first))
        first += entry.shape[0] ?? 0
      }
      return { buffer, length }
    },
    bank: (bank) => allocateBank(device, bank, write),
  })
}

function allocateBank(
  device: Device,
  plan: PlannedBank,
  write: (layout: MatrixLayout, pieces: readonly Piece[], places: readonly Placed[]) => void,
): GpuBank {
  const banks = plan.bankBytes.map((bytes) => device.arena.allocate('experts', plan.label, bytes).buffer)
  // The page table: for each expert its bank and its first vec4 there.
  const table = new Uint32Array(plan.slots.flatMap(({ bank, offset }) => [bank, offset / 16]))
  const { buffer: slots } = device.arena.allocate('state', `slots of ${plan.label}`, table.byteLength + 8)
  device.gpu.queue.writeBuffer(slots, 0, table)
  for (const { bank, offset, layout, pieces } of plan.slots) {
    write(layout, pieces, [{ part: layout, buffer: present(banks[bank], 'a bank'), offset }])
  }
  return { routed: plan.routed, shared: plan.shared, banks, slots }
}
