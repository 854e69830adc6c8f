// Answers: how do stored rows become rows of another format on the way to the GPU? Gathered in a staging buffer, batch by batch, and encoded by a kernel.
// It must not know names, nor what the formats mean.
import sources from 'virtual:shaders'
import type { Allocation } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import { PipelineCache, type Variant } from '../gpu/kernel.ts'
import { type MatrixLayout, type PartLayout, spanOf, splitMatrix } from '../gpu/matrix.ts'
import { BATCH_BYTES, encodeBatch, type Placement, quantize, quantizeGrid } from '../kernels/quantize.ts'
import { present } from '../lib/error.ts'
import { type Placed, rowWriter, scaleReader, writeScales } from '../weights/matrix-writer.ts'
import type { TensorWriter } from '../weights/tensor-writer.ts'
import type { Piece } from './pieces.ts'

/** Stored bytes that are gathered before a dispatch. */
const STAGING_BYTES = 16 * 1024 * 1024
const WORKGROUP = 64

/** The writers of one stored matrix. Its scales must have been written before its rows. */
export interface MatrixWriters {
  readonly weight: TensorWriter
  readonly scale: TensorWriter | undefined
}

/** A part of a matrix in a buffer. */
export interface Coded extends Placed {
  readonly layout: MatrixLayout
}

/** Where converted rows belong: from row `start` of a layout on, in these places. */
export interface Target {
  readonly layout: MatrixLayout
  readonly start: number
  readonly places: readonly Placed[]
}

/** Converts one matrix at a time. Its staging buffers live until `close`. */
export class Converter {
  readonly #device: Device
  readonly #cache: PipelineCache
  readonly #staging: Allocation
  readonly #batch: Allocation
  readonly #variants = new Map<string, Variant>()
  readonly #pipelines = new Map<string, GPUComputePipeline>()

  constructor(device: Device) {
    this.#device = device
    this.#cache = new PipelineCache(device, sources)
    this.#staging = device.arena.allocate('staging', 'stored rows', STAGING_BYTES)
    this.#batch = device.arena.allocate('staging', 'batch', BATCH_BYTES, 'uniform')
  }

  /** The writers of a stored matrix that is to be converted. Throws `unsupported` for rows that are too long. */
  writers({ weight, scale, stored }: Piece, target: Target): MatrixWriters {
    const { queue } = this.#device.gpu
    const key = this.want(stored, target.layout)
    let scales: Float32Array<ArrayBuffer> | undefined
    const batches = splitMatrix(stored, STAGING_BYTES).map((part): Placed => {
      const place = { part, buffer: this.#staging.buffer, offset: 0 }
      const filled = () => {
        if (scale) writeScales(queue, present(scales, `the scales of ${weight.name}`), stored, 0, [place])
        this.encode(key, { layout: stored, ...place }, target)
      }
      return { ...place, filled }
    })
    const keep = (values: Float32Array<ArrayBuffer>) => {
      scales = values
    }
    return {
      weight: rowWriter(queue, weight, stored, 0, batches),
      scale: scale && scaleReader(scale, keep),
    }
  }

  /** Sees to it that `prepare` compiles what leads from one layout to another. */
  want({ format, block }: MatrixLayout, into: MatrixLayout): string {
    const key = `${format} ${block.rows} ${block.cols} ${into.format}`
    this.#variants.set(key, {
      kernel: quantize,
      constants: { BLOCK_ROWS: block.rows, BLOCK_COLS: block.cols, WORKGROUP },
      imports: { weights: `weights/${format}`, encode: `quantize/encode_${into.format}` },
    })
    return key
  }

  /** Compiles what the writers need; before their first byte. */
  async prepare(): Promise<void> {
    await Promise.all(
      [...this.#variants].map(async ([key, variant]) => {
        this.#pipelines.set(key, await this.#cache.prepare(variant))
      }),
    )
  }

  /** Frees the staging buffers; what was submitted still runs. */
  close(): void {
    this.#staging.free()
    this.#batch.free()
  }

  /** Encodes the rows of a part, in as many dispatches as there are places that they belong to. `key`: what `want` returned. */
  encode(key: string, from: Coded, { layout, start, places }: Target): void {
    const pipeline = present(this.#pipelines.get(key), 'a prepared pipeline')
    const { cols } = layout
    const firstRow = start + from.part.firstRow
    for (const { part, buffer, offset } of places) {
      const first = Math.max(firstRow, part.firstRow)
      const rows = Math.min(firstRow + from.part.rows, part.firstRow + part.rows) - first
      if (rows <= 0) continue
      const words = encodeBatch({
        rows,
        cols,
        first: first - firstRow,
        row: first - part.firstRow,
        source: placement(from.layout, from.part, from.offset),
        encoded: placement(layout, part, offset),
      })
      const grid = quantizeGrid(rows, cols, spanOf(layout), WORKGROUP)
      this.#dispatch(pipeline, words, [from.buffer, buffer], grid)
    }
  }

  #dispatch(
    pipeline: GPUComputePipeline,
    batch: Uint32Array<ArrayBuffer>,
    buffers: readonly GPUBuffer[],
    grid: readonly [number, number],
  ): void {
    const { gpu } = this.#device
    gpu.queue.writeBuffer(this.#batch.buffer, 0, batch)
    const group = gpu.createBindGroup({
      layout: this.#cache.layout(quantize),
      entries: [this.#batch.buffer, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } })),
    })
    const encoder = gpu.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(...grid)
    pass.end()
    gpu.queue.submit([encoder.finish()])
  }
}

const placement = (layout: MatrixLayout, part: PartLayout, offset: number): Placement => ({
  base: offset / 16,
  stride: layout.stride,
  scales: offset / 4 + part.scales,
  scaleStride: layout.scaleStride,
})
