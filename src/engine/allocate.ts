// Answers: how do a model's buffers come to be, before a byte of it is fetched? In the formats asked for, or in the best that the GPU grants.
// It must not know how the buffers are filled.
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

/** Everything a model needs on the GPU; the weights are empty, the pipelines not compiled. */
export interface Allocated {
  readonly quantize: QuantizeChoice
  readonly plan: ModelPlan
  readonly model: EmptyModel
  readonly runtime: Runtime
}

/**
 * Allocates the model. A refusal of the GPU leads from the chunk that tuning found to that of the options, and with 'auto' to the next smaller formats.
 * Throws `out_of_memory` with a hint at the formats that would fit, and as `rate` does.
 */
export async function allocate(
  device: Device,
  pipelines: PipelineCache,
  subject: Subject,
  quantize: QuantizeOption,
  chunk: number | undefined,
): Promise<Allocated> {
  const all = quantize === 'auto' ? rateAll(subject) : []
  const first = chosenOf(subject, all, quantize)
  const quicker = chunk && inChunks(subject, first, chunk)
  const others = smaller(all, first)
  return quicker
    ? allocateOr(device, pipelines, subject, quicker, [first, ...others])
    : allocateOr(device, pipelines, subject, first, others)
}

async function allocateOr(
  device: Device,
  pipelines: PipelineCache,
  subject: Subject,
  rated: Rated,
  others: readonly Rated[],
): Promise<Allocated> {
  try {
    if (fitsIn(rated.atStart.total, subject.memory) === false) throw tooLarge(rated, subject)
    return await device.arena.guard('this model', async () =>
      allocateRated(device, pipelines, subject, rated),
    )
  } catch (error) {
    if (!(error instanceof HadalError) || error.code !== 'out_of_memory') throw error
    const [next, ...rest] = others
    if (next) return allocateOr(device, pipelines, subject, next, rest)
    throw withHint(error, subject, rated)
  }
}

function allocateRated(
  device: Device,
  pipelines: PipelineCache,
  { spec }: Subject,
  { quantize, options, plan }: Rated,
): Allocated {
  const model = allocateModel(device, plan)
  return { quantize, plan, model, runtime: new Runtime(device, pipelines, spec, model.tensors, options) }
}

function tooLarge({ atStart }: Rated, { memory }: Subject): HadalError {
  return new HadalError(
    'out_of_memory',
    `This model takes ${formatBytes(atStart.total)} on the GPU; there are ${formatBytes(memory.atMost)}.`,
  )
}

/** The same error, with what would fit instead. */
function withHint(error: HadalError, subject: Subject, refused: Rated): HadalError {
  const less = best(smaller(rateAll(subject), refused), subject.memory)
  const way = less && `With quantize: '${less.quantize}' it would take ${formatBytes(less.bytes.total)}.`
  const hint = [way, error.hint || 'Choose a smaller context or a smaller model.'].filter(Boolean).join(' ')
  return new HadalError(error.code, error.message, { hint, cause: error })
}
