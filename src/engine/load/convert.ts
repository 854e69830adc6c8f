// Converts stored rows to another format on the GPU while they load, batch by batch through a staging buffer.
import sources from 'virtual:shaders'
import type { Allocation } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import { encoderModule, weightModule } from '../../gpu/formats.ts'
import { type KernelVariant, PipelineCache } from '../../gpu/kernel.ts'
import {
  blockConstants,
  encodeSpanOf,
  type MatrixLayout,
  type PartLayout,
  splitMatrix,
} from '../../gpu/matrix.ts'
import { BATCH_BYTES, type MatrixAddress, packBatch, quantize, quantizeGrid } from '../../kernels/quantize.ts'
import { expectDefined } from '../../lib/error.ts'
import type { Dispatch } from '../../program/graph.ts'
import {
  type MatrixTarget,
  type PartPlacement,
  type ScaleWords,
  writeScales,
} from '../../weights/matrix-writer.ts'
import type { MatrixWriters, StoredMatrix } from '../../weights/stored-matrix.ts'
import { matrixWriters } from '../../weights/stored-writers.ts'
import type { Conversion } from './footprint.ts'
import { shadersOnDemand } from './shaders-on-demand.ts'

/** Stored bytes collected before each dispatch. */
const STAGED_ROWS_BYTES = 16 * 1024 * 1024
const WORKGROUP = 64

/** A matrix part in a buffer together with the layout of the whole matrix. */
export interface SourcePart extends PartPlacement {
  readonly layout: MatrixLayout
}

/** The kernel that converts between two layouts. */
export const conversionKernel = (from: MatrixLayout, into: MatrixLayout): KernelVariant => ({
  kernel: quantize,
  constants: { ...blockConstants(from), WORKGROUP },
  imports: { weights: weightModule(from.format), encode: encoderModule(into.format) },
})

/** A dispatch of the kernel that converts between two layouts, without operands. */
export const conversionDispatch = ({ from, into }: Conversion): Dispatch => ({
  ...conversionKernel(from, into),
  operands: {},
  grid: [1],
  loop: 0,
  work: () => 1,
})

/** Converts one matrix at a time. Owns its staging buffers until `close`. */
export class Converter {
  readonly #device: Device
  readonly #cache: PipelineCache
  readonly #staging: Allocation
  readonly #batch: Allocation
  readonly #variants = new Map<string, KernelVariant>()
  readonly #pipelines = new Map<string, GPUComputePipeline>()

  constructor(device: Device, pipelines = new PipelineCache(device, sources, shadersOnDemand)) {
    this.#device = device
    this.#cache = pipelines
    this.#staging = device.arena.allocate('staging', 'stored rows', STAGED_ROWS_BYTES)
    this.#batch = device.arena.allocate('staging', 'batch', BATCH_BYTES, 'uniform')
  }

  /**
   * Creates the writers of a matrix to convert; all of its scales must be written before its rows.
   * Throws `unsupported` if a row exceeds the staging buffer.
   */
  createWriters(matrix: StoredMatrix, target: MatrixTarget): MatrixWriters {
    const { queue } = this.#device.gpu
    const { name, storedLayout } = matrix
    const key = this.requestPipeline(storedLayout, target.layout)
    let scales: ScaleWords | undefined
    const batches = splitMatrix(storedLayout, STAGED_ROWS_BYTES).map((part): PartPlacement => {
      const placement = { part, buffer: this.#staging.buffer, offset: 0 }
      const onFilled = () => {
        if (storedLayout.scaleStride > 0) {
          const collected = expectDefined(scales, `the scales of ${name}`)
          writeScales(queue, collected, { layout: storedLayout, start: 0, placements: [placement] })
        }
        this.encode(key, { layout: storedLayout, ...placement }, target)
        if (part.firstRow + part.rows === storedLayout.rows) scales = undefined
      }
      return { ...placement, onFilled }
    })
    const staged = { layout: storedLayout, start: 0, placements: batches }
    return matrixWriters(queue, matrix, staged, (words) => {
      scales = words
    })
  }

  /** Requests the pipeline that converts between two layouts; `prepare` compiles it. Returns its key. */
  requestPipeline(from: MatrixLayout, into: MatrixLayout): string {
    const key = [from.format, ...Object.values(blockConstants(from)), into.format].join()
    this.#variants.set(key, conversionKernel(from, into))
    return key
  }

  /** Compiles the requested pipelines. Call it before the writers receive data. */
  async prepare(): Promise<void> {
    await Promise.all(
      [...this.#variants].map(async ([key, variant]) => {
        this.#pipelines.set(key, await this.#cache.prepare(variant))
      }),
    )
  }

  /** Frees the staging buffers. Work already submitted still completes. */
  close(): void {
    this.#staging.free()
    this.#batch.free()
  }

  /**
   * Converts the rows of a part with one dispatch per destination part. `key` comes from `requestPipeline`.
   */
  encode(key: string, from: SourcePart, { layout, start, placements }: MatrixTarget): void {
    const pipeline = expectDefined(this.#pipelines.get(key), 'a prepared pipeline')
    const { cols } = layout
    const firstRow = start + from.part.firstRow
    for (const { part, buffer, offset, onFilled } of placements) {
      const first = Math.max(firstRow, part.firstRow)
      const rows = Math.min(firstRow + from.part.rows, part.firstRow + part.rows) - first
      if (rows <= 0) continue
      const words = packBatch({
        rows,
        cols,
        first: first - firstRow,
        row: first - part.firstRow,
        source: placement(from.layout, from.part, from.offset),
        encoded: placement(layout, part, offset),
      })
      const grid = quantizeGrid(rows, cols, encodeSpanOf(layout), WORKGROUP)
      this.#dispatch(pipeline, words, [from.buffer, buffer], grid)
      if (first + rows === part.firstRow + part.rows) onFilled?.()
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

const placement = (layout: MatrixLayout, part: PartLayout, offset: number): MatrixAddress => ({
  base: offset / 16,
  stride: layout.stride,
  scales: offset / 4 + part.scales,
  scaleStride: layout.scaleStride,
})
