// Checks of matrix products and norms, in the sizes and formats of a model's own dispatches.
import { formatOfModule, type StorageFormat } from '../../gpu/formats.ts'
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { expectDefined } from '../../lib/error.ts'
import type { Dispatch } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import {
  type CheckSize,
  dot,
  type ExpectedSum,
  type KernelCheck,
  randomRows,
  writeRandomRow,
} from './kernel-check.ts'

/** The weight format of a dispatch. Several modules of shaders/weights may decode the same format. */
export const weightFormatOf = ({ imports }: Dispatch): StorageFormat | undefined =>
  imports.weights === undefined ? undefined : formatOfModule(imports.weights)

/** Output rows to check: more than one decode workgroup computes, and the last ones. */
const checkedRows = (rows: number): number[] =>
  Array.from({ length: Math.min(rows, 131) }, (_, i) => (i < 128 ? i : rows + 127 - i))

/** An empty matrix of `rows` rows. `row` fills one with random codes and returns its first `cols` numbers. */
function randomMatrix(buffers: TempBuffers, dispatch: Dispatch, rows: number) {
  const { STRIDE = 0, SCALES = 0, SCALE_STRIDE = 0, BLOCK_ROWS = 1, BLOCK_COLS = 1 } = dispatch.constants
  const place = {
    stride: 4 * STRIDE,
    firstScale: SCALES,
    scaleStride: SCALE_STRIDE,
    blockRows: BLOCK_ROWS,
    blockCols: BLOCK_COLS,
  }
  const buffer = buffers.zeros(rows * place.stride + Math.ceil(rows / BLOCK_ROWS) * SCALE_STRIDE)
  const format = expectDefined(weightFormatOf(dispatch), `the weight format of ${dispatch.kernel.name}`)
  return {
    buffer,
    row: (row: number, cols: number) =>
      writeRandomRow(buffers, buffer, row, { format, place }).subarray(0, cols),
  }
}

/** x · weight / rms(x) in f64. */
function rmsNorm(x: Float32Array, weight: Float32Array, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x).value / x.length + epsilon)
  return Float64Array.from(x, (value, i) => value * scale * (weight[i] ?? 0))
}

/** Checks linear_decode and linear_prefill, with or without a norm of the input. */
export function linearCheck(buffers: TempBuffers, dispatch: Dispatch, checkSize: CheckSize): KernelCheck {
  const { constants, kernel } = dispatch
  const { IN = 0, OUT = 0, Y_STRIDE = 0, EPSILON } = constants
  const { X_STRIDE = padTo(IN, CHUNK) } = constants
  const tokens = 'norm' in kernel.bindings ? 1 : checkSize.tokens
  const x = randomRows(tokens, IN, X_STRIDE)
  const norm = randomRows(1, IN)
  const matrix = randomMatrix(buffers, dispatch, OUT)
  const y = buffers.zeros(tokens * Y_STRIDE)
  const inputs = Array.from({ length: tokens }, (_, token) => {
    const row = x.subarray(token * X_STRIDE, token * X_STRIDE + IN)
    return EPSILON === undefined ? row : rmsNorm(row, norm, EPSILON)
  })
  return {
    operands: { x: buffers.upload(x), norm: buffers.upload(norm), weights: matrix.buffer, y },
    step: { tokens },
    output: y,
    outputWords: tokens * Y_STRIDE,
    expected: () =>
      checkedRows(OUT).flatMap((row) => {
        const weights = matrix.row(row, IN)
        return inputs.map((input, token) => ({ at: token * Y_STRIDE + row, ...dot(weights, input) }))
      }),
  }
}

/** Checks rms_norm on one row. */
export function rmsNormCheck(buffers: TempBuffers, { constants }: Dispatch): KernelCheck {
  const { HIDDEN = 0, X_STRIDE = 0, EPSILON = 0 } = constants
  const x = randomRows(1, HIDDEN, X_STRIDE)
  const weight = randomRows(1, HIDDEN)
  const y = buffers.zeros(padTo(HIDDEN, CHUNK))
  return {
    operands: { x: buffers.upload(x), weight: buffers.upload(weight), y },
    step: {},
    output: y,
    outputWords: HIDDEN,
    expected: () =>
      Array.from(rmsNorm(x.subarray(0, HIDDEN), weight, EPSILON), (value, at) => ({
        at,
        value,
        magnitude: Math.abs(value),
      })),
  }
}

/**
 * Checks expert_up_decode and expert_down_decode for one token. All routed experts are the same matrix. The
 * slot table puts the shared expert into another bank, so this dispatch skips it.
 */
export function expertCheck(buffers: TempBuffers, dispatch: Dispatch): KernelCheck {
  const {
    HIDDEN = 0,
    EXPERTS = 0,
    TOP_K = 0,
    INTERMEDIATE = 0,
    INTERMEDIATE_STRIDE = 0,
    UP,
  } = dispatch.constants
  const up = UP !== undefined
  const matrix = randomMatrix(buffers, dispatch, up ? UP + INTERMEDIATE : HIDDEN)
  const slots = new Uint32Array(2 * EXPERTS + 2)
  slots[2 * EXPERTS] = EXPERTS
  // The same expert with the same weight in every place.
  const route = new Uint32Array(Float32Array.from({ length: 2 * TOP_K }, (_, i) => (i % 2) / TOP_K).buffer)
  const [rows, cols] = up ? [1, HIDDEN] : [TOP_K + 1, INTERMEDIATE]
  // Small, so that no sum overflows exp().
  const x = randomRows(rows, cols, up ? undefined : INTERMEDIATE_STRIDE).map((value) => value / 64)
  const outputWords = up ? (TOP_K + 1) * INTERMEDIATE_STRIDE : padTo(HIDDEN, CHUNK)
  const output = buffers.zeros(outputWords)
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
    outputWords,
    expected: () =>
      checkedRows(up ? INTERMEDIATE : HIDDEN).map((at) => {
        const weights = matrix.row(at, cols)
        if (up) return { at, ...swiglu(dot(weights, x), dot(matrix.row(UP + at, cols), x)) }
        // All experts share W, so Σ weight · W x = W Σ weight · x.
        const mean = Float64Array.from(weights, (_, col) => {
          let sum = 0
          for (let i = 0; i < TOP_K; i++) sum += x[i * INTERMEDIATE_STRIDE + col] ?? 0
          return sum / TOP_K
        })
        return { at, ...dot(weights, mean) }
      }),
  }
}

/** silu(gate) · up. */
const swiglu = (gate: ExpectedSum, up: ExpectedSum): ExpectedSum => ({
  value: (gate.value / (1 + Math.exp(-gate.value))) * up.value,
  magnitude: gate.magnitude * up.magnitude,
})
