// Checks of embedding, norms, matrix products and SwiGLU, in the sizes and formats of a model's dispatches.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { MATMUL_TILES, SUBGROUP_MATRIX_TILES } from '../../kernels/linear.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Dispatch } from '../../program/graph.ts'
import {
  type CheckBuilder,
  close,
  closeAll,
  dot,
  edges,
  FEW_TOKENS,
  from,
  inSample,
  numbersWithin,
  plus,
  randomOutput,
  rmsNorm,
  swiglu,
  TOLERANCE,
} from './kernel-check.ts'
import { cutGrid, randomMatrix, randomRows } from './random-weights.ts'

/** All tiles by name; those that round factors begin with the type. */
const TILES = Object.entries({
  ...MATMUL_TILES,
  f16Matrices: SUBGROUP_MATRIX_TILES.f16,
  f32Matrices: SUBGROUP_MATRIX_TILES.f32,
})

/** Rows of the tile that a dispatch multiplies at a time. */
export const tileRowsOf = ({ imports }: Dispatch): number =>
  TILES.find(([, { module }]) => module === imports.tile)?.[1].rows ?? 1

/** Tiles that round their factors to 11 or 8 bits have larger errors. */
export function tileTolerance({ imports }: Dispatch): number {
  const name = TILES.find(([, { module }]) => module === imports.tile)?.[0] ?? ''
  if (name.startsWith('i8')) return 100 * TOLERANCE
  return name.startsWith('f16') ? 10 * TOLERANCE : TOLERANCE
}

/** Weight rows whose products with tokens of prefill are checked, besides the last: more than one tile. */
export const TILED_OUTPUTS = 64

/** Checks linear_decode and linear_prefill, with or without a norm of the input. */
export const linearCheck: CheckBuilder = (buffers, dispatch, checkSize) => {
  const { constants, kernel, imports } = dispatch
  const { IN = 0, OUT = 0, Y_STRIDE = 0, EPSILON, ACCUMULATE } = constants
  const { X_STRIDE = padTo(IN, CHUNK) } = constants
  const decode = 'norm' in kernel.bindings
  const tokens = decode ? Number(imports.rows?.split('_')[1] ?? 1) : checkSize.tokens // shared/rows_*
  // Columns after those of the norm may belong to other tensors.
  const x = EPSILON === undefined ? randomRows(tokens, IN, X_STRIDE) : randomNumbers(tokens * X_STRIDE, IN)
  const norm = randomRows(1, IN)
  const matrix = randomMatrix(buffers, dispatch, OUT)
  const y = randomOutput(buffers, tokens * Y_STRIDE)
  const step = { tokens }
  const expected = () => {
    const inputs = Array.from({ length: tokens }, (_, token) => {
      const row = x.subarray(token * X_STRIDE, token * X_STRIDE + IN)
      return EPSILON === undefined ? new Float64Array(row) : rmsNorm(row, norm, EPSILON)
    })
    const rows = edges(matrix.rows, decode ? undefined : TILED_OUTPUTS)
    return matrix.fill(rows, IN).flatMap((weights, i) => {
      const row = rows[i] ?? 0
      return inputs.flatMap((input, token) => {
        if (!decode && !inSample(row, token)) return []
        const at = token * Y_STRIDE + row
        const sum = dot(weights, input)
        return [{ at, ...(ACCUMULATE ? plus(sum, y.before[at] ?? 0) : sum) }]
      })
    })
  }
  return {
    operands: {
      x: buffers.upload(x),
      norm: buffers.upload(norm),
      weights: matrix.buffer,
      y: y.buffer,
    },
    step,
    grid: cutGrid(dispatch, step, { held: matrix.rows, all: OUT }),
    outputs: [{ buffer: y.buffer, words: tokens * Y_STRIDE, expected }],
    tolerance: tileTolerance(dispatch),
  }
}

