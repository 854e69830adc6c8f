// Benchmark cases of linear_decode and linear_prefill: every role they have in the model.
import type { GpuMatrix } from '../../gpu/matrix.ts'
import { CHUNK, padTo, splitMatrix } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import { linear } from '../../models/ops.ts'
import { linear_decode } from '../../reference/linear.ts'
import type { BenchBuffers } from './buffers.ts'
import {
  type CaseMaker,
  type CaseSettings,
  copiesForRound,
  gatherRows,
  type KernelCase,
  PREFILL_TOLERANCE,
  recordDispatches,
  roundOver,
  sampleRows,
  TOLERANCE,
} from './case.ts'
import type { ModelWidths } from './model-widths.ts'
import { type RandomMatrix, randomMatrix, readRows } from './random-matrix.ts'

interface LinearShape {
  readonly heights: readonly number[]
  readonly cols: number
  readonly accumulate?: boolean
}

const ROLES: Readonly<Record<string, (widths: ModelWidths) => LinearShape>> = {
  'attention in': ({ spec, attention: { heads, qkNopeDim, qkRopeDim, kvLoraRank } }) => ({
    heights: [heads * (qkNopeDim + qkRopeDim), kvLoraRank + qkRopeDim],
    cols: spec.hiddenSize,
  }),
  'attention out': ({ spec, attention: { heads, vHeadDim } }) => ({
    heights: [spec.hiddenSize],
    cols: heads * vHeadDim,
    accumulate: true,
  }),
  'dense up': ({ spec, dense: { intermediateSize } }) => ({
    heights: [intermediateSize, intermediateSize],
    cols: spec.hiddenSize,
  }),
  'dense down': ({ spec, dense: { intermediateSize } }) => ({
    heights: [spec.hiddenSize],
    cols: intermediateSize,
    accumulate: true,
  }),
  head: ({ spec }) => ({ heights: [spec.vocabSize], cols: spec.hiddenSize }),
}

type LinearMode = CaseMaker['mode']

export const LINEAR_DECODE_CASES: readonly CaseMaker[] = Object.entries(ROLES).map(([role, shapeOf]) =>
  defineCase('decode', role, shapeOf),
)

/** Without the head, which gets a single row. The router is too small to measure. */
export const LINEAR_PREFILL_CASES: readonly CaseMaker[] = Object.entries(ROLES)
  .filter(([role]) => role !== 'head')
  .map(([role, shapeOf]) => defineCase('prefill', role, shapeOf))

/** A case for a matrix [rows, cols]; cols must be a multiple of COLUMNS. */
export const linearOfShape = (mode: LinearMode, rows: number, cols: number): CaseMaker =>
  defineCase(mode, 'given', () => ({ heights: [rows], cols }))

function defineCase(
  mode: LinearMode,
  role: string,
  shapeOf: (widths: ModelWidths) => LinearShape,
): CaseMaker {
  return {
    kernel: `linear_${mode}`,
    role,
    mode,
    weightFormat: 'any',
    ceiling: mode === 'decode' ? 'bytes' : 'product',
    build: (settings) => makeLinear(mode, shapeOf(settings.widths), settings),
  }
}

async function makeLinear(mode: LinearMode, shape: LinearShape, settings: CaseSettings): Promise<KernelCase> {
  const { buffers, format, tokens } = settings
  const { cols, heights, accumulate = false } = shape
  const stored = randomMatrix(format, heights, cols, 7)
  const { bytes } = stored.part
  const numbers = randomNumbers(tokens * cols, 3)
  const x = buffers.upload(numbers)
  const { rows } = stored.layout
  const stride = padTo(rows, CHUNK)
  const output = buffers.zeros(tokens * stride)
  const matrices = copiesForRound(settings, bytes, () => uploadInParts(buffers, stored))
  return {
    shape: `${tokens} × ${cols} → ${rows}`,
    ...roundOver(matrices, (matrix) =>
      recordDispatches(settings, mode, (context) => {
        const y = context.graph.activation('y', [tokens, rows], { ownBuffer: output })
        linear(context, { matrix, accumulate }, x, y)
      }),
    ),
    cost: { weightBytes: bytes, plainBytes: 0, flops: 2 * tokens * rows * cols },
    step: { tokens },
    async outputs() {
      const checkedRows = sampleRows(tokens, 8)
      const actual = gatherRows(await buffers.read(output, tokens * stride), checkedRows, stride, rows)
      const expected = referenceProduct(gatherRows(numbers, checkedRows, cols), stored)
      return [
        {
          actual,
          expected,
          rows: checkedRows,
          tolerance: mode === 'decode' ? TOLERANCE.f32 : PREFILL_TOLERANCE[settings.matmulPrecision],
        },
      ]
    },
  }
}

/** Splits matrices larger than a binding, as the engine does. */
function uploadInParts(buffers: BenchBuffers, { layout, words, part }: RandomMatrix): GpuMatrix {
  const parts = splitMatrix(layout, buffers.device.capabilities.maxBindingBytes)
  if (parts.length === 1) return buffers.matrix({ layout, part, words })
  return {
    ...layout,
    parts: parts.map((slice) => {
      const resource = buffers.zeros(slice.bytes / 4)
      const row = layout.stride * 4
      buffers.write(resource, words.subarray(slice.firstRow * row, (slice.firstRow + slice.rows) * row))
      const scales = part.scales + (slice.firstRow / layout.block.rows) * layout.scaleStride
      const count = Math.ceil(slice.rows / layout.block.rows) * layout.scaleStride
      if (count > 0) buffers.write(resource, words.subarray(scales, scales + count), slice.scales)
      return { ...slice, buffer: resource.buffer }
    }),
  }
}

const ROWS_AT_ONCE = 1024

/** The f64 product of x [tokens, cols] with a stored matrix, in groups of rows to bound memory. */
export function referenceProduct(x: Float64Array, stored: RandomMatrix): Float64Array {
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
