// Answers: how does a planned model get onto the GPU? Buffers are allocated, then every byte is streamed to its place once.
// It must not know configs or names.
import type { Device } from '../gpu/device.ts'
import {
  type GpuBank,
  type GpuMatrix,
  type GpuVector,
  type MatrixLayout,
  padTo,
  sameStorage,
} from '../gpu/matrix.ts'
import { spannedBytes } from '../lib/bytes.ts'
import { present } from '../lib/error.ts'
import { type ModelTensors, mapTensors } from '../models/tensors.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { type Placed, rowWriter, scaleWriter, vectorWriter } from '../weights/matrix-writer.ts'
import { groupWriter, packedRowWriter } from '../weights/packed-writer.ts'
import type { TensorEntry } from '../weights/safetensors.ts'
import { type StreamOptions, streamTensors } from '../weights/stream.ts'
import type { TensorWriter } from '../weights/tensor-writer.ts'
import { Converter } from './convert.ts'
import { isPacked, type Piece } from './pieces.ts'
import { type ModelPlan, type PlannedBank, type PlannedMatrix, slotTableBytes } from './plan.ts'

export type GpuModel = ModelTensors<GpuMatrix, GpuVector, GpuBank>

/** Bytes handed to the GPU before waiting for it: bounds what the driver has to keep for pending copies. */
const PENDING_BYTES = 64 * 1024 * 1024

/** A model whose buffers exist and are still empty. */
export interface EmptyModel {
  readonly tensors: GpuModel
  readonly writers: Writers
  readonly contents: Contents
}

/** Where each stored tensor comes to lie. */
export interface Contents {
  readonly matrices: { layout: MatrixLayout; pieces: readonly Piece[]; places: readonly Placed[] }[]
  readonly vectors: { entry: TensorEntry; buffer: GPUBuffer; first: number }[] // f32 from element `first` on
}

type WriterMap = Map<TensorEntry, TensorWriter>

/** Who takes which tensor. Scales of matrices that are converted come before all others, wherever they lie. */
interface Writers {
  readonly early: WriterMap
  readonly rest: WriterMap
  converter: Converter | undefined // made for the first matrix that needs one
}

/** Allocates the model's buffers: whether they fit is known before the first byte is fetched. Call within `Arena.guard`. */
export function allocateModel(device: Device, plan: ModelPlan): EmptyModel {
  const writers: Writers = { early: new Map(), rest: new Map(), converter: undefined }
  const contents: Contents = { matrices: [], vectors: [] }
  return { tensors: allocate(device, plan, writers, contents), writers, contents }
}

/** Streams every byte to its place. */
export async function fillModel(
  device: Device,
  { writers: { early, rest, converter } }: EmptyModel,
  checkpoint: Checkpoint,
  options: StreamOptions,
): Promise<void> {
  const earlyBytes = spannedBytes(early.keys())
  const totalBytes = earlyBytes + spannedBytes(rest.keys())
  const { onProgress } = options
  const pass = (writers: WriterMap, before: number) =>
    stream(device, writers, checkpoint, {
      ...options,
      ...(onProgress && {
        onProgress: (done) => onProgress({ ...done, bytes: before + done.bytes, totalBytes }),
      }),
    })
  await converter?.prepare()
  await pass(early, 0)
  await pass(rest, earlyBytes)
  converter?.close()
}

async function stream(
  device: Device,
  writers: WriterMap,
  checkpoint: Checkpoint,
  options: StreamOptions,
): Promise<void> {
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
}

type Write = (layout: MatrixLayout, pieces: readonly Piece[], places: readonly Placed[]) => void

function allocate(device: Device, plan: ModelPlan, writers: Writers, contents: Contents): GpuModel {
  const { queue } = device.gpu
  const convert = (piece: Piece, layout: MatrixLayout, start: number, places: readonly Placed[]) => {
    writers.converter ??= new Converter(device)
    const { weight, scale } = writers.converter.writers(piece, { layout, start, places })
    writers.rest.set(piece.weight, weight)
    if (piece.scale && scale) writers.early.set(piece.scale, scale)
  }
  const write: Write = (layout, pieces, places) => {
    contents.matrices.push({ layout, pieces, places })
    for (const [index, piece] of pieces.entries()) {
      const { weight, scale, stored } = piece
      const start = layout.starts[index] ?? 0
      if (!sameStorage(stored, layout)) {
        convert(piece, layout, start, places)
        continue
      }
      const rows = isPacked(piece) ? packedRowWriter : rowWriter
      const scales = isPacked(piece) ? groupWriter : scaleWriter
      writers.rest.set(weight, rows(queue, weight, layout, start, places))
      if (scale) writers.rest.set(scale, scales(queue, scale, layout, start, places))
    }
  }
  return mapTensors(plan, {
    matrix: ({ label, layout, parts, pieces }: PlannedMatrix): GpuMatrix => {
      const places = parts.map((part) => ({
        part,
        buffer: device.arena.allocate('weights', label, part.bytes).buffer,
        offset: 0,
      }))
      write(layout, pieces, places)
      return { ...layout, parts: places.map(({ part, buffer }) => ({ ...part, buffer: () => buffer })) }
    },
    vector: ({ entries, length }): GpuVector => {
      const { buffer } = device.arena.allocate('weights', entries[0]?.name ?? '', padTo(length, 16) * 4)
      let first = 0
      for (const entry of entries) {
        contents.vectors.push({ entry, buffer, first })
        writers.rest.set(entry, vectorWriter(queue, entry, buffer, first))
        first += entry.shape[0] ?? 0
      }
      return { buffer: () => buffer, length }
    },
    bank: (bank) => allocateBank(device, bank, write),
  })
}

function allocateBank(device: Device, plan: PlannedBank, write: Write): GpuBank {
  const banks = plan.bankBytes.map((bytes) => device.arena.allocate('experts', plan.label, bytes).buffer)
  // The page table: for each expert its bank and its first vec4 there.
  const table = new Uint32Array(plan.slots.flatMap(({ bank, offset }) => [bank, offset / 16]))
  const { buffer: slots } = device.arena.allocate('state', `slots of ${plan.label}`, slotTableBytes(plan))
  device.gpu.queue.writeBuffer(slots, 0, table)
  for (const { bank, offset, layout, pieces } of plan.slots) {
    write(layout, pieces, [{ part: layout, buffer: present(banks[bank], 'a bank'), offset }])
  }
  return {
    routed: plan.routed,
    shared: plan.shared,
    banks: banks.map((bank) => () => bank),
    slots: () => slots,
  }
}
