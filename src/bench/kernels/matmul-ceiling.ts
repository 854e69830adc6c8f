// Roofline ceiling of matrix multiplication on this adapter: the fastest of minimal f32 loops and of the
// engine's own tiles at favourable shapes. Including the engine's tiles ensures that no kernel exceeds the
// ceiling.
import type { StorageFormat } from '../../gpu/formats.ts'
import { matmulCeiling } from '../../kernels/bench.ts'
import { type MatmulPrecision, supportedPrecision } from '../../kernels/linear.ts'
import { expectDefined } from '../../lib/error.ts'
import { randomNumbers } from '../../lib/random.ts'
import { ceilDiv, linear } from '../../models/ops.ts'
import type { Resource } from '../../program/graph.ts'
import { matmul_ceiling } from '../../reference/bench.ts'
import type { BenchBuffers } from './buffers.ts'
import { gatherRows, PREFILL_TOLERANCE, recordDispatches, sampleRows, TOLERANCE } from './case.ts'
import type { BenchContext } from './dispatch-timer.ts'
import { type CandidateLoop, type CeilingRun, fastestLoop, recordGraph } from './fastest-loop.ts'
import { referenceProduct } from './linear-cases.ts'
import type { MatmulShape } from './model-widths.ts'
import { type RandomMatrix, randomMatrix, readRows } from './random-matrix.ts'

export interface MatmulCeilings {
  /** The fastest matmul with weights in one of these formats or in f32. */
  best(formats: readonly StorageFormat[]): CeilingRun
  free(): void
}

export interface MatmulCeilingOptions {
  readonly shapes: readonly MatmulShape[]
  /** Precision of tile inputs, tried in addition to f32. */
  readonly matmulPrecision: MatmulPrecision
}

/**
 * Measures the fastest matmul with f32 weights and with each format. Throws `internal` if a loop
 * miscalculates.
 */
export async function matmulCeilings(
  buffers: BenchBuffers,
  bench: BenchContext,
  formats: readonly StorageFormat[],
  { shapes, matmulPrecision }: MatmulCeilingOptions,
): Promise<MatmulCeilings> {
  const precisions = new Set<MatmulPrecision>([
    'f32',
    supportedPrecision(matmulPrecision, buffers.device.capabilities),
  ])
  const inputs = shapes.map((shape) => inputsOf(buffers, shape))
  const ceilings = new Map<StorageFormat, CeilingRun>()
  for (const format of new Set<StorageFormat>(['f32', ...formats])) {
    const loops = inputs.flatMap((input) => {
      const stored = randomMatrix(format, [input.shape.rows], input.shape.cols, 5)
      return [...precisions].map((precision) => tileLoop(input, stored, precision))
    })
    const plain = format === 'f32' ? inputs.flatMap(plainLoops) : []
    ceilings.set(format, await fastestLoop([...plain, ...loops], bench))
  }
  return {
    best(expected) {
      const allowed = [...ceilings].filter(([format]) => format === 'f32' || expected.includes(format))
      const [first] = allowed.map(([, ceiling]) => ceiling).sort((a, b) => b.rate - a.rate)
      return expectDefined(first, 'a matmul ceiling')
    },
    free() {
      for (const { timer } of ceilings.values()) timer.free()
    },
  }
}

/** Input and output buffers of one matmul shape. */
interface MatmulBuffers {
  readonly buffers: BenchBuffers
  readonly shape: MatmulShape
  readonly values: Float32Array // of x
  readonly x: Resource
  readonly y: Resource
}

function inputsOf(buffers: BenchBuffers, shape: MatmulShape): MatmulBuffers {
  const values = randomNumbers(shape.tokens * shape.cols, 2)
  return { buffers, shape, values, x: buffers.upload(values), y: buffers.zeros(shape.tokens * shape.rows) }
}

const CHECKED_ROWS = 4

/** The rows to check, of the input and of the result. */
async function readCheckedRows({ buffers, shape, values, y }: MatmulBuffers) {
  const rows = sampleRows(shape.tokens, CHECKED_ROWS)
  const x = gatherRows(values, rows, shape.cols)
  return { x, actual: gatherRows(await buffers.read(y, shape.tokens * shape.rows), rows, shape.rows) }
}

const flopsOf = ({ tokens, rows, cols }: MatmulShape) => 2 * tokens * rows * cols

const nameOf = ({ tokens, rows, cols }: MatmulShape) => `${tokens} × ${cols} → ${rows}`

/** Minimal loops over f32 matrices. */
function plainLoops(matmul: MatmulBuffers): CandidateLoop[] {
  const { buffers, shape, x, y } = matmul
  const stored = randomMatrix('f32', [shape.rows], shape.cols, 5)
  const weights = buffers.upload(stored.words)
  return [4, 8].flatMap((ROWS) =>
    [8, 32].map((WORKGROUP) => ({
      name: `${ROWS} × 4, workgroups of ${WORKGROUP}, ${nameOf(shape)}`,
      bytes: stored.part.bytes,
      flops: flopsOf(shape),
      step: { tokens: shape.tokens },
      output: y,
      dispatches: recordGraph((graph) =>
        graph.dispatch(matmulCeiling, {
          constants: { IN: shape.cols, OUT: shape.rows, ROWS, WORKGROUP },
          operands: { x, weights, y },
          grid: [ceilDiv(shape.rows, 4 * WORKGROUP), shape.tokens / ROWS],
        }),
      ),
      async outputs() {
        const { x: rows, actual } = await readCheckedRows(matmul)
        const expected = matmul_ceiling(rows, readRows(stored, 0, shape.rows), shape.cols)
        return [{ actual, expected, tolerance: TOLERANCE.f32 }]
      },
    })),
  )
}

/** The engine's own prefill matmul. */
function tileLoop(
  matmul: MatmulBuffers,
  stored: RandomMatrix,
  matmulPrecision: MatmulPrecision,
): CandidateLoop {
  const { buffers, shape, x, y } = matmul
  const { format } = stored.layout
  const precision = matmulPrecision === 'f32' ? '' : `, ${matmulPrecision} inputs`
  const matrix = buffers.matrix(stored)
  return {
    name: `linear_prefill, ${format}${precision}, ${nameOf(shape)}`,
    bytes: stored.part.bytes,
    flops: flopsOf(shape),
    step: { tokens: shape.tokens },
    output: y,
    dispatches: recordDispatches({ buffers, tokens: shape.tokens, matmulPrecision }, 'prefill', (context) =>
      linear(
        context,
        { matrix },
        x,
        context.graph.activation('y', [shape.tokens, shape.rows], { ownBuffer: y }),
      ),
    ),
    async outputs() {
      const { x: rows, actual } = await readCheckedRows(matmul)
      const expected = referenceProduct(rows, stored)
      return [{ actual, expected, tolerance: PREFILL_TOLERANCE[matmulPrecision] }]
    },
  }
}
