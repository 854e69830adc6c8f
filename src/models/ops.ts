// Answers: which dispatches does one operation of `forward` take, in decode and in prefill? Binds contracts of kernels to matrices and sizes.
// It must not know the order of operations in a model.
import type { Capabilities } from '../gpu/limits.ts'
import {
  CHUNK,
  type Format,
  type GpuMatrix,
  type GpuVector,
  type MatrixLayout,
  onlyPart,
  type PartLayout,
  padTo,
} from '../gpu/matrix.ts'
import { READINGS, type Variants } from '../gpu/variants.ts'
import { embed as embedKernel } from '../kernels/embed.ts'
import { chooseTiles, type Factors, linearDecode, linearPrefill } from '../kernels/linear.ts'
import { rmsNorm } from '../kernels/norm.ts'
import { type Activation, type Graph, type Operand, resource, type View } from '../program/graph.ts'
import type { CacheForm } from './cache-form.ts'

/** Decode runs one row a step; prefill a chunk of rows. The form of the cache is part of the mode, since kernels depend on it. */
export interface Mode {
  readonly name: 'decode' | 'prefill'
  readonly rows: number // the most rows of a step
  readonly cache: CacheForm
  readonly products: Factors
}

/** What an operation needs around it. */
export interface Context {
  readonly graph: Graph
  readonly mode: Mode
  readonly capabilities: Capabilities
}

export const WORKGROUP = 64
/** How the weight rows of a decode kernel are shared out among invocations. */
export interface Share {
  readonly module: string
  readonly constants: { readonly LANES: number; readonly WORKGROUP: number }
  readonly rows: number // of a workgroup
}

/** `together`: rows that make one result, as those of gate and up do. */
export function shareOf({ rows }: Pick<Variants, 'rows'>, together = 1): Share {
  const { module, LANES, WORKGROUP, each = together } = SHARES[rows]
  return { module, constants: { LANES, WORKGROUP }, rows: ((WORKGROUP / LANES) * each) / together }
}

const lanes = (LANES: number) => ({ module: 'shared/share_lanes', LANES, WORKGROUP, each: undefined })
const columns = (LANES: number) => ({
  module: 'shared/share_columns',
  LANES,
  WORKGROUP: LANES,
  each: 64,
})
/** `each`: weight rows of an invocation, as the module has it; those that belong together unless given. */
const SHARES = {
  lanes_8: lanes(8),
  lanes_16: lanes(16),
  lanes_32: lanes(32),
  alone: { module: 'shared/share_alone', LANES: 1, WORKGROUP: 8, each: 16 },
  columns_4: columns(4),
  columns_8: columns(8),
}

export const ceilDiv = (value: number, by: number): number => Math.ceil(value / by)

export const reduceModule = ({ capabilities }: Pick<Context, 'capabilities'>): string =>
  capabilities.variants.reduce === 'subgroup' ? 'shared/reduce_subgroup' : 'shared/reduce'

/** The tiles of prefill's products with a matrix, and the modules for them. `exact`: with f32 factors even where others are rounded. */
export function tilesOf(
  { mode, capabilities }: Context,
  { format, block, scaleStride }: MatrixLayout,
  exact = false,
) {
  const paired = scaleStride === 0 || block.cols % (2 * CHUNK) === 0
  const storage = { packable: isInteger(format), paired }
  const tiles = chooseTiles(exact ? 'f32' : mode.products, capabilities.variants, storage)
  const weights = moduleOf(format, tiles.packed ? 'packed' : 'plain')
  return { ...tiles, imports: { weights, products: tiles.module } }
}

/** How the numbers of a record are stored: shaders/cache to read them, shaders/pack to write a latent. */
const recordFormat = ({ mode }: Context): string =>
  mode.cache.kind === 'latent-fp8' ? 'fp8' : mode.cache.numbers
export const cacheModule = (context: Context): string => `cache/${recordFormat(context)}`
export const packModule = (context: Context): string => `pack/${recordFormat(context)}`

export const weightsModule = (matrix: MatrixLayout): string => `weights/${matrix.format}`

/** Every module that reads a format, the plain one first. */
export const modulesOf = (format: Format): readonly string[] =>
  hasReadings(format) ? READINGS[format].map((reading) => moduleOf(format, reading)) : [`weights/${format}`]

/** The modules by which decode takes the weights of a matrix: how it reads them, and how much of a row at a time. */
export function takenBy({ capabilities: { variants } }: Context, { format }: MatrixLayout, inputs = 1) {
  // Two pairs of chunks pay where a load is a gather, and one word has the scales of both.
  const twoPairs = variants.rows === 'columns_8' && inputs === 1 && isInteger(format)
  return {
    weights: moduleOf(format, hasReadings(format) ? variants[format] : 'plain'),
    visit: twoPairs ? 'shared/visit_two_pairs' : 'shared/visit_pair',
  }
}

/** Formats whose codes are integers, 32 of a row under one scale. */
const isInteger = (format: Format): boolean => format === 'q8' || format === 'q4'

export const hasReadings = (format: Format): format is keyof typeof READINGS =>
  Object.hasOwn(READINGS, format)

const moduleOf = (format: Format, reading: string): string =>
  reading === 'plain' ? `weights/${format}` : `weights/${format}_${reading}`

