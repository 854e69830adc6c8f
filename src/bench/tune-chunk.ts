// Answers: in chunks of how many rows is prefill the quickest on this adapter? A layer of each model runs in every chunk in turn, after as many
// tokens. It must not know where the winner is kept.
import { CHUNKS, type Chunk } from '../engine/tuned.ts'
import type { Capabilities } from '../gpu/limits.ts'
import { PLAIN_STEP } from '../kernels/step.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import type { Spread } from '../lib/spread.ts'
import { Scratch } from '../program/scratch.ts'
import { type Bench, Run, timeInTurn } from './kernels/run.ts'
import { layerOf, type Planned, recordPrefill } from './prefill-layer.ts'
import { quickest, REPETITIONS, sharesOf, TIMED, type TuneOptions } from './tune.ts'

const [DEFAULT] = CHUNKS

/**
 * Times are by row. A chunk that one of the models has no room for is left out: in a context, a binding or the memory of the GPU. It wins by the
 * rule that variants win by. Throws `aborted`, `device_lost`.
 */
export async function tuneChunk(
  bench: Bench,
  models: readonly Planned[],
  capabilities: Capabilities,
  { repetitions = REPETITIONS, signal, onDecision }: TuneOptions = {},
): Promise<Chunk> {
  const measured: ReadonlyMap<Chunk, Spread>[] = []
  for (const model of models) {
    throwIfAborted(signal)
    measured.push(await timeChunks(bench, model, capabilities, repetitions))
  }
  const chunks = CHUNKS.filter((chunk) => measured.every((times) => times.has(chunk)))
  if (chunks[0] !== DEFAULT || chunks.length === 1) return DEFAULT
  const shares = sharesOf(measured.map((times) => chunks.flatMap((chunk) => times.get(chunk) ?? [])))
  const variants = shares.map((share, i) => ({ variant: chunks[i] ?? DEFAULT, right: true, ...share }))
  const winner = quickest(DEFAULT, variants)
  onDecision?.({ decision: 'chunk', before: DEFAULT, winner, variants })
  return winner
}

/** Milliseconds of a row in each chunk that there is room for. */
async function timeChunks(
  bench: Bench,
  model: Planned,
  capabilities: Capabilities,
  repetitions: number,
): Promise<ReadonlyMap<Chunk, Spread>> {
  const room = new Scratch(bench.device)
  const runs = new Map<Chunk, Run>()
  try {
    const most = Math.max(...CHUNKS)
    const layer = await granted(bench, async () => layerOf(room, model, capabilities, TIMED.context + most))
    if (!layer) return new Map()
    for (const chunk of CHUNKS) {
      if (chunk > model.options.contextLength) continue
      // On average its rows see as many tokens as those of any other.
      const step = { ...PLAIN_STEP, tokens: chunk, position: TIMED.context - chunk / 2 }
      const run = await granted(bench, () => Run.prepare(bench, recordPrefill(room, layer, step), step))
      if (run) runs.set(chunk, run)
    }
    const times = await timeInTurn([...runs.values()], repetitions)
    return new Map(
      [...runs.keys()].flatMap((chunk, i) => (times[i] ? [[chunk, byRow(times[i], chunk)]] : [])),
    )
  } finally {
    for (const run of runs.values()) run.free()
    room.free()
  }
}

const byRow = ({ ms, low, high, all }: Spread, rows: number): Spread => ({
  ms: ms / rows,
  low: low / rows,
  high: high / rows,
  all: all.map((each) => each / rows),
})

/** Undefined where the device's limits or its memory rule it out; nothing is left of it then. */
async function granted<T>({ device }: Bench, prepare: () => Promise<T>): Promise<T | undefined> {
  try {
    return await device.arena.guard('a step of prefill', prepare)
  } catch (error) {
    if (error instanceof HadalError && ['unsupported', 'out_of_memory'].includes(error.code)) return undefined
    throw error
  }
}
