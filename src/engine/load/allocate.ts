// Allocates every GPU buffer of a model before its weights are fetched.
// If the GPU refuses, it retries with the default prefill chunk and, for 'auto', with smaller formats.
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { HadalError } from '../../lib/error.ts'
import { formatBytes } from '../../lib/format.ts'
import { fitsIn } from '../../lib/memory-range.ts'
import { Runtime } from '../run/runtime.ts'
import type { QuantizeOption } from '../types.ts'
import { type AllocatedWeights, allocateWeights } from './allocate-weights.ts'
import {
  bestEstimate,
  estimateAll,
  type LoadRequest,
  type QuantEstimate,
  selectEstimate,
  smallerEstimates,
  withPrefillChunk,
} from './choose-quantization.ts'
import type { QuantizeChoice } from './quantization.ts'
import type { WeightPlan } from './weight-plan.ts'

/** A model with all its buffers. The weights are still empty and the pipelines not compiled. */
export interface AllocatedModel {
  readonly quantize: QuantizeChoice
  readonly plan: WeightPlan
  readonly weights: AllocatedWeights
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
export async function allocateModel(
  device: Device,
  pipelines: PipelineCache,
  target: LoadRequest,
  { quantize, tunedChunk }: AllocateOptions,
): Promise<AllocatedModel> {
  const all = quantize === 'auto' ? estimateAll(target) : []
  const chosen = selectEstimate(target, all, quantize)
  const faster = tunedChunk && withPrefillChunk(target, chosen, tunedChunk)
  const others = smallerEstimates(all, chosen)
  return allocateFirst(device, pipelines, target, faster ? [faster, chosen, ...others] : [chosen, ...others])
}

/** Allocates the first candidate that the GPU accepts. */
async function allocateFirst(
  device: Device,
  pipelines: PipelineCache,
  target: LoadRequest,
  [candidate, ...others]: readonly [QuantEstimate, ...QuantEstimate[]],
): Promise<AllocatedModel> {
  try {
    if (fitsIn(candidate.initialBytes.total, target.memory) === false) throw tooLarge(candidate, target)
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

async function allocateCandidate(
  device: Device,
  pipelines: PipelineCache,
  { spec }: LoadRequest,
  { quantize, options, plan }: QuantEstimate,
): Promise<AllocatedModel> {
  const weights = await allocateWeights({ device, pipelines }, plan)
  return {
    quantize,
    plan,
    weights,
    runtime: new Runtime(device, pipelines, { spec, tensors: weights.tensors, options }),
  }
}

function tooLarge({ initialBytes }: QuantEstimate, { memory }: LoadRequest): HadalError {
  return new HadalError(
    'out_of_memory',
    `This model needs ${formatBytes(initialBytes.total)} of GPU memory; ` +
      `${formatBytes(memory.maxBytes)} is available.`,
  )
}

/** The same error with a hint at the formats that would fit. */
function withHint(error: HadalError, target: LoadRequest, refused: QuantEstimate): HadalError {
  const fitting = bestEstimate(smallerEstimates(estimateAll(target), refused), target.memory)
  const advice =
    fitting && `With quantize: '${fitting.quantize}' it would take ${formatBytes(fitting.bytes.total)}.`
  const hint = [advice, error.hint || 'Choose a smaller context or a smaller model.']
    .filter(Boolean)
    .join(' ')
  return new HadalError(error.code, error.message, { hint, cause: error })
}
