// Contract of shaders/quantize, and the memory layout of its Batch struct.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const quantize = defineKernel({
  path: 'quantize/quantize',
  bindings: {
    batch: uniform('Batch'),
    weights: read('vec4<u32>'),
    into: write('u32'),
  },
  constants: ['BLOCK_ROWS', 'BLOCK_COLS', 'SCALE_TYPE', 'WORKGROUP'],
})

/** Where a matrix lies in its buffer: the struct Matrix of shaders/shared/matrix.wgsl. */
export interface MatrixAddress {
  readonly base: number // index of the first row, in vec4s
  readonly stride: number // of a row, in vec4s
  readonly scales: number // index of the first scale, in words of the buffer
  readonly scaleStride: number // words of scales per block row
}

/** Parameters of a `quantize` dispatch: the struct Batch of shaders/shared/batch.wgsl. */
export interface QuantizeBatch {
  readonly rows: number
  readonly cols: number
  readonly first: number // first row of the source
  readonly row: number // first row of the result
  readonly source: MatrixAddress
  readonly encoded: MatrixAddress
}

export const BATCH_BYTES = 48

/** The words of a batch, in the order of the struct. */
export function packBatch(batch: QuantizeBatch): Uint32Array<ArrayBuffer> {
  const matrixWords = ({ base, stride, scales, scaleStride }: MatrixAddress) => [
    base,
    stride,
    scales,
    scaleStride,
  ]
  const { rows, cols, first, row, source, encoded } = batch
  return Uint32Array.of(rows, cols, first, row, ...matrixWords(source), ...matrixWords(encoded))
}

/** Workgroups per grid dimension that every WebGPU device allows. */
const MAX_GROUPS = 65535

/**
 * The grid for `rows` rows, in two dimensions if necessary. An invocation converts `span` columns (SPAN
 * chunks of the encoder).
 */
export function quantizeGrid(rows: number, cols: number, span: number, workgroup: number): [number, number] {
  const groups = Math.ceil((rows * Math.ceil(cols / span)) / workgroup)
  const x = Math.min(groups, MAX_GROUPS)
  return [x, Math.ceil(groups / x)]
}