/** The constants by which a kernel finds rows and scales of a matrix in its buffer. */
export function matrixConstants(matrix: MatrixLayout, part: PartLayout) {
  return {
    STRIDE: matrix.stride,
    SCALES: part.scales,
    SCALE_STRIDE: matrix.scaleStride,
    BLOCK_ROWS: matrix.block.rows,
    BLOCK_COLS: matrix.block.cols,
  }
}

export const vectorResource = (vector: GpuVector) => resource(vector.buffer)

/** What an input is normalised with before a product: the weights of its RMSNorm. */
export interface Norm {
  readonly weight: GpuVector
  readonly epsilon: number
}

export interface LinearOptions {
  readonly norm?: Norm // of x; decode only, where the product normalises on the way
  readonly accumulate?: boolean // y += instead of y =
  readonly exact?: boolean // f32 factors even where tiles hold f16: for the router
}

/** y [tokens, rows] (+)= matrix · x [tokens, cols]; one dispatch for each part of the matrix. */
export function linear(
  context: Context,
  matrix: GpuMatrix,
  x: Operand,
  y: Activation,
  options: LinearOptions = {},
): void {
  const { graph, mode, capabilities } = context
  const share = shareOf(capabilities.variants)
  const { norm } = options
  for (const part of matrix.parts) {
    const operands = { x, weights: resource(part.buffer), y: viewOf(y, part.firstRow * 4) }
    const constants = {
      IN: matrix.cols,
      OUT: part.rows,
      Y_STRIDE: y.stride,
      ACCUMULATE: options.accumulate ?? false,
      ...matrixConstants(matrix, part),
    }
    if (mode.name === 'decode') {
      graph.dispatch(linearDecode, {
        constants: {
          ...constants,
          ...share.constants,
          X_STRIDE: strideOf(x, matrix.cols),
          ...(norm && { EPSILON: norm.epsilon }),
        },
        imports: {
          ...takenBy(context, matrix, mode.rows),
          rows: `shared/rows_${mode.rows}`,
          taken: norm ? 'shared/taken_normed' : 'shared/taken_plain',
          share: share.module,
        },
        operands: { ...operands, norm: norm ? vectorResource(norm.weight) : x },
        grid: [ceilDiv(part.rows, share.rows)],
      })
    } else {
      const tiles = tilesOf(context, matrix, options.exact)
      graph.dispatch(linearPrefill, {
        constants,
        imports: tiles.imports,
        operands,
        grid: (step) => [ceilDiv(part.rows, tiles.outs), ceilDiv(step.tokens, tiles.rows)],
      })
    }
  }
}

/** y = matrix · RMSNorm(the first columns of x): in decode one pass, in prefill a pass over x before the product. */
export function normedLinear(
  context: Context,
  { weight, epsilon }: Norm,
  matrix: GpuMatrix,
  x: Activation,
  y: Activation,
): void {
  const { graph, mode } = context
  if (mode.name === 'decode') {
    linear(context, matrix, x, y, { norm: { weight, epsilon } })
    return
  }
  const normed = graph.activation('normed', 'f32', mode.rows, matrix.cols)
  norm(context, weight, epsilon, x, normed)
  linear(context, matrix, normed, y)
}

/** Numbers from one row of an operand to the next; a buffer without a shape has rows as wide as they must be. */
function strideOf(operand: Operand, cols: number): number {
  if (operand.kind === 'view') return strideOf(operand.of, cols)
  return operand.kind === 'activation' ? operand.stride : padTo(cols, CHUNK)
}

/** x [tokens, hidden] = rows of the embedding; each part of the matrix writes the ids it holds. */
export function embed({ graph }: Context, matrix: GpuMatrix, ids: Operand, x: Activation): void {
  for (const part of matrix.parts) {
    graph.dispatch(embedKernel, {
      constants: {
        HIDDEN: matrix.cols,
        FIRST: part.firstRow,
        COUNT: part.rows,
        WORKGROUP,
        ...matrixConstants(matrix, part),
      },
      imports: { weights: weightsModule(matrix) },
      operands: { ids, weights: resource(part.buffer), x },
      grid: (step) => [ceilDiv(ceilDiv(matrix.cols, 16), WORKGROUP), step.tokens],
    })
  }
}

/** y = RMSNorm(the first columns of x) · weight, for every row or for the step's last row alone. */
export function norm(
  context: Context,
  weight: GpuVector,
  epsilon: number,
  x: Operand,
  y: Activation,
  last = false,
): void {
  context.graph.dispatch(rmsNorm, {
    constants: { HIDDEN: y.cols, X_STRIDE: strideOf(x, y.cols), EPSILON: epsilon, LAST: last, WORKGROUP },
    imports: { reduce: reduceModule(context) },
    operands: { x, weight: vectorResource(weight), y },
    grid: last ? [1] : (step) => [step.tokens],
  })
}

/** The shader constants and the buffer of a matrix that is never split (kv_b, the router). */
export function whole(matrix: GpuMatrix) {
  const part = onlyPart(matrix)
  return {
    constants: matrixConstants(matrix, part),
    weights: resource(part.buffer),
    module: weightsModule(matrix),
  }
}

function viewOf(activation: Activation, offset: number): Activation | View {
  return offset === 0 ? activation : { kind: 'view', of: activation, offset }
}
