// Answers: which of several proven loops is the quickest on this adapter? It must not know what they read or multiply.
import { HadalError, present } from '../../lib/error.ts'
import { type Dispatch, Graph, type Resource } from '../../program/graph.ts'
import { TOLERANCE } from './case.ts'
import { type Bench, Run, timeInTurn } from './run.ts'

/** A loop that may turn out to be the best. */
export interface Loop {
  readonly name: string
  readonly dispatches: readonly Dispatch[]
  readonly bytes: number // of a round
  readonly flops: number
  readonly tokens?: number // rows of the step
  /** Where a round leaves its result; emptied first, since loops that do the same write to the same place. */
  readonly output: Resource
  /** The relative error of what a round has left. */
  prove(): Promise<number>
  readonly tolerance?: number // of it; that of f32 sums unless given
}

/** One loop, ready to be timed. */
export interface CeilingRun {
  readonly name: string
  readonly run: Run
  readonly bytes: number // of a round
  readonly flops: number
  readonly rate: number // FLOPs, or else bytes, in a millisecond, when it was chosen
}

const TRIALS = 3
/** A loop that is this many times slower than another at first is not tried again: trials of slow loops take minutes. */
const HOPELESS = 2

/**
 * Proves every loop and times them in turn: the one that multiplies, or else reads, the most in a second; the others are freed.
 * Throws `internal` when one computes wrongly.
 */
export async function best(loops: readonly Loop[], bench: Bench): Promise<CeilingRun> {
  const made: Proven[] = []
  for (const loop of loops) made.push(await proven(loop, bench))
  const rate = ({ flops, bytes }: Proven, ms: number) => (flops || bytes) / ms
  const first: { loop: Proven; rate: number }[] = []
  for (const loop of made) first.push({ loop, rate: rate(loop, await loop.run.time()) })
  const most = Math.max(...first.map((each) => each.rate))
  const tried = first.filter((each) => each.rate * HOPELESS >= most).map(({ loop }) => loop)
  const times = await timeInTurn(
    tried.map(({ run }) => run),
    TRIALS,
  )
  const rated = tried.map((loop, i) => ({ ...loop, rate: rate(loop, times[i]?.ms ?? Number.NaN) }))
  const winner = present(rated.sort((a, b) => b.rate - a.rate)[0], 'a ceiling')
  for (const { run } of made) if (run !== winner.run) run.free()
  return winner
}

type Proven = Omit<CeilingRun, 'rate'>

async function proven(loop: Loop, bench: Bench): Promise<Proven> {
  const { name, dispatches, bytes, flops, tokens = 1, tolerance = TOLERANCE.f32 } = loop
  const run = await Run.prepare(bench, dispatches, { tokens })
  empty(bench, loop.output)
  run.once()
  const error = await loop.prove()
  if (!(error <= tolerance))
    throw new HadalError('internal', `The ceiling ${name} computes wrongly on this adapter: ${error}.`, {
      hint: 'Please report this with the name of the adapter and its driver.',
    })
  return { name, run, bytes, flops }
}

function empty({ device: { gpu } }: Bench, output: Resource): void {
  const encoder = gpu.createCommandEncoder()
  encoder.clearBuffer(output.buffer())
  gpu.queue.submit([encoder.finish()])
}

export function recorded(body: (graph: Graph) => void): readonly Dispatch[] {
  const graph = new Graph()
  body(graph)
  return graph.dispatches
}
