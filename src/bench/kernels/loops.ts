// Answers: which of several proven loops is the quickest on this adapter? It must not know what they read or multiply.
import { HadalError } from '../../lib/error.ts'
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
}

const TRIALS = 3

/** Proves every loop and times all in turn; the one that multiplies, or else reads, the most in a second first. Throws `internal` when one computes wrongly. */
export async function rank(loops: readonly Loop[], bench: Bench): Promise<readonly CeilingRun[]> {
  const made: CeilingRun[] = []
  for (const { name, dispatches, bytes, flops, tokens = 1, output, ...rest } of loops) {
    const run = await Run.prepare(bench, dispatches, { tokens })
    empty(bench, output)
    run.once()
    const error = await rest.prove()
    if (!(error <= (rest.tolerance ?? TOLERANCE.f32)))
      throw new HadalError('internal', `The ceiling ${name} computes wrongly on this adapter: ${error}.`, {
        hint: 'Please report this with the name of the adapter and its driver.',
      })
    made.push({ name, run, bytes, flops })
  }
  const times = await timeInTurn(
    made.map(({ run }) => run),
    TRIALS,
  )
  return made
    .map((loop, i) => ({
      loop,
      rate: (loop.flops || loop.bytes) / (times[i]?.ms ?? Number.POSITIVE_INFINITY),
    }))
    .sort((a, b) => b.rate - a.rate)
    .map(({ loop }) => loop)
}

function empty({ device: { gpu } }: Bench, output: Resource): void {
  const encoder = gpu.createCommandEncoder()
  encoder.clearBuffer(output.buffer())
  gpu.queue.submit([encoder.finish()])
}

/** The best of them; the others are freed. */
export async function best(loops: readonly Loop[], bench: Bench): Promise<CeilingRun> {
  const [first, ...others] = await rank(loops, bench)
  for (const { run } of others) run.free()
  if (!first) throw new HadalError('internal', 'No ceiling was given.')
  return first
}

export function recorded(body: (graph: Graph) => void): readonly Dispatch[] {
  const graph = new Graph()
  body(graph)
  return graph.dispatches
}