/** Checks rms_norm of a few rows, or of the last one alone. */
export const rmsNormCheck: CheckBuilder = (buffers, { constants }) => {
  const { HIDDEN = 0, X_STRIDE = 0, EPSILON = 0, FACTOR = 1, LAST } = constants
  const x = randomNumbers(FEW_TOKENS * X_STRIDE, HIDDEN)
  const weight = randomRows(1, HIDDEN)
  const stride = padTo(HIDDEN, CHUNK)
  const { buffer: y } = randomOutput(buffers, FEW_TOKENS * stride)
  const expected = () =>
    (LAST ? [FEW_TOKENS - 1] : [0, 1, 2]).flatMap((token, row) => {
      const normed = rmsNorm(x.subarray(token * X_STRIDE, token * X_STRIDE + HIDDEN), weight, EPSILON)
      return from(row * stride, closeAll(normed.map((value) => FACTOR * value)))
    })
  return {
    operands: { x: buffers.upload(x), weight: buffers.upload(weight), y },
    step: { tokens: FEW_TOKENS },
    outputs: [{ buffer: y, words: FEW_TOKENS * stride, expected }],
  }
}

/** Checks embed on the first, some and the last rows, and on an id that another part of the matrix holds. */
export const embedCheck: CheckBuilder = (buffers, dispatch) => {
  const { HIDDEN = 0, FIRST = 0, COUNT = 0, FACTOR = 1 } = dispatch.constants
  const matrix = randomMatrix(buffers, dispatch, COUNT)
  const rows = [0, Math.floor(matrix.rows / 3), matrix.rows - 1, COUNT]
  const stride = padTo(HIDDEN, CHUNK)
  const x = randomOutput(buffers, rows.length * stride)
  const kept = (rows.length - 1) * stride
  const expected = () => [
    ...matrix
      .fill(rows.slice(0, -1), HIDDEN)
      .flatMap((row, token) => from(token * stride, closeAll(row.map((value) => FACTOR * value)))),
    ...from(kept, closeAll(x.before.subarray(kept, kept + HIDDEN))),
  ]
  return {
    operands: {
      ids: buffers.upload(Uint32Array.from(rows, (row) => FIRST + row)),
      weights: matrix.buffer,
      x: x.buffer,
    },
    step: { tokens: rows.length },
    outputs: [{ buffer: x.buffer, words: rows.length * stride, expected }],
  }
}

/** Checks swiglu. */
export const swigluCheck: CheckBuilder = (buffers, { constants }) => {
  const { INTERMEDIATE = 0, UP = 0, X_STRIDE = 0 } = constants
  const x = numbersWithin(4, FEW_TOKENS * X_STRIDE, UP)
  const stride = padTo(INTERMEDIATE, CHUNK)
  const y = buffers.zeros(FEW_TOKENS * stride)
  const expected = () =>
    [0, 1, 2].flatMap((token) =>
      edges(INTERMEDIATE).map((column) => {
        const at = token * X_STRIDE + column
        return { at: token * stride + column, ...swiglu(close(x[at] ?? 0), close(x[at + UP] ?? 0)) }
      }),
    )
  return {
    operands: { x: buffers.upload(x), y },
    step: { tokens: FEW_TOKENS },
    outputs: [{ buffer: y, words: FEW_TOKENS * stride, expected }],
  }
}

/** Checks route_logits: the normalized rows and their products with the router. */
export const routeLogitsCheck: CheckBuilder = (buffers, dispatch) => {
  const { HIDDEN = 0, EPSILON = 0, EXPERTS = 0 } = dispatch.constants
  const [width, stride] = [padTo(HIDDEN, CHUNK), padTo(EXPERTS, CHUNK)]
  const x = randomRows(FEW_TOKENS, HIDDEN)
  const norm = randomRows(1, HIDDEN)
  const matrix = randomMatrix(buffers, dispatch, EXPERTS)
  const [normed, logits] = [buffers.zeros(FEW_TOKENS * width), buffers.zeros(FEW_TOKENS * stride)]
  const inputs = [0, 1, 2].map((token) =>
    rmsNorm(x.subarray(token * width, token * width + HIDDEN), norm, EPSILON),
  )
  const rows = edges(matrix.rows)
  const expectedLogits = () =>
    matrix
      .fill(rows, HIDDEN)
      .flatMap((weights, i) =>
        inputs.map((input, token) => ({ at: token * stride + (rows[i] ?? 0), ...dot(weights, input) })),
      )
  const expectedNormed = () => inputs.flatMap((row, token) => from(token * width, closeAll(row)))
  return {
    operands: {
      x: buffers.upload(x),
      norm: buffers.upload(norm),
      weights: matrix.buffer,
      normed,
      logits,
    },
    step: { tokens: FEW_TOKENS },
    outputs: [
      { buffer: logits, words: FEW_TOKENS * stride, expected: expectedLogits },
      { buffer: normed, words: FEW_TOKENS * width, expected: expectedNormed },
    ],
  }
}
