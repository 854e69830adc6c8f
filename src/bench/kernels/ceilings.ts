// Answers: how quickly can this adapter read at most: weights of a format, plain words? The best of several minimal loops, each proven.
// It must not know the kernels that are compared with it.
import { type Format, onlyPart } from '../../gpu/matrix.ts'
import { streamRead, weightCeiling } from '../../kernels/bench.ts'
import { drawNumbers } from '../../lib/draw.ts'
import { relativeError } from '../../lib/relative-error.ts'
import { ceilDiv, matrixConstants, modulesOf } from '../../models/ops.ts'
import { resource } from '../../program/graph.ts'
import { stream_read, weight_ceiling } from '../../reference/bench.ts'
import { best, type CeilingRun, recorded } from './loops.ts'
import type { Room } from './room.ts'
import type { Bench } from './run.ts'
import { drawMatrix, readRows } from './stored.ts'

const HIDDEN = 2048
const OUT = 2048

/** The best loop over weights of a format; the others are freed. */
export async function weightsCeiling(
  room: Room,
  bench: Bench,
  format: Format,
  roundBytes: number,
): Promise<CeilingRun> {
  const stored = drawMatrix(format, [OUT], HIDDEN, 5)
  const matrices = Array.from({ length: Math.ceil(roundBytes / stored.part.bytes) }, () =>
    room.matrix(stored),
  )
  const numbers = drawNumbers(16, 1)
  const x = room.upload(numbers)
  const sums = room.empty(OUT * 32)
  const loops = modulesOf(format).flatMap((weights) =>
    LOOPS.map(({ lanes, workgroup, each, order }) => ({
      name: `${weights}, lanes ${lanes}, ${each === 1 ? 'a row' : `${each} rows by ${order}`}, workgroup ${workgroup}`,
      lanes,
      dispatches: recorded((graph) => {
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
  return best(
    loops.map(({ name, lanes, dispatches }) => ({
      name,
      dispatches,
      output: sums,
      bytes,
      flops: 2 * OUT * HIDDEN * matrices.length,
      prove: async () => {
        const wanted = weight_ceiling(wide, values, HIDDEN, lanes)
        return relativeError(await room.read(sums, wanted.length), wanted)
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

/** The best streaming read of `roundBytes` bytes. */
export async function readCeiling(room: Room, bench: Bench, roundBytes: number): Promise<CeilingRun> {
  const count = Math.min(roundBytes, room.device.capabilities.maxBindingBytes) / 16
  const data = drawMatrix('f32', [1], count * 4, 9).words
  const words = room.upload(data)
  const sums = room.empty(count)
  const loops = [
    { PER: 16, WORKGROUP: 64, RUNS: true },
    { PER: 64, WORKGROUP: 16, RUNS: true },
    { PER: 16, WORKGROUP: 64, RUNS: false },
    { PER: 4, WORKGROUP: 256, RUNS: false },
  ]
  return best(
    loops.map((loop) => {
      const { PER, WORKGROUP, RUNS } = loop
      const groups = ceilDiv(count, PER * WORKGROUP)
      return {
        name: `${PER} vec4s ${RUNS ? 'in a run' : 'in turn'}, workgroups of ${WORKGROUP}`,
        bytes: count * 16,
        flops: 0,
        output: sums,
        dispatches: recorded((graph) =>
          graph.dispatch(streamRead, {
            constants: { COUNT: count, ...loop },
            operands: { words, sums },
            grid: [Math.min(groups, 32768), ceilDiv(groups, 32768)],
          }),
        ),
        prove: async () => {
          const wanted = stream_read(data, groups * WORKGROUP, (i) =>
            RUNS ? Math.floor(i / PER) : Math.floor(i / (PER * WORKGROUP)) * WORKGROUP + (i % WORKGROUP),
          )
          const actual = new Uint32Array((await room.read(sums, wanted.length)).buffer)
          return wanted.every((sum, i) => sum === actual[i]) ? 0 : Number.NaN
        },
      }
    }),
    bench,
  )
}
