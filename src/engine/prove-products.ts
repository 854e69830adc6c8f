// Answers: how are products with stored matrices and norms proven, in the sizes and formats of a model's own dispatches?
// It must not know which variants there are.
import { CHUNK, FORMATS, type Format, padTo } from '../gpu/matrix.ts'
import type { Dispatch } from '../program/graph.ts'
import type { Scratch } from '../program/scratch.ts'
import { dot, drawRow, drawRows, type Extent, type Proof, type Sum } from './proof.ts'

/** Whose codes a module of shaders/weights reads; there may be several for a format. */
export const formatOf = ({ imports }: Dispatch): Format | undefined =>
  (Object.keys(FORMATS) as Format[]).find((format) => imports.weights?.startsWith(`weights/${format}`))

/** Rows of a matrix that are proven: more than a workgroup of decode has, and the last ones. */
const rowsOf = (rows: number): number[] =>
  Array.from({ length: Math.min(rows, 131) }, (_, i) => (i < 128 ? i : rows + 127 - i))

/** The matrix that a dispatch reads, with nothing in it yet: `row` puts one there and tells its first `cols` numbers. */
function drawnMatrix(room: Scratch, dispatch: Dispatch, rows: number) {
  const { STRIDE = 0, SCALES = 0, SCALE_STRIDE = 0, BLOCK_ROWS = 1, BLOCK_COLS = 1 } = dispatch.constants
  const place = {
    stride: 4 * STRIDE,
    scales: SCALES,
    scaleStride: SCALE_STRIDE,
    blockRows: BLOCK_ROWS,
    blockCols: BLOCK_COLS,
  }
  const buffer = room.empty(rows * place.stride + Math.ceil(rows / BLOCK_ROWS) * SCALE_STRIDE)
  const format = formatOf(dispatch) ?? 'f32'
  return {
    buffer,
    row: (row: number, cols: number) => drawRow(room, buffer, place, format, row).subarray(0, cols),
  }
}

/** x · weight / rms(x). */
function normed(x: Float32Array, weight: Float32Array, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x).value / x.length + epsilon)
  return Float64Array.from(x, (value, i) => value * scale * (weight[i] ?? 0))
}

export function proveLinear(room: Scratch, dispatch: Dispatch, extent: Extent): Proof {
  const { constants, kernel } = dispatch
  const { IN = 0, OUT = 0, Y_STRIDE = 0, EPSILON } = constants
  const { X_STRIDE = padTo(IN, CHUNK) } = constants
  const tokens = 'norm' in kernel.bindings ? 1 : extent.tokens
  const x = drawRows(tokens, IN, X_STRIDE)
  const norm = drawRows(1, IN)
  const matrix = drawnMatrix(room, dispatch, OUT)
  const y = room.empty(tokens * Y_STRIDE)
  const inputs = Array.from({ length: tokens }, (_, token) => {
    const row = x.subarray(token * X_STRIDE, token * X_STRIDE + IN)
    return EPSILON === undefined ? row : normed(row, norm, EPSILON)
  })
  return {
    operands: { x: room.upload(x), norm: room.upload(norm), weights: matrix.buffer, y },
    step: { tokens },
    output: y,
    words: tokens * Y_STRIDE,
    wanted: () =>
      rowsOf(OUT).flatMap((row) => {
        const weights = matrix.row(row, IN)
        return inputs.map((input, token) => ({ at: token * Y_STRIDE + row, ...dot(weights, input) }))
      }),
  }
}

export function proveNorm(room: Scratch, { constants }: Dispatch): Proof {
  const { HIDDEN = 0, X_STRIDE = 0, EPSILON = 0 } = constants
  const x = drawRows(1, HIDDEN, X_STRIDE)
  const weight = drawRows(1, HIDDEN)
  const y = room.empty(padTo(HIDDEN, CHUNK))
  return {
    operands: { x: room.upload(x), weight: room.upload(weight), y },
    step: {},
    output: y,
    words: HIDDEN,
    wanted: () =>
      Array.from(normed(x.subarray(0, HIDDEN), weight, EPSILON), (value, at) => ({
        at,
        value,
        size: Math.abs(value),
      })),
  }
}

/** One token's routed experts, which are all the same matrix. The shared one lies in a bank of another dispatch, and is skipped. */
export function proveExperts(room: Scratch, dispatch: Dispatch): Proof {
  const { HIDDEN = 0, EXPERTS = 0, ACTIVE = 0, INNER = 0, I_STRIDE = 0, UP } = dispatch.constants
  const up = UP !== undefined
  const matrix = drawnMatrix(room, dispatch, up ? UP + INNER : HIDDEN)
  const slots = new Uint32Array(2 * EXPERTS + 2)
  slots[2 * EXPERTS] = EXPERTS
  // The same expert, with the same weight, again and again.
  const route = new Uint32Array(Float32Array.from({ length: 2 * ACTIVE }, (_, i) => (i % 2) / ACTIVE).buffer)
  const [rows, cols] = up ? [1, HIDDEN] : [ACTIVE + 1, INNER]
  // Small, so that no sum comes near to what exp() can take.
  const x = drawRows(rows, cols, up ? undefined : I_STRIDE).map((value) => value / 64)
  const words = up ? (ACTIVE + 1) * I_STRIDE : padTo(HIDDEN, CHUNK)
  const output = room.empty(words)
  const { buffer } = matrix
  const banks = { weights0: buffer, weights1: buffer, weights2: buffer, weights3: buffer }
  const [given, made] = up ? ['x', 'inner'] : ['inner', 'y']
  return {
    operands: {
      ...banks,
      route: room.upload(route),
      slots: room.upload(slots),
      [given]: room.upload(x),
      [made]: output,
    },
    step: {},
    output,
    words,
    wanted: () =>
      rowsOf(up ? INNER : HIDDEN).map((at) => {
        const weights = matrix.row(at, cols)
        if (up) return { at, ...activated(dot(weights, x), dot(matrix.row(UP + at, cols), x)) }
        // Σ weight · W x is W Σ weight · x.
        const mean = Float64Array.from(weights, (_, col) => {
          let sum = 0
          for (let i = 0; i < ACTIVE; i++) sum += x[i * I_STRIDE + col] ?? 0
          return sum / ACTIVE
        })
        return { at, ...dot(weights, mean) }
      }),
  }
}

const activated = (gate: Sum, up: Sum): Sum => ({
  value: (gate.value / (1 + Math.exp(-gate.value))) * up.value,
  size: gate.size * up.size,
})
