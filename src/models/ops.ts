// Records the dispatches of one operation of `forward` (embed, norm, linear), in decode and in prefill.
import { FORMATS, hasDecoders, weightModule } from '../gpu/formats.ts'
import type { Capabilities } from '../gpu/limits.ts'
import type { Imports } from '../gpu/linker.ts'
import {
  blockConstants,
  CHUNK,
  type GpuMatrix,
  type GpuVector,
  type MatrixLayout,
  type PartLayout,
  padTo,
  unsplitPart,
} from '../gpu/matrix.ts'
import type { Variants } from '../gpu/variants.ts'
import { embed as embedKernel } from '../kernels/embed.ts'
import {
  chooseMatmulTiles,
  linearDecode,
  linearPrefill,
  type MatmulPrecision,
  tileModules,
} from '../kernels/linear.ts'
import { rmsNorm } from '../kernels/norm.ts'
import {
  type Activation,
  type BufferView,
  type Graph,
  type KernelOperand,
  resource,
} from '../program/graph.ts'
import type { CacheLayout } from './cache-layout.ts'

/** How a step runs. Cache layout and precision are part of it, since they decide which kernels run. */
export interface StepMode {
  readonly phase: 'decode' | 'prefill' // one row per step, or a chunk of rows
  readonly rows: number // maximum rows of a step
  /** Each row has its own position and page table; it is computed exactly as in decode of one row. */
  readonly batch?: boolean
  readonly cache: CacheLayout
  readonly matmulPrecision: MatmulPrecision
}

/** The graph that an operation records into, and what decides its kernels. */
export interface OpContext {
  readonly graph: Graph
  readonly mode: StepMode
  readonly capabilities: Capabilities
}

export const WORKGROUP = 64

/** How the invocations of a decode kernel divide the weight rows. */
interface RowTiling {
  readonly module: string
  readonly constants: { readonly LANES: number; readonly WORKGROUP: number }
  readonly rows: number // results per workgroup
}

/** `combined`: weight rows combined into one result (2 for gate and up). */
export function rowTilingOf({ matvec }: Pick<Variants, 'matvec'>, combined = 1): RowTiling {
  const { module, LANES, WORKGROUP, rowsPerLane = combined } = ROW_TILINGS[matvec]
  return { module, constants: { LANES, WORKGROUP }, rows: ((WORKGROUP / LANES) * rowsPerLane) / combined }
}

const lanes = (LANES: number) => ({
  module: 'shared/row_tiling_lanes',
  LANES,
  WORKGROUP,
  rowsPerLane: undefined,
})
const columns = (LANES: number) => ({
  module: 'shared/row_tiling_subgroup',
  LANES,
  WORKGROUP: LANES,
  rowsPerLane: 64,
})
/** `rowsPerLane` repeats what the shader module has; undefined: the rows combined into one result. */
const ROW_TILINGS = {
  lanes8: lanes(8),
  lanes16: lanes(16),
  lanes32: lanes(32),
  single: { module: 'shared/row_tiling_single', LANES: 1, WORKGROUP: 8, rowsPerLane: 16 },
  subgroup4: columns(4),
  subgroup8: columns(8),
}

export const ceilDiv = (value: number, by: number): number => Math.ceil(value / by)

export const reduceModule = ({ capabilities }: Pick<OpContext, 'capabilities'>): string =>
  capabilities.variants.reduce === 'subgroup' ? 'shared/reduce_subgroup' : 'shared/reduce'

/** Tiles of a prefill matmul and their shader modules. `exact`: f32 factors at any matmul precision. */
export function matmulTiles(
  { mode, capabilities }: OpContext,
  { format, block, scaleStride }: MatrixLayout,
  exact = false,
) {
  const paired = scaleStride === 0 || block.cols % (2 * CHUNK) === 0
  const storage = { int8Codes: FORMATS[format].int8Codes === true, pairsShareScale: paired }
  const tiles = chooseMatmulTiles(exact ? 'f32' : mode.matmulPrecision, capabilities, storage)
  const weights = weightModule(format, tiles.int8Weights ? 'int8' : 'plain')
  return { ...tiles, imports: { weights, ...tileModules(tiles) } }
}

/** The storage format of a KV entry: shaders/cache reads it, shaders/pack writes a latent. */
const entryFormat = ({ mode }: OpContext): string =>
  mode.cache.kind === 'latent-fp8' ? 'fp8' : mode.cache.kvDtype
export const cacheModule = (context: OpContext): string => `cache/${entryFormat(context)}`
export const packModule = (context: OpContext): string => `pack/${entryFormat(context)}`

/** How a kernel finds the position of a row and its pages (shaders/shared/pages). */
export const pageModules = ({ mode }: OpContext): Imports =>
  mode.batch ? { 'shared/pages': 'shared/row_pages' } : {}

/** Shader modules of a decode kernel: the decoder of the matrix, and how much of a row an iteration takes. */
export function decodeModules(
  { capabilities: { variants } }: OpContext,
  { format }: MatrixLayout,
  inputs = 1,
) {
  // Two pairs of chunks per iteration pay off where a load is a gather and one word holds the scales of both.
  const twoPairs = variants.matvec === 'subgroup8' && inputs === 1 && FORMATS[format].pairScales
  return {
    weights: weightModule(format, hasDecoders(format) ? variants[format] : 'plain'),
    kUnroll: twoPairs ? 'shared/k_unroll_two_pairs' : 'shared/k_unroll_pair',
  }
}

