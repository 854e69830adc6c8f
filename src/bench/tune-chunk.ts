// Finds the prefill chunk size that is fastest on an adapter, by timing one layer of each model in every
// size.
import { PREFILL_CHUNKS, type PrefillChunk } from '../engine/load/tuned-variants.ts'
import type { Capabilities } from '../gpu/limits.ts'
import { PLAIN_STEP } from '../kernels/step.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import type { TimingSummary } from '../lib/timing-summary.ts'
import { TempBuffers } from '../program/temp-buffers.ts'
import { type BenchContext, DispatchTimer, timeInterleaved } from './kernels/dispatch-timer.ts'
import { prepareLayer, recordPrefillStep, type TuningModel } from './prefill-layer.ts'
import { fastest, REPETITIONS, relativeTimes, TIMED_STEP, type TuneOptions } from './tune.ts'

const [DEFAULT_CHUNK] = PREFILL_CHUNKS

/**
 * Compares times per row. A chunk size is left out if it exceeds a model's context, a binding or the GPU
 * memory. The winner is decided as for variants (`fastest`). Throws `aborted`, `device_lost`.
 */
export async function tuneChunk(
  bench: BenchContext,
  models: readonly TuningModel[],
  capabilities: Capabilities,
  { repetitions = REPETITIONS, signal, onDecision }: TuneOptions = {},
): Promise<PrefillChunk> {
  const measured: ReadonlyMap<PrefillChunk, TimingSummary>[] = []
  for (const model of models) {
    throwIfAborted(signal)
    measured.push(await timeChunks(bench, model, capabilities, repetitions))
  }
  const chunks = PREFILL_CHUNKS.filter((chunk) => measured.every((times) => times.has(chunk)))
  if (chunks[0] !== DEFAULT_CHUNK || chunks.length === 1) return DEFAULT_CHUNK
  const relative = relativeTimes(measured.map((times) => chunks.flatMap((chunk) => times.get(chunk) ?? [])))
  const variants = relative.map((time, i) => ({ variant: chunks[i] ?? DEFAULT_CHUNK, passed: true, ...time }))
  const winner = fastest(DEFAULT_CHUNK, variants)
  onDecision?.({ decision: 'prefillChunk', before: DEFAULT_CHUNK, winner, variants })
  return winner
}

/** Milliseconds per row in each chunk size that fits. */
async function timeChunks(
  bench: BenchContext,
  model: TuningModel,
  capabilities: Capabilities,
  repetitions: number,
): Promise<ReadonlyMap<PrefillChunk, TimingSummary>> {
  const buffers = new TempBuffers(bench.device)
  const timers = new Map<PrefillChunk, DispatchTimer>()
  try {
    const maxTokens = TIMED_STEP.context + Math.max(...PREFILL_CHUNKS)
    const layer = await unlessRefused(bench, async () =>
      prepareLayer(buffers, model, capabilities, maxTokens),
    )
    if (!layer) return new Map()
    for (const chunk of PREFILL_CHUNKS) {
      if (chunk > model.options.contextLength) continue
      // Centred on the same position, so that the rows of every chunk size see equally many tokens on
      // average.
      const step = { ...PLAIN_STEP, tokens: chunk, position: TIMED_STEP.context - chunk / 2 }
      const timer = await unlessRefused(bench, () =>
        DispatchTimer.prepare(bench, recordPrefillStep(buffers, layer, step), step),
      )
      if (timer) timers.set(chunk, timer)
    }
    const times = await timeInterleaved([...timers.values()], repetitions)
    return new Map(
      [...timers.keys()].flatMap((chunk, i) => (times[i] ? [[chunk, perRow(times[i], chunk)]] : [])),
    )
  } finally {
    for (const timer of timers.values()) timer.free()
    buffers.free()
  }
}

const perRow = ({ ms, low, high, all }: TimingSummary, rows: number): TimingSummary => ({
  ms: ms / rows,
  low: low / rows,
  high: high / rows,
  all: all.map((time) => time / rows),
})

/** The result of `prepare`; undefined if device limits or memory rule it out, with its buffers freed. */
async function unlessRefused<T>({ device }: BenchContext, prepare: () => Promise<T>): Promise<T | undefined> {
  try {
    return await device.arena.guard('a step of prefill', prepare)
  } catch (error) {
    if (error instanceof HadalError && ['unsupported', 'out_of_memory'].includes(error.code)) return undefined
    throw error
  }
}
