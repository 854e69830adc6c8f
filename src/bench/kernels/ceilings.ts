// Roofline ceilings of memory reads: the fastest checked loop over weights of a format, and over plain words.
import { type StorageFormat, weightModules } from '../../gpu/formats.ts'
import { unsplitPart } from '../../gpu/matrix.ts'
import { matvecCeiling, streamRead } from '../../kernels/bench.ts'
import { randomNumbers } from '../../lib/random.ts'
import { ceilDiv, matrixConstants } from '../../models/ops.ts'
import { resource } from '../../program/graph.ts'
import { matvec_ceiling, stream_read } from '../../reference/bench.ts'
import type { BenchBuffers } from './buffers.ts'
import { TOLERANCE } from './case.ts'
import type { BenchContext } from './dispatch-timer.ts'
import { type CeilingRun, fastestLoop, recordGraph } from './fastest-loop.ts'
import { randomMatrix, readRows } from './random-matrix.ts'

const HIDDEN = 2048
const OUT = 2048

/**
 * The fastest loop over weights of a format; the others are freed. Throws `internal` if one miscalculates.
 */
export async function weightsCeiling(
  buffers: BenchBuffers,
  bench: BenchContext,
  format: StorageFormat,
  roundBytes: number,
): Promise<CeilingRun> {
  const stored = randomMatrix(format, [OUT], HIDDEN, 5)
  const matrices = Array.from({ length: Math.ceil(roundBytes / stored.part.bytes) }, () =>
    buffers.matrix(stored),
  )
  const numbers = randomNumbers(16, 1)
  const x = buffers.upload(numbers)
  const sums = buffers.zeros(OUT * 32)
  const loops = weightModules(format).flatMap((weights) =>
    LOOPS.map(({ lanes, workgroup, rowsPerInvocation, order }) => ({
      name: [
        weights,
        `lanes ${lanes}`,
        rowsPerInvocation === 1 ? 'a row' : `${rowsPerInvocation} rows by ${order}`,
        `workgroup ${workgroup}`,
      ].join(', '),
      lanes,
      dispatches: recordGraph((graph) => {
        for (const matrix of matrices) {
          const part = unsplitPart(matrix)
          graph.dispatch(matvecCeiling, {
            constants: {
              IN: HIDDEN,
              OUT,
              LANES: lanes,
              ROWS_PER_INVOCATION: rowsPerInvocation,
              WORKGROUP: workgroup,
              ...matrixConstants(matrix, part),
            },
            imports: { weights, loopOrder: `bench/loop_order_${order}` },
            operands: { x, weights: resource(part.buffer), sums },
            grid: [ceilDiv(OUT, (workgroup / lanes) * rowsPerInvocation)],
          })
        }
      }),
    })),
  )
  const values = readRows(stored, 0, OUT)
  const wide = Float64Array.from(numbers)
  const bytes = stored.part.bytes * matrices.length
  return fastestLoop(
    loops.map(({ name, lanes, dispatches }) => ({
      name,
      dispatches,
      output: sums,
      bytes,
      flops: 2 * OUT * HIDDEN * matrices.length,
      step: {},
      outputs: async () => {
        const expected = matvec_ceiling(wide, values, HIDDEN, lanes)
        const actual = await buffers.read(sums, expected.length)
        return [{ actual, expected, tolerance: TOLERANCE.f32 }]
      },
    })),
    bench,
  )
}

const LOOPS = [
  { lanes: 1, workgroup: 8, rowsPerInvocation: 1, order: 'rows' },
  { lanes: 1, workgroup: 64, rowsPerInvocation: 1, order: 'rows' },
  { lanes: 4, workgroup: 4, rowsPerInvocation: 64, order: 'rows' },
  { lanes: 4, workgroup: 4, rowsPerInvocation: 64, order: 'columns' },
  { lanes: 8, workgroup: 8, rowsPerInvocation: 64, order: 'rows' },
  { lanes: 8, workgroup: 8, rowsPerInvocation: 64, order: 'columns' },
  { lanes: 8, workgroup: 64, rowsPerInvocation: 1, order: 'rows' },
  { lanes: 32, workgroup: 256, rowsPerInvocation: 1, order: 'rows' },
] as const

/**
 * The fastest streaming read of `roundBytes` bytes, or of one binding. Throws `internal` if one
 * miscalculates.
 */
export async function readCeiling(
  buffers: BenchBuffers,
  bench: BenchContext,
  roundBytes: number,
): Promise<CeilingRun> {
  const count = Math.min(roundBytes, buffers.device.capabilities.maxBindingBytes) / 16
  const data = randomMatrix('f32', [1], count * 4, 9).words
  const words = buffers.upload(data)
  const sums = buffers.zeros(count)
  const loops = [
    { VEC4S_PER_INVOCATION: 16, WORKGROUP: 64, CONTIGUOUS: true },
    { VEC4S_PER_INVOCATION: 64, WORKGROUP: 16, CONTIGUOUS: true },
    { VEC4S_PER_INVOCATION: 16, WORKGROUP: 64, CONTIGUOUS: false },
    { VEC4S_PER_INVOCATION: 4, WORKGROUP: 256, CONTIGUOUS: false },
  ]
  return fastestLoop(
    loops.map((loop) => {
      const { VEC4S_PER_INVOCATION, WORKGROUP, CONTIGUOUS } = loop
      const groups = ceilDiv(count, VEC4S_PER_INVOCATION * WORKGROUP)
      return {
        name:
          `${VEC4S_PER_INVOCATION} vec4s ${CONTIGUOUS ? 'contiguous' : 'interleaved'}, ` +
          `workgroups of ${WORKGROUP}`,
        bytes: count * 16,
        flops: 0,
        output: sums,
        dispatches: recordGraph((graph) =>
          graph.dispatch(streamRead, {
            constants: { COUNT: count, ...loop },
            operands: { words, sums },
            grid: [Math.min(groups, 32768), ceilDiv(groups, 32768)],
          }),
        ),
        step: {},
        outputs: async () => {
          const expected = stream_read(data, groups * WORKGROUP, (i) =>
            CONTIGUOUS
              ? Math.floor(i / VEC4S_PER_INVOCATION)
              : Math.floor(i / (VEC4S_PER_INVOCATION * WORKGROUP)) * WORKGROUP + (i % WORKGROUP),
          )
          const actual = new Uint32Array((await buffers.read(sums, expected.length)).buffer)
          return [{ actual, expected, tolerance: TOLERANCE.exact }]
        },
      }
    }),
    bench,
  )
}