/** Shader constants that locate the rows and scales of a matrix in its buffer. */
export const matrixConstants = (matrix: MatrixLayout, part: PartLayout) => ({
  STRIDE: matrix.stride,
  SCALES: part.scales,
  SCALE_STRIDE: matrix.scaleStride,
  ...blockConstants(matrix),
})

export const vectorResource = (vector: GpuVector) => resource(vector.buffer)

/** The RMSNorm of an input. */
export interface NormParams {
  readonly weight: GpuVector
  readonly epsilon: number
}

/** What a norm in a dispatch of its own can do besides. */
interface RowNorm {
  readonly lastRow?: boolean
  readonly factor?: number
}

interface LinearParams {
  readonly matrix: GpuMatrix
  readonly norm?: NormParams // of x; decode only, where the kernel normalises while it reads x
  readonly accumulate?: boolean // y += instead of y =
  readonly exact?: boolean // f32 factors, whatever the matmul precision: for the router
}

/** y [tokens, rows] (+)= matrix · x [tokens, cols]; one dispatch per part of the matrix. */
export function linear(
  context: OpContext,
  { matrix, norm, accumulate = false, exact = false }: LinearParams,
  x: KernelOperand,
  y: Activation,
): void {
  const { graph, mode, capabilities } = context
  const tiling = rowTilingOf(capabilities.variants)
  for (const part of matrix.parts) {
    const operands = { x, weights: resource(part.buffer), y: viewOf(y, part.firstRow * 4) }
    const constants = {
      IN: matrix.cols,
      OUT: part.rows,
      Y_STRIDE: y.stride,
      ACCUMULATE: accumulate,
      ...matrixConstants(matrix, part),
    }
    if (mode.phase === 'decode') {
      graph.dispatch(linearDecode, {
        constants: {
          ...constants,
          ...tiling.constants,
          X_STRIDE: strideOf(x, matrix.cols),
          ...(norm && { EPSILON: norm.epsilon }),
        },
        imports: {
          ...decodeModules(context, matrix, mode.batch ? 1 : mode.rows),
          rows: `shared/rows_${mode.rows}`,
          prologue: norm ? 'shared/prologue_rmsnorm' : 'shared/prologue_plain',
          rowTiling: tiling.module,
        },
        operands: { ...operands, norm: norm ? vectorResource(norm.weight) : x },
        grid: [ceilDiv(part.rows, tiling.rows)],
      })
    } else {
      const tiles = matmulTiles(context, matrix, exact)
      graph.dispatch(linearPrefill, {
        constants,
        imports: tiles.imports,
        operands,
        grid: (step) => [ceilDiv(part.rows, tiles.outs), ceilDiv(step.tokens, tiles.rows)],
      })
    }
  }
}

/** y = matrix · RMSNorm(the first columns of x). In prefill the norm is a dispatch of its own. */
export function normedLinear(
  context: OpContext,
  { norm: params, matrix }: { readonly norm: NormParams; readonly matrix: GpuMatrix },
  x: Activation,
  y: Activation,
): void {
  const { graph, mode } = context
  if (mode.phase === 'decode') {
    linear(context, { matrix, norm: params }, x, y)
    return
  }
  const normed = graph.activation('normed', [mode.rows, matrix.cols])
  norm(context, params, x, normed)
  linear(context, { matrix }, normed, y)
}

/** Numbers from one row of an operand to the next. Buffers without a shape have rows padded to chunks. */
function strideOf(operand: KernelOperand, cols: number): number {
  if (operand.kind === 'view') return strideOf(operand.of, cols)
  return operand.kind === 'activation' ? operand.stride : padTo(cols, CHUNK)
}

/** x [tokens, hidden] = factor · embedding rows. Each part of the matrix writes the ids that it holds. */
export function embed(
  { graph }: OpContext,
  { matrix, factor }: { readonly matrix: GpuMatrix; readonly factor: number },
  ids: KernelOperand,
  x: Activation,
): void {
  for (const part of matrix.parts) {
    graph.dispatch(embedKernel, {
      constants: {
        HIDDEN: matrix.cols,
        FIRST: part.firstRow,
        COUNT: part.rows,
        FACTOR: factor,
        WORKGROUP,
        ...matrixConstants(matrix, part),
      },
      imports: { weights: weightModule(matrix.format) },
      operands: { ids, weights: resource(part.buffer), x },
      grid: (step) => [ceilDiv(ceilDiv(matrix.cols, 16), WORKGROUP), step.tokens],
    })
  }
}

/**
 * y = factor · RMSNorm(the first columns of x) · weight, for every row, or only for the last row of the step.
 */
export function norm(
  context: OpContext,
  { weight, epsilon, lastRow = false, factor = 1 }: NormParams & RowNorm,
  x: KernelOperand,
  y: Activation,
): void {
  context.graph.dispatch(rmsNorm, {
    constants: {
      HIDDEN: y.cols,
      X_STRIDE: strideOf(x, y.cols),
      EPSILON: epsilon,
      FACTOR: factor,
      LAST: lastRow,
      WORKGROUP,
    },
    imports: { reduce: reduceModule(context) },
    operands: { x, weight: vectorResource(weight), y },
    grid: lastRow ? [1] : (step) => [step.tokens],
  })
}

/** Shader constants, buffer and module of a matrix that is never split (kv_b, the router). */
export function wholeMatrix(matrix: GpuMatrix) {
  const part = unsplitPart(matrix)
  return {
    constants: matrixConstants(matrix, part),
    weights: resource(part.buffer),
    module: weightModule(matrix.format),
  }
}

function viewOf(activation: Activation, offset: number): Activation | BufferView {
  return offset === 0 ? activation : { kind: 'view', of: activation, offset }
}
