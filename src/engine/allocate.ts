// Allocates every GPU buffer of a model before its weights are fetched.
// If the GPU refuses, it retries with the default prefill chunk and, for 'auto', with smaller formats.
import type { Device } from '../gpu/device.ts'
import type { PipelineCache } from '../gpu/kernel.ts'
import { formatBytes } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { best, chosenOf, inChunks, type Rated, rateAll, type Subject, smaller } from './choices.ts'
import { fitsIn } from './memory-range.ts'
import type { ModelPlan } from './plan.ts'
import { allocateModel, type EmptyModel } from './prepare.ts'
import type { QuantizeChoice } from './quantize.ts'
import { Runtime } from './runtime.ts'
import type { QuantizeOption } from './types.ts'

/** A model with all its buffers. The weights are still empty and the pipelines not compiled. */
export interface Allocated {
  readonly quantize: QuantizeChoice
  readonly plan: ModelPlan
  readonly model: EmptyModel
  readonly runtime: Runtime
}

export interface AllocateOptions {
  readonly quantize: QuantizeOption
  /** The prefill chunk that tuning found fastest; undefined when the user chose one or nothing was tuned. */
  readonly tunedChunk: number | undefined
}

/**
 * Allocates the model. If the GPU refuses, it tries the prefill chunk of the options instead of the tuned
 * one, then, for quantize 'auto', the next smaller formats. Throws `out_of_memory` with a hint at the formats
 * that would fit, and whatever `estimateQuantization` throws.
 */
export async function allocate(
  device: Device,
  pipelines: PipelineCache,
  target: Subject,
  { quantize, tunedChunk }: AllocateOptions,
): Promise<Allocated> {
  const all = quantize === 'auto' ? rateAll(target) : []
  const chosen = chosenOf(target, all, quantize)
  const faster = tunedChunk && inChunks(target, chosen, tunedChunk)
  const others = smaller(all, chosen)
  return allocateFirst(device, pipelines, target, faster ? [faster, chosen, ...others] : [chosen, ...others])
}

/** Allocates the first candidate that the GPU accepts. */
async function allocateFirst(
  device: Device,
  pipelines: PipelineCache,
  target: Subject,
  [candidate, ...others]: readonly [Rated, ...Rated[]],
): Promise<Allocated> {
  try {
    if (fitsIn(candidate.atStart.total, target.memory) === false) throw tooLarge(candidate, target)
    return await device.arena.guard('this model', async () =>
      allocateCandidate(device, pipelines, target, candidate),
    )
  } catch (error) {
    if (!(error instanceof HadalError) || error.code !== 'out_of_memory') throw error
    const [next, ...rest] = others
    if (next) return allocateFirst(device, pipelines, target, [next, ...rest])
    throw withHint(error, target, candidate)
  }
}

function allocateCandidate(
  device: Device,
  pipelines: PipelineCache,
  { spec }: Subject,
  { quantize, options, plan }: Rated,
): Allocated {
  const model = allocateModel(device, plan)
  return {
    quantize,
    plan,
    model,
    runtime: new Runtime(device, pipelines, { spec, tensors: model.tensors, options }),
  }
}

function tooLarge({ atStart }: Rated, { memory }: Subject): HadalError {
  return new HadalError(
    'out_of_memory',
    `This model needs ${formatBytes(atStart.total)} of GPU memory; ` +
      `${formatBytes(memory.atMost)} is available.`,
  )
}

/** The same error with a hint at the formats that would fit. */
function withHint(error: HadalError, target: Subject, refused: Rated): HadalError {
  const fitting = best(smaller(rateAll(target), refused), target.memory)
  const advice =
    fitting && `With quantize: '${fitting.quantize}' it would take ${formatBytes(fitting.bytes.total)}.`
  const hint = [advice, error.hint || 'Choose a smaller context or a smaller model.']
    .filter(Boolean)
    .join(' ')
  return new HadalError(error.code, error.message, { hint, cause: error })
}
