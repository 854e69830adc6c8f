// Speculative decoding of one answer: tokens are drafted, and checked several in one step. Loaded on demand.
import { HadalError } from '../../lib/error.ts'
import { HIDDEN } from '../../models/forward.ts'
import { Batch } from './batch.ts'
import type { Decoder, DecodeSteps } from './decoder.ts'
import { DraftLayer } from './draft-layer.ts'
import { DraftMeter } from './draft-meter.ts'
import { type Runtime, STEPS_IN_FLIGHT } from './runtime.ts'
import { type DraftCounts, SpeculativeDecoder } from './speculative-decoder.ts'
import type { GenerateTask } from './task.ts'

/**
 * Drafts of a step. Draft layers are trained for one token; what follows it is right less often, and on a
 * software adapter more drafts were no faster (docs/guides/drafts.md). Lookups cost nothing.
 */
const DRAFTS = { mtp: 1, lookup: 3 } as const

/** What drafts and checks the tokens of an answer. */
export interface Speculation {
  readonly drafts: DraftCounts
  /** Takes note of prompt ids that were prefilled: `count` of them from `position` on. */
  readonly follow: (position: number, count: number) => void
  /** A decoder that goes on after `task.resume`. */
  decoder(task: GenerateTask): Decoder
  /** Frees its memory. Everything that was submitted must be done. */
  close(): void
}

const meters = new WeakMap<Runtime, DraftMeter>()

/**
 * Opens what drafts the tokens of an answer. Undefined where answers are decoded one token at a time: held to
 * a format, with penalties (which count the tokens before each), with reports of experts, and where the GPU
 * has no memory for it.
 * @param limit most drafts of a step
 */
export async function openSpeculation(
  steps: DecodeSteps,
  task: GenerateTask,
  limit?: number,
): Promise<Speculation | undefined> {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = task.sampling
  const isCounted = repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0
  if (isCounted || task.constraint || task.experts) return undefined
  const { runtime } = steps
  const { speculative } = runtime.options
  const usesLayer = runtime.spec.draft !== undefined && speculative !== 'lookup'
  const most = limit ?? DRAFTS[usesLayer ? 'mtp' : 'lookup']
  // A budget counts on no more tokens being sampled ahead.
  const count = task.budget ? Math.min(most, STEPS_IN_FLIGHT - 1) : most
  const opened: { close(): void }[] = []
  const close = () => {
    for (const part of opened.splice(0)) part.close()
  }
  try {
    const batch = await Batch.open(runtime, { rows: count + 1, logprobs: task.logprobs !== undefined })
    opened.push(batch)
    const layer = usesLayer ? await DraftLayer.open(runtime) : undefined
    if (layer) opened.push(layer)
    const meter = speculative === 'auto' ? meterOf(runtime) : undefined
    const hidden = runtime.ownPrograms.programs.prefill.bufferOf(HIDDEN)
    const drafts = { proposed: 0, accepted: 0 }
    let prefilled = 0 // rows of the latest chunk
    return {
      drafts,
      follow(position, rows) {
        prefilled = rows
        const ids = task.prompt.slice(position + 1, position + 1 + rows)
        if (layer && hidden) layer.writeEntries({ buffer: hidden, first: 0 }, ids, position)
      },
      decoder(task) {
        const last = task.resume.length === 0 && prefilled > 0 && hidden
        const seen = last ? { buffer: last, first: prefilled - 1 } : undefined
        return new SpeculativeDecoder(steps, task, { batch, layer, meter, drafts, count, hidden: seen })
      },
      close,
    }
  } catch (error) {
    close()
    if (error instanceof HadalError && error.code === 'out_of_memory') return undefined
    throw error
  }
}

function meterOf(runtime: Runtime): DraftMeter {
  const meter = meters.get(runtime) ?? new DraftMeter()
  meters.set(runtime, meter)
  return meter
}
