// Answers: which products of stored matrices are measured? Every role of linear_decode and linear_prefill in the model.
// It must not know how a product is dispatched.
import type { GpuMatrix } from '../../gpu/matrix.ts'
import { CHUNK, padTo, splitMatrix } from '../../gpu/matrix.ts'
import { drawNumbers } from '../../lib/draw.ts'
import { linear } from '../../models/ops.ts'
import { linear_decode } from '../../reference/linear.ts'
import {
  type Case,
  type CaseMaker,
  copiesOf,
  PREFILL_TOLERANCE,
  record,
  roundOver,
  type Setting,
  spreadRows,
  TOLERANCE,
  takeRows,
} from './case.ts'
import type { Widths } from './model.ts'
import type { Room } from './room.ts'
import { drawMatrix, readRows, type StoredMatrix } from './stored.ts'

interface Shape {
  readonly heights: readonly number[]
  readonly cols: number
  readonly accumulate?: boolean
}

const ROLES: Readonly<Record<string, (widths: Widths) => Shape>> = {
  'attention in': ({ spec, attention: { heads, nope, rope, latent } }) => ({
    heights: [heads * (nope + rope), latent + rope],
    cols: spec.hidden,
  }),
  'attention out': ({ spec, attention: { heads, value } }) => ({
    heights: [spec.hidden],
    cols: heads * value,
    accumulate: true,
  }),
  'dense up': ({ spec, dense: { inner } }) => ({ heights: [inner, inner], cols: spec.hidden }),
  'dense down': ({ spec, dense: { inner } }) => ({ heights: [spec.hidden], cols: inner, accumulate: true }),
  head: ({ spec }) => ({ heights: [spec.vocab], cols: spec.hidden }),
}

type Mode = CaseMaker['mode']

export const linearDecodeCases: readonly CaseMaker[] = Object.entries(ROLES).map(([role, shapeOf]) =>
  maker('decode', role, shapeOf),
)

/** The head sees one row only, and the router is small. */
export const linearPrefillCases: readonly CaseMaker[] = Object.entries(ROLES)
  .filter(([role]) => role !== 'head')
  .map(([role, shapeOf]) => maker('prefill', role, shapeOf))

/** A matrix of any size, "rows x cols". */
export const linearOfShape = (mode: Mode, rows: number, cols: number): CaseMaker =>
  maker(mode, 'given', () => ({ heights: [rows], cols }))

function maker(mode: Mode, role: string, shapeOf: (widths: Widths) => Shape): CaseMaker {
  return {
    kernel: `linear_${mode}`,
    role,
    mode,
    stored: 'any',
    ceiling: mode === 'decode' ? 'bytes' : 'product',
    make: (setting) => make(mode, shapeOf(setting.widths), setting),
  }
}

async function make(mode: Mode, shape: Shape, setting: Setting): Promise<Case> {
  const { room, format, tokens } = setting
  const { cols, heights, accumulate = false } = shape
  const stored = drawMatrix(format, heights, cols, 7)
  const { bytes } = stored.part
  const numbers = drawNumbers(tokens * cols, 3)
  const x = room.upload(numbers)
  const { rows } = stored.layout
  const stride = padTo(rows, CHUNK)
  const home = room.empty(tokens * stride)
  const matrices = copiesOf(setting, bytes, () => inParts(room, stored))
  return {
    shape: `${tokens} × ${cols} → ${rows}`,
    ...roundOver(matrices, (matrix) =>
      record(setting, mode, (context) => {
        const y = context.graph.activation('y', 'f32', tokens, rows, home)
        linear(context, matrix, x, y, { accumulate })
      }),
    ),
    cost: { weightBytes: bytes, plainBytes: 0, flops: 2 * tokens * rows * cols },
    step: { tokens },
    async result() {
      const proven = spreadRows(tokens, 8)
      const actual = takeRows(await room.read(home, tokens * stride), proven, stride, rows)
      const wanted = product(takeRows(numbers, proven, cols), stored)
      return [
        {
          actual,
          wanted,
          rows: proven,
          tolerance: mode === 'decode' ? TOLERANCE.f32 : PREFILL_TOLERANCE[setting.products],
        },
      ]
    },
  }
}

/** Cut as the engine cuts matrices that are larger than a binding. */
function inParts(room: Room, { layout, words, part }: StoredMatrix): GpuMatrix {
  const parts = splitMatrix(layout, room.device.capabilities.maxBindingBytes)
  if (parts.length === 1) return room.matrix({ layout, part, words })
  return {
    ...layout,
    parts: parts.map((own) => {
      const made = room.empty(own.bytes / 4)
      const row = layout.stride * 4
      room.write(made, words.subarray(own.firstRow * row, (own.firstRow + own.rows) * row))
      const scales = part.scales + (own.firstRow / layout.block.rows) * layout.scaleStride
      const count = Math.ceil(own.rows / layout.block.rows) * layout.scaleStride
      if (count > 0) room.write(made, words.subarray(scales, scales + count), own.scales)
      return { ...own, buffer: made.buffer }
    }),
  }
}

const ROWS_AT_ONCE = 1024

/** The f64 product with x [tokens, cols], a run of rows at a time. */
export function product(x: Float64Array, stored: StoredMatrix): Float64Array {
  const { rows, cols } = stored.layout
  const tokens = x.length / cols
  const y = new Float64Array(tokens * rows)
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - first)
    const part = linear_decode(x, readRows(stored, first, count), cols)
    for (let token = 0; token < tokens; token++) {
      y.set(part.subarray(token * count, (token + 1) * count), token * rows + first)
    }
  }
  return y
}
