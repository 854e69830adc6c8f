// Answers: what is the contract of shaders/quantize, and how does its Batch lie in memory? It must not know which matrix is converted.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const quantize = defineKernel({
  path: 'quantize/quantize',
  bindings: {
    batch: uniform('Batch'),
    weights: read('vec4<u32>', '[rows, cols]'),
    into: write('u32', '[rows, cols]'),
  },
  constants: ['BLOCK_ROWS', 'BLOCK_COLS', 'WORKGROUP'],
  slots: ['weights', 'encode'],
})

/** Where a matrix lies in its buffer: as the struct Matrix of shaders/shared/matrix.wgsl. */
export interface Placement {
  readonly base: number // first row, in vec4s
  readonly stride: number // of a row, in vec4s
  readonly scales: number // first scale, in words of the buffer
  readonly scaleStride: number
}

/** See shaders/shared/batch.wgsl. */
export interface Batch {
  readonly rows: number
  readonly cols: number
  readonly first: number // row of the source
  readonly row: number // row of the result
  readonly source: Placement
  readonly encoded: Placement
}

export const BATCH_BYTES = 48

/** The words of a batch, in the order of its struct. */
export function encodeBatch(batch: Batch): Uint32Array<ArrayBuffer> {
  const place = ({ base, stride, scales, scaleStride }: Placement) => [base, stride, scales, scaleStride]
  const { rows, cols, first, row, source, encoded } = batch
  return Uint32Array.of(rows, cols, first, row, ...place(source), ...place(encoded))
}

const MOST_GROUPS = 65535

/** Workgroups for `rows` rows, within what a dimension may have; an invocation takes `span` columns, SPAN chunks of the encoder. */
export function quantizeGrid(rows: number, cols: number, span: number, workgroup: number): [number, number] {
  const groups = Math.ceil((rows * Math.ceil(cols / span)) / workgroup)
  const x = Math.min(groups, MOST_GROUPS)
  return [x, Math.ceil(groups / x)]
}
