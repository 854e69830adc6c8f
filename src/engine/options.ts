// Options of loading an engine, and the runtime options they resolve to for a model.
import type { DeviceOptions } from '../gpu/device.ts'
import type { ShaderSources } from '../gpu/linker.ts'
import { MATMUL_PRECISIONS } from '../kernels/linear.ts'
import { oneOf, readFields, requestFields, wholeNumber } from '../lib/check.ts'
import { assertNever, HadalError } from '../lib/error.ts'
import { type CacheLayout, kvBytesPerToken } from '../models/cache-layout.ts'
import type { Attention, ModelSpec } from '../models/spec.ts'
import type { ModelWriter } from '../store/writer.ts'
import { PREFILL_CHUNKS, type ReadTuned } from './load/tuned-variants.ts'
import { PAGE_TOKENS } from './run/kv-cache.ts'
import { pagesFor } from './run/session.ts'
import type { RuntimeOptions } from './run/step-graphs.ts'
import { KV_CACHE_DTYPES, type ModelOptions, type PhaseProgress, SPECULATIVE } from './types.ts'

export interface EngineOptions extends ModelOptions {
  /** Reads the stored tuning results; by default there are none. */
  readonly tuned?: ReadTuned
  /** Replacements for Hadal's own shader texts, by path; for kernel development. */
  readonly shaders?: ShaderSources
  /** The WebGPU entry point; default `navigator.gpu`. */
  readonly gpu?: GPU
  readonly device?: DeviceOptions
  /**
   * A device of the application, which stays open when the model is unloaded. By default the engine opens one
   * of its own, with all features and limits that it can use.
   */
  readonly gpuDevice?: GPUDevice
  /** Opens a writer that stores the model in the formats it runs in; by default nothing is stored. */
  readonly pack?: () => Promise<ModelWriter>
  readonly onProgress?: (progress: PhaseProgress) => void
  readonly signal?: AbortSignal
}

/** Context length of a plan when none is given. The cache grows with the chat, and few chats grow longer. */
export const PLANNED_CONTEXT = 8192

const anyCount = wholeNumber(1, Number.POSITIVE_INFINITY)
const READERS = {
  contextLength: anyCount,
  prefillChunk: anyCount,
  cache: oneOf(KV_CACHE_DTYPES),
  matmulPrecision: oneOf(MATMUL_PRECISIONS),
  kvCacheBytes: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  speculative: oneOf(SPECULATIVE),
}

/** Resolves the options for a model. Throws `bad_request` for invalid values. */
export function runtimeOptions(spec: ModelSpec, options: ModelOptions): RuntimeOptions {
  const given = readFields(requestFields(options), READERS)
  const { maxPositionEmbeddings } = spec
  const contextLength = Math.min(given.contextLength ?? maxPositionEmbeddings, maxPositionEmbeddings)
  const cache = cacheLayout(spec.attention, given.cache ?? 'f16')
  const { kvCacheBytes } = given
  return {
    contextLength,
    prefillChunk: Math.min(given.prefillChunk ?? PREFILL_CHUNKS[0], contextLength),
    cache,
    keptPages:
      kvCacheBytes === undefined
        ? pagesFor(Math.min(contextLength, PLANNED_CONTEXT))
        : Math.floor(kvCacheBytes / (PAGE_TOKENS * kvBytesPerToken(spec, cache).kept)),
    matmulPrecision: given.matmulPrecision ?? 'f32',
    speculative: given.speculative ?? 'off',
  }
}

/** Context length that a plan assumes. */
export const plannedContextLength = (spec: ModelSpec, { contextLength }: ModelOptions): number =>
  Math.min(contextLength ?? PLANNED_CONTEXT, spec.maxPositionEmbeddings)

function cacheLayout({ kind }: Attention, dtype: (typeof KV_CACHE_DTYPES)[number]): CacheLayout {
  if (dtype !== 'fp8') return { kind, kvDtype: dtype }
  switch (kind) {
    case 'latent':
      return { kind: 'latent-fp8', kvDtype: 'f16' }
    case 'grouped':
      throw new HadalError('bad_request', '`cache`: this model has no MLA latents to store in FP8.', {
        hint: 'Choose f16 or f32.',
      })
    default:
      return assertNever(kind, 'attention kind')
  }
}
