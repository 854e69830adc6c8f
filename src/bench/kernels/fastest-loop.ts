// Chooses the fastest of several loops on this adapter, after checking each one's result.
import { checkDispatches, type DispatchCheck } from '../../engine/check/check.ts'
import { expectDefined } from '../../lib/error.ts'
import { type Dispatch, Graph, type Resource } from '../../program/graph.ts'
import { requirePassed } from './case.ts'
import { type BenchContext, DispatchTimer, timeInterleaved } from './dispatch-timer.ts'

/** A loop to choose from, with the check of one round. */
export interface CandidateLoop extends DispatchCheck {
  readonly name: string
  readonly bytes: number // per round
  readonly flops: number
  /** The result of a round. It is cleared first, since loops with the same result share it. */
  readonly output: Resource
}

/** A checked loop, ready to be timed. */
export interface CeilingRun {
  readonly name: string
  readonly timer: DispatchTimer
  readonly bytes: number // per round
  readonly flops: number
  readonly rate: number // FLOPs (bytes if it has none) per millisecond, measured when it was chosen
}

const TRIALS = 3
/**
 * A loop this many times slower than the fastest at first is not tried again: slow loops would take minutes.
 */
const SKIP_RATIO = 2

/**
 * Checks all loops, times them interleaved, and returns the one with the highest rate; the others are freed.
 * Throws `internal` if a loop miscalculates.
 */
export async function fastestLoop(loops: readonly CandidateLoop[], bench: BenchContext): Promise<CeilingRun> {
  const checked: CheckedLoop[] = []
  for (const loop of loops) checked.push(await checkLoop(loop, bench))
  const rateOf = ({ flops, bytes }: CheckedLoop, ms: number) => (flops || bytes) / ms
  const trials: { loop: CheckedLoop; rate: number }[] = []
  for (const loop of checked) trials.push({ loop, rate: rateOf(loop, await loop.timer.time()) })
  const maxRate = Math.max(...trials.map(({ rate }) => rate))
  const fast = trials.filter(({ rate }) => rate * SKIP_RATIO >= maxRate).map(({ loop }) => loop)
  const times = await timeInterleaved(
    fast.map(({ timer }) => timer),
    TRIALS,
  )
  const rated = fast.map((loop, i) => ({ ...loop, rate: rateOf(loop, times[i]?.ms ?? Number.NaN) }))
  const winner = expectDefined(rated.sort((a, b) => b.rate - a.rate)[0], 'a ceiling')
  for (const { timer } of checked) if (timer !== winner.timer) timer.free()
  return winner
}

type CheckedLoop = Omit<CeilingRun, 'rate'>

async function checkLoop(loop: CandidateLoop, bench: BenchContext): Promise<CheckedLoop> {
  const { name, dispatches, step, bytes, flops, output } = loop
  clearOutput(bench, output)
  requirePassed(`The ceiling ${name}`, await checkDispatches(bench, loop))
  return { name, timer: await DispatchTimer.prepare(bench, dispatches, step), bytes, flops }
}

function clearOutput({ device: { gpu } }: BenchContext, output: Resource): void {
  const encoder = gpu.createCommandEncoder()
  encoder.clearBuffer(output.buffer())
  gpu.queue.submit([encoder.finish()])
}

export function recordGraph(body: (graph: Graph) => void): readonly Dispatch[] {
  const graph = new Graph()
  body(graph)
  return graph.dispatches
}
