// Answers: what can a model be opened with, and what does that mean for a model of this size?
// It must not know how a model is opened.
import type { DeviceOptions } from '../gpu/device.ts'
import type { ShaderSources } from '../gpu/linker.ts'
import { FACTORS } from '../kernels/linear.ts'
import { optionalInteger, optionalWord } from '../lib/check.ts'
import { HadalError } from '../lib/error.ts'
import type { CacheForm } from '../models/cache-form.ts'
import type { Attention, ModelSpec } from '../models/spec.ts'
import type { ModelWriter } from '../store/writer.ts'
import type { RuntimeOptions } from './steps.ts'
import { CHUNKS, type ReadTuned } from './tuned.ts'
import { type LoadProgress, type ModelOptions, OWN_CACHES } from './types.ts'

export interface EngineOptions extends ModelOptions {
  /** Reads what `tune` found quickest; default: nothing is known. */
  readonly tuned?: ReadTuned
  /** Other shader texts than Hadal's own, by path: for whoever works on kernels. */
  readonly shaders?: ShaderSources
  /** Where WebGPU comes from; default: `navigator.gpu`. */
  readonly gpu?: GPU
  readonly device?: DeviceOptions
  /** Opens what takes the model's files in the form in which they run here; default: nothing is kept. */
  readonly pack?: () => Promise<ModelWriter>
  readonly onProgress?: (progress: LoadProgress) => void
  readonly signal?: AbortSignal
}

/** Tokens that a plan leaves room for when nobody says how many: the cache grows with the chat, and few chats grow longer. */
const PLANNED_CONTEXT = 8192

/** Throws `bad_request`. */
export function runtimeOptions(spec: ModelSpec, options: ModelOptions): RuntimeOptions {
  const contextLength = Math.min(count('contextLength', options) ?? spec.maxPosition, spec.maxPosition)
  const chunk = Math.min(count('chunk', options) ?? CHUNKS[0], contextLength)
  const cache = ownForm(spec.attention, optionalWord('cache', options.cache, OWN_CACHES) ?? 'f16')
  const products = optionalWord('products', options.products, FACTORS) ?? 'f32'
  return { contextLength, chunk, cache, products }
}

const count = (name: 'contextLength' | 'chunk', options: ModelOptions): number | undefined =>
  optionalInteger(name, options[name], 1, Number.POSITIVE_INFINITY)

/** Tokens that a plan is made for. */
export const plannedContext = (spec: ModelSpec, { contextLength }: ModelOptions): number =>
  Math.min(contextLength ?? PLANNED_CONTEXT, spec.maxPosition)

function ownForm({ kind }: Attention, stored: (typeof OWN_CACHES)[number]): CacheForm {
  if (stored !== 'fp8') return { kind, numbers: stored }
  if (kind === 'latent') return { kind: 'latent-fp8', numbers: 'f16' }
  throw new HadalError('bad_request', 'cache: this model has no latents that FP8 could hold.', {
    hint: 'Choose f16 or f32.',
  })
}
