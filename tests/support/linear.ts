// Runs the linear kernels on a matrix as the engine would, and returns their results without padding.
import type { Device } from '../../src/gpu/device.ts'
import type { Variants } from '../../src/gpu/variants.ts'
import { linearDecode, linearPrefill, type MatmulTiles } from '../../src/kernels/linear.ts'
import { rowTilingOf } from '../../src/models/ops.ts'
import { runKernel } from './kernel.ts'
import { padRows, padTo16, unpadRows, withTrailingColumns } from './numbers.ts'
import { tiledImports } from './tiles.ts'
import type { PackedMatrix } from './weights.ts'

/** Of the norm before decode, large enough to matter. */
export const LINEAR_EPSILON = 1e-3

/** Both kernels on a device: y = W x. `before`: what y holds before, if they add to it. */
export function linearKernels(device: () => Device) {
  /** The arguments that both kernels share; y starts as `before` (ACCUMULATE when given). */
  const shared = (x: Float32Array, matrix: PackedMatrix, before?: Float32Array) => {
    const tokens = x.length / matrix.cols
    const y = padRows(before ?? new Float32Array(tokens * matrix.rows), matrix.rows)
    const constants = {
      ...matrix.constants,
      IN: matrix.cols,
      OUT: matrix.rows,
      Y_STRIDE: y.length / tokens,
      ACCUMULATE: before ? 1 : 0,
    }
    return { tokens, constants, data: { x: padRows(x, matrix.cols), weights: matrix.words, y } }
  }

  const decode = async (
    x: Float32Array,
    matrix: PackedMatrix,
    {
      rows = 1,
      by = device().capabilities.variants.matvec,
      before,
      weights = matrix.imports.weights,
      kUnroll = 'shared/k_unroll_pair',
      norm,
      xStride = padTo16(matrix.cols),
    }: {
      rows?: number
      by?: Variants['matvec']
      before?: Float32Array
      weights?: string
      kUnroll?: string
      norm?: Float32Array
      xStride?: number
    } = {},
  ) => {
    const { tokens, constants, data } = shared(x, matrix, before)
    const tiling = rowTilingOf({ matvec: by })
    const { y } = await runKernel(device(), {
      kernel: linearDecode,
      constants: { ...constants, X_STRIDE: xStride, EPSILON: LINEAR_EPSILON, ...tiling.constants },
      imports: {
        weights,
        rows: `shared/rows_${rows}`,
        prologue: norm ? 'shared/prologue_rmsnorm' : 'shared/prologue_plain',
        rowTiling: tiling.module,
        kUnroll,
      },
      grid: [Math.ceil(matrix.rows / tiling.rows)],
      step: { tokens },
      data: {
        ...data,
        x: withTrailingColumns(x, matrix.cols, xStride),
        norm: norm ? padRows(norm, matrix.cols) : new Float32Array(4),
      },
    })
    return unpadRows(y, matrix.rows)
  }

  const prefill = async (
    x: Float32Array,
    matrix: PackedMatrix,
    tiles: MatmulTiles,
    before?: Float32Array,
  ) => {
    const { tokens, constants, data } = shared(x, matrix, before)
    const { y } = await runKernel(device(), {
      kernel: linearPrefill,
      constants,
      imports: tiledImports(matrix, tiles),
      grid: [Math.ceil(matrix.rows / tiles.outs), Math.ceil(tokens / tiles.rows)],
      step: { tokens },
      data,
    })
    return unpadRows(y, matrix.rows)
  }
  return { decode, prefill }
}
