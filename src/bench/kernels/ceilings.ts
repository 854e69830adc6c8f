// Roofline ceilings of memory reads: the fastest checked loop over weights of a format, and over plain words.
import { type Format, onlyPart } from '../../gpu/matrix.ts'
import { streamRead, weightCeiling } from '../../kernels/bench.ts'
import { drawNumbers } from '../../lib/draw.ts'
import { relativeError } from '../../lib/relative-error.ts'
import { ceilDiv, matrixConstants, modulesOf } from '../../models/ops.ts'
import { resource } from '../../program/graph.ts'
import { stream_read, weight_ceiling } from '../../reference/bench.ts'
import { type CeilingRun, fastestLoop, recordGraph } from './loops.ts'
import type { BenchBuffers } from './room.ts'
import type { BenchContext } from './run.ts'
import { drawMatrix, readRows } from './stored.ts'

const HIDDEN = 2048
const OUT = 2048

/**
 * The fastest loop over weights of a format; the others are freed. Throws `internal` if one miscalculates.
 */
export async function weightsCeiling(
  buffers: BenchBuffers,
  bench: BenchContext,
  format: Format,
  roundBytes: number,
): Promise<CeilingRun> {
  const stored = drawMatrix(format, [OUT], HIDDEN, 5)
  const matrices = Array.from({ length: Math.ceil(roundBytes / stored.part.bytes) }, () =>
    buffers.matrix(stored),
  )
  const numbers = drawNumbers(16, 1)
  const x = buffers.upload(numbers)
  const sums = buffers.empty(OUT * 32)
  const loops = modulesOf(format).flatMap((weights) =>
    LOOPS.map(({ lanes, workgroup, each, order }) => ({
      name: [
        weights,
        `lanes ${lanes}`,
        each === 1 ? 'a row' : `${each} rows by ${order}`,
        `workgroup ${workgroup}`,
      ].join(', '),
      lanes,
      dispatches: recordGraph((graph) => {
        for (const matrix of matrices) {
          const part = onlyPart(matrix)
          graph.dispatch(weightCeiling, {
            constants: {
              IN: HIDDEN,
              OUT,
              LANES: lanes,
              EACH: each,
              WORKGROUP: workgroup,
              ...matrixConstants(matrix, part),
            },
            imports: { weights, order: `bench/order_${order}` },
            operands: { x, weights: resource(part.buffer), sums },
            grid: [ceilDiv(OUT, (workgroup / lanes) * each)],
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
      check: async () => {
        const expected = weight_ceiling(wide, values, HIDDEN, lanes)
        return relativeError(await buffers.read(sums, expected.length), expected)
      },
    })),
    bench,
  )
}

const LOOPS = [
  { lanes: 1, workgroup: 8, each: 1, order: 'rows' },
  { lanes: 1, workgroup: 64, each: 1, order: 'rows' },
  { lanes: 4, workgroup: 4, each: 64, order: 'rows' },
  { lanes: 4, workgroup: 4, each: 64, order: 'columns' },
  { lanes: 8, workgroup: 8, each: 64, order: 'rows' },
  { lanes: 8, workgroup: 8, each: 64, order: 'columns' },
  { lanes: 8, workgroup: 64, each: 1, order: 'rows' },
  { lanes: 32, workgroup: 256, each: 1, order: 'rows' },
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
  const data = drawMatrix('f32', [1], count * 4, 9).words
  const words = buffers.upload(data)
  const sums = buffers.empty(count)
  const loops = [
    { PER: 16, WORKGROUP: 64, RUNS: true },
    { PER: 64, WORKGROUP: 16, RUNS: true },
    { PER: 16, WORKGROUP: 64, RUNS: false },
    { PER: 4, WORKGROUP: 256, RUNS: false },
  ]
  return fastestLoop(
    loops.map((loop) => {
      const { PER, WORKGROUP, RUNS } = loop
      const groups = ceilDiv(count, PER * WORKGROUP)
      return {
        name: `${PER} vec4s ${RUNS ? 'contiguous' : 'interleaved'}, workgroups of ${WORKGROUP}`,
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
        check: async () => {
          const expected = stream_read(data, groups * WORKGROUP, (i) =>
            RUNS ? Math.floor(i / PER) : Math.floor(i / (PER * WORKGROUP)) * WORKGROUP + (i % WORKGROUP),
          )
          const actual = new Uint32Array((await buffers.read(sums, expected.length)).buffer)
          return expected.every((sum, i) => sum === actual[i]) ? 0 : Number.NaN
        },
      }
    }),
    bench,
  )
}
