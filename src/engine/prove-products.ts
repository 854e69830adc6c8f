// Checks of matrix products and norms, in the sizes and formats of a model's own dispatches.
import { CHUNK, FORMATS, type Format, padTo } from '../gpu/matrix.ts'
import type { Dispatch } from '../program/graph.ts'
import type { Scratch } from '../program/scratch.ts'
import { dot, drawRow, drawRows, type Extent, type Proof, type Sum } from './proof.ts'

/** The weight format of a dispatch. Several modules of shaders/weights may decode the same format. */
export const formatOf = ({ imports }: Dispatch): Format | undefined =>
  (Object.keys(FORMATS) as Format[]).find((format) => imports.weights?.startsWith(`weights/${format}`))

/** Output rows to check: more than one decode workgroup computes, and the last ones. */
const checkedRows = (rows: number): number[] =>
  Array.from({ length: Math.min(rows, 131) }, (_, i) => (i < 128 ? i : rows + 127 - i))

/** An empty matrix of `rows` rows. `row` fills one with random codes and returns its first `cols` numbers. */
function randomMatrix(buffers: Scratch, dispatch: Dispatch, rows: number) {
  const { STRIDE = 0, SCALES = 0, SCALE_STRIDE = 0, BLOCK_ROWS = 1, BLOCK_COLS = 1 } = dispatch.constants
  const place = {
    stride: 4 * STRIDE,
    scales: SCALES,
    scaleStride: SCALE_STRIDE,
    blockRows: BLOCK_ROWS,
    blockCols: BLOCK_COLS,
  }
  const buffer = buffers.empty(rows * place.stride + Math.ceil(rows / BLOCK_ROWS) * SCALE_STRIDE)
  const format = formatOf(dispatch) ?? 'f32'
  return {
    buffer,
    row: (row: number, cols: number) => drawRow(buffers, buffer, row, { format, place }).subarray(0, cols),
  }
}

/** x · weight / rms(x) in f64. */
function rmsNorm(x: Float32Array, weight: Float32Array, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x).value / x.length + epsilon)
  return Float64Array.from(x, (value, i) => value * scale * (weight[i] ?? 0))
}

/** Checks linear_decode and linear_prefill, with or without a norm of the input. */
export function proveLinear(buffers: Scratch, dispatch: Dispatch, checkSize: Extent): Proof {
  const { constants, kernel } = dispatch
  const { IN = 0, OUT = 0, Y_STRIDE = 0, EPSILON } = constants
  const { X_STRIDE = padTo(IN, CHUNK) } = constants
  const tokens = 'norm' in kernel.bindings ? 1 : checkSize.tokens
  const x = drawRows(tokens, IN, X_STRIDE)
  const norm = drawRows(1, IN)
  const matrix = randomMatrix(buffers, dispatch, OUT)
  const y = buffers.empty(tokens * Y_STRIDE)
  const inputs = Array.from({ length: tokens }, (_, token) => {
    const row = x.subarray(token * X_STRIDE, token * X_STRIDE + IN)
    return EPSILON === undefined ? row : rmsNorm(row, norm, EPSILON)
  })
  return {
    operands: { x: buffers.upload(x), norm: buffers.upload(norm), weights: matrix.buffer, y },
    step: { tokens },
    output: y,
    words: tokens * Y_STRIDE,
    wanted: () =>
      checkedRows(OUT).flatMap((row) => {
        const weights = matrix.row(row, IN)
        return inputs.map((input, token) => ({ at: token * Y_STRIDE + row, ...dot(weights, input) }))
      }),
  }
}

/** Checks rms_norm on one row. */
export function proveNorm(buffers: Scratch, { constants }: Dispatch): Proof {
  const { HIDDEN = 0, X_STRIDE = 0, EPSILON = 0 } = constants
  const x = drawRows(1, HIDDEN, X_STRIDE)
  const weight = drawRows(1, HIDDEN)
  const y = buffers.empty(padTo(HIDDEN, CHUNK))
  return {
    operands: { x: buffers.upload(x), weight: buffers.upload(weight), y },
    step: {},
    output: y,
    words: HIDDEN,
    wanted: () =>
      Array.from(rmsNorm(x.subarray(0, HIDDEN), weight, EPSILON), (value, at) => ({
        at,
        value,
        size: Math.abs(value),
      })),
  }
}

/**
 * Checks expert_up_decode and expert_down_decode for one token. All routed experts are the same matrix. The
 * slot table puts the shared expert into another bank, so this dispatch skips it.
 */
export function proveExperts(buffers: Scratch, dispatch: Dispatch): Proof {
  const { HIDDEN = 0, EXPERTS = 0, ACTIVE = 0, INNER = 0, I_STRIDE = 0, UP } = dispatch.constants
  const up = UP !== undefined
  const matrix = randomMatrix(buffers, dispatch, up ? UP + INNER : HIDDEN)
  const slots = new Uint32Array(2 * EXPERTS + 2)
  slots[2 * EXPERTS] = EXPERTS
  // The same expert with the same weight in every place.
  const route = new Uint32Array(Float32Array.from({ length: 2 * ACTIVE }, (_, i) => (i % 2) / ACTIVE).buffer)
  const [rows, cols] = up ? [1, HIDDEN] : [ACTIVE + 1, INNER]
  // Small, so that no sum overflows exp().
  const x = drawRows(rows, cols, up ? undefined : I_STRIDE).map((value) => value / 64)
  const words = up ? (ACTIVE + 1) * I_STRIDE : padTo(HIDDEN, CHUNK)
  const output = buffers.empty(words)
  const { buffer } = matrix
  const banks = { weights0: buffer, weights1: buffer, weights2: buffer, weights3: buffer }
  const [inputName, outputName] = up ? ['x', 'inner'] : ['inner', 'y']
  return {
    operands: {
      ...banks,
      route: buffers.upload(route),
      slots: buffers.upload(slots),
      [inputName]: buffers.upload(x),
      [outputName]: output,
    },
    step: {},
    output,
    words,
    wanted: () =>
      checkedRows(up ? INNER : HIDDEN).map((at) => {
        const weights = matrix.row(at, cols)
        if (up) return { at, ...swiglu(dot(weights, x), dot(matrix.row(UP + at, cols), x)) }
        // All experts share W, so Σ weight · W x = W Σ weight · x.
        const mean = Float64Array.from(weights, (_, col) => {
          let sum = 0
          for (let i = 0; i < ACTIVE; i++) sum += x[i * I_STRIDE + col] ?? 0
          return sum / ACTIVE
        })
        return { at, ...dot(weights, mean) }
      }),
  }
}

/** silu(gate) · up. */
const swiglu = (gate: Sum, up: Sum): Sum => ({
  value: (gate.value / (1 + Math.exp(-gate.value))) * up.value,
  size: gate.size * up.size,
})
