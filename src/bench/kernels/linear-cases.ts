// Answers: which products of stored matrices are measured? Every role of linear_decode and linear_prefill in V2-Lite.
// It must not know how a product is dispatched.

import type { GpuMatrix } from '../../gpu/matrix.ts'
import { splitMatrix } from '../../gpu/matrix.ts'
import { linear } from '../../models/ops.ts'
import { linear_decode } from '../../reference/linear.ts'
import { type Case, type CaseMaker, copiesFor, record, type Setting } from './case.ts'
import { DENSE_INNER, SPEC } from './model.ts'
import { drawNumbers, type Room } from './room.ts'
import { drawMatrix, readRows, type StoredMatrix } from './stored.ts'

interface Role {
  readonly role: string
  readonly heights: readonly number[]
  readonly cols: number
  readonly accumulate?: boolean
}

const { hidden, vocab } = SPEC

const ROLES: readonly Role[] = [
  { role: 'attention in', heights: [16 * 192, 576], cols: hidden },
  { role: 'attention out', heights: [hidden], cols: 16 * 128, accumulate: true },
  { role: 'dense up', heights: [DENSE_INNER, DENSE_INNER], cols: hidden },
  { role: 'dense down', heights: [hidden], cols: DENSE_INNER, accumulate: true },
  { role: 'head', heights: [vocab], cols: hidden },
]

export const linearDecodeCases: readonly CaseMaker[] = ROLES.map((role) => maker('linear_decode', role))

/** The head sees one row only, and the router is small. */
export const linearPrefillCases: readonly CaseMaker[] = ROLES.filter(({ role }) => role !== 'head').map(
  (role) => maker('linear_prefill', role),
)

/** A matrix of any size, "rows x cols". */
export const linearOfShape = (
  kernel: 'linear_decode' | 'linear_prefill',
  rows: number,
  cols: number,
): CaseMaker => maker(kernel, { role: 'given', heights: [rows], cols })

function maker(kernel: 'linear_decode' | 'linear_prefill', role: Role): CaseMaker {
  return { kernel, role: role.role, make: (setting) => make(kernel, role, setting) }
}

async function make(kernel: 'linear_decode' | 'linear_prefill', role: Role, setting: Setting): Promise<Case> {
  const { room, format, tokens } = setting
  const { cols, heights, accumulate = false } = role
  const stored = drawMatrix(format, heights, cols, 7)
  const bytes = stored.part.bytes
  const matrices = Array.from({ length: copiesFor(setting, bytes) }, () => inParts(room, stored))
  const numbers = drawNumbers(tokens * cols, 3)
  const x = room.upload(numbers)
  const rows = stored.layout.rows
  const home = room.empty(tokens * rows)
  const mode = kernel === 'linear_decode' ? 'decode' : 'prefill'
  const recorded = matrices.map((matrix) =>
    record(setting, mode, (context) => {
      const y = context.graph.activation('y', 'f32', tokens, rows, home)
      linear(context, matrix, x, y, { accumulate })
    }),
  )
  return {
    kernel,
    role: role.role,
    shape: `${tokens} × ${cols} → ${rows}`,
    dispatches: recorded.flat(),
    first: recorded[0] ?? [],
    runs: matrices.length,
    bytes,
    flops: 2 * tokens * rows * cols,
    ceiling: mode === 'decode' ? 'weights' : 'product',
    step: { tokens },
    async result() {
      // Prefill is proven on its first rows: f64 on the CPU would take minutes for all.
      const proven = Math.min(tokens, 8)
      const actual = await room.read(home, proven * rows)
      return { actual, wanted: product(numbers.subarray(0, proven * cols), stored) }
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

/** The f64 product, a run of rows at a time. */
export function product(x: Float32Array, stored: StoredMatrix): Float64Array {
  const { rows, cols } = stored.layout
  const tokens = x.length / cols
  const wide = Float64Array.from(x)
  const y = new Float64Array(tokens * rows)
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - first)
    const part = linear_decode(wide, readRows(stored, first, count), cols)
    for (let token = 0; token < tokens; token++) {
      y.set(part.subarray(token * count, (token + 1) * count), token * rows + first)
    }
  }
  return y
}
