// Answers: what can a model be opened with, and what does that mean for a model of this size?
// It must not know how a model is opened.
import type { DeviceOptions } from '../gpu/device.ts'
import type { ShaderSources } from '../gpu/linker.ts'
import { FACTORS, type Factors } from '../kernels/linear.ts'
import { HadalError } from '../lib/error.ts'
import { type CacheType, ownForm } from '../models/cache-form.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { RuntimeOptions } from './steps.ts'
import { CHUNKS, type ReadTuned } from './tuned.ts'
import type { LoadProgress, QuantizeOption } from './types.ts'

/** What decides how many bytes a model takes. */
export interface ModelOptions {
  /** Tokens of prompt and answer together; default: what the model was made for. */
  readonly contextLength?: number
  /** How the numbers of the KV cache are stored; default f16. */
  readonly cache?: CacheType
  /**
   * How prefill holds the factors of its products; default f32. f16 halves a tile's memory where there is shader-f16, at a relative
   * error of the logits of about 1e-3. i8 rounds inputs to 8 bits, 32 of them under one scale, and multiplies four at once with weights in
   * q8 and q4, where there is `packed_4x8_integer_dot_product`, at an error of about 1e-2.
   */
  readonly products?: Factors
  /** Most prompt tokens of one prefill step; default: what tuning found quickest, where the model fits with it, else 256. */
  readonly chunk?: number
  /**
   * How weights are stored on the GPU; default 'none': as in the file. 'auto' takes the best that fits `memoryBytes` together with
   * the KV cache of `contextLength` tokens, or of 8192 where that is missing, and a smaller one when the GPU refuses it.
   */
  readonly quantize?: QuantizeOption
  /**
   * Memory that the GPU may give to the model. Default: in Chromium estimated from `navigator.deviceMemory` (half of it surely fits,
   * more than all of it does not, unless it says 8 GiB, which means 8 or more); elsewhere unknown.
   */
  readonly memoryBytes?: number
}

export interface EngineOptions extends ModelOptions {
  /** Reads what `tune` found quickest; default: nothing is known. */
  readonly tuned?: ReadTuned
  /** Other shader texts than Hadal's own, by path: for whoever works on kernels. */
  readonly shaders?: ShaderSources
  /** Where WebGPU comes from; default: `navigator.gpu`. */
  readonly gpu?: GPU
  readonly device?: DeviceOptions
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
  const cache = ownForm(spec.attention, options.cache ?? 'f16')
  return { contextLength, chunk, cache, products: checkFactors(options.products ?? 'f32') }
}

/** Tokens that a plan is made for. */
export const plannedContext = (spec: ModelSpec, { contextLength }: ModelOptions): number =>
  Math.min(contextLength ?? PLANNED_CONTEXT, spec.maxPosition)

function checkFactors(products: Factors): Factors {
  if (FACTORS.includes(products)) return products
  throw new HadalError('bad_request', `products must be one of ${FACTORS.join(', ')}; it is "${products}".`)
}

function checkCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return
  throw new HadalError('bad_request', `${name} must be a whole number of at least 1; it is ${value}.`)
}
