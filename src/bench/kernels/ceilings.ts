// Answers: what is the most that this adapter can do with weights of a format, with plain words, with plain products? The best of several
// minimal loops, each proven. It must not know the kernels that are compared with it.
import { type Format, onlyPart } from '../../gpu/matrix.ts'
import { productCeiling, streamRead, weightCeiling } from '../../kernels/bench.ts'
import { HadalError } from '../../lib/error.ts'
import { relativeError } from '../../lib/relative-error.ts'
import { ceilDiv, matrixConstants, modulesOf } from '../../models/ops.ts'
import { Graph, resource } from '../../program/graph.ts'
import { product_ceiling, stream_read, weight_ceiling } from '../../reference/bench.ts'
import { drawNumbers, type Room } from './room.ts'
import { type Bench, Run, timeInTurn } from './run.ts'
import { drawMatrix, readRows } from './stored.ts'

/** One minimal loop, ready to be timed. */
export interface CeilingRun {
  readonly name: string
  readonly run: Run
  readonly bytes: number // of a round
  readonly flops: number
}

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
  const sums = room.empty(OUT * 32 * 4)
  const loops = modulesOf(format).flatMap((weights) =>
    LOOPS.map(({ lanes, workgroup }) => ({
      name: `${weights}, ${lanes} lanes, workgroups of ${workgroup}`,
      lanes,
      graph: recorded((graph) => {
        for (const matrix of matrices) {
          const part = onlyPart(matrix)
          graph.dispatch(weightCeiling, {
            constants: {
              IN: HIDDEN,
              OUT,
              LANES: lanes,
              WORKGROUP: workgroup,
              ...matrixConstants(matrix, part),
            },
            imports: { weights },
            operands: { x, weights: resource(part.buffer), sums },
            grid: [ceilDiv(OUT, workgroup / lanes)],
          })
        }
      }),
    })),
  )
  const values = readRows(stored, 0, OUT)
  const wide = Float64Array.from(numbers)
  const bytes = stored.part.bytes * matrices.length
  return best(
    loops.map(({ name, lanes, graph }) => ({
      name,
      graph,
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
  { lanes: 1, workgroup: 8 },
  { lanes: 1, workgroup: 64 },
  { lanes: 8, workgroup: 64 },
  { lanes: 32, workgroup: 256 },
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
        graph: recorded((graph) =>
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

const PRODUCT_TOKENS = 256
const PROVEN_TOKENS = 8

/** The best product of plain f32 matrices. */
export async function plainProductCeiling(room: Room, bench: Bench): Promise<CeilingRun> {
  const stored = drawMatrix('f32', [OUT], HIDDEN, 5)
  const numbers = drawNumbers(PRODUCT_TOKENS * HIDDEN, 2)
  const operands = {
    x: room.upload(numbers),
    weights: room.upload(stored.words),
    y: room.empty(PRODUCT_TOKENS * OUT),
  }
  const loops = [4, 8].flatMap((rows) => [8, 32].map((workgroup) => ({ ROWS: rows, WORKGROUP: workgroup })))
  return best(
    loops.map((loop) => ({
      name: `${loop.ROWS} × 4, workgroups of ${loop.WORKGROUP}`,
      bytes: stored.part.bytes,
      flops: 2 * PRODUCT_TOKENS * OUT * HIDDEN,
      step: { tokens: PRODUCT_TOKENS },
      graph: recorded((graph) =>
        graph.dispatch(productCeiling, {
          constants: { IN: HIDDEN, OUT, ...loop },
          operands,
          grid: [ceilDiv(OUT, 4 * loop.WORKGROUP), PRODUCT_TOKENS / loop.ROWS],
        }),
      ),
      prove: async () => {
        const x = Float64Array.from(numbers.subarray(0, PROVEN_TOKENS * HIDDEN))
        const wanted = product_ceiling(x, readRows(stored, 0, OUT), HIDDEN)
        return relativeError(await room.read(operands.y, wanted.length), wanted)
      },
    })),
    bench,
  )
}

interface Loop {
  readonly name: string
  readonly graph: Graph
  readonly bytes: number
  readonly flops: number
  prove(): Promise<number>
}

const TRIALS = 3
const TOLERANCE = 1e-5

async function best(loops: readonly Loop[], bench: Bench): Promise<CeilingRun> {
  const made: CeilingRun[] = []
  for (const { name, graph, bytes, flops, prove } of loops) {
    const run = await Run.prepare(bench, graph.dispatches)
    run.once()
    const error = await prove()
    if (!(error <= TOLERANCE))
      throw new HadalError('internal', `The ceiling ${name} computes wrongly: ${error}.`)
    made.push({ name, run, bytes, flops })
  }
  const times = await timeInTurn(
    made.map(({ run }) => run),
    TRIALS,
  )
  const order = made.map((loop, i) => ({ loop, ms: times[i]?.ms ?? Number.POSITIVE_INFINITY }))
  const [first, ...others] = order.sort((a, b) => a.ms - b.ms)
  for (const { loop } of others) loop.run.free()
  if (!first) throw new HadalError('internal', 'No ceiling was given.')
  return first.loop
}

function recorded(body: (graph: Graph) => void): Graph {
  const graph = new Graph()
  body(graph)
  return graph
}
