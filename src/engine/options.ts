// Answers: what can a model be opened with, and what does that mean for a model of this size?
// It must not know how a model is opened.
import type { DeviceOptions } from '../gpu/device.ts'
import type { ShaderSources } from '../gpu/linker.ts'
import { FACTORS } from '../kernels/linear.ts'
import { HadalError } from '../lib/error.ts'
import type { CacheForm } from '../models/cache-form.ts'
import type { Attention, ModelSpec } from '../models/spec.ts'
import type { ModelWriter } from '../store/writer.ts'
import type { RuntimeOptions } from './steps.ts'
import { CHUNKS, type ReadTuned } from './tuned.ts'
import type { LoadProgress, ModelOptions } from './types.ts'

/** How the cache that a model is loaded with can be stored. */
export const OWN_CACHES = ['f16', 'f32', 'fp8'] as const

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
  const contextLength = Math.min(options.contextLength ?? spec.maxPosition, spec.maxPosition)
  checkCount('contextLength', contextLength)
  const chunk = Math.min(options.chunk ?? CHUNKS[0], contextLength)
  checkCount('chunk', chunk)
  const cache = ownForm(spec.attention, checkWord('cache', options.cache ?? 'f16', OWN_CACHES))
  return { contextLength, chunk, cache, products: checkWord('products', options.products ?? 'f32', FACTORS) }
}

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

function checkWord<W extends string>(name: string, word: W, words: readonly W[]): W {
  if (words.includes(word)) return word
  throw new HadalError('bad_request', `${name} must be one of ${words.join(', ')}; it is "${word}".`)
}

function checkCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return
  throw new HadalError('bad_request', `${name} must be a whole number of at least 1; it is ${value}.`)
}
