// Options of loading an engine, and the runtime options they resolve to for a model.
import type { DeviceOptions } from '../gpu/device.ts'
import type { ShaderSources } from '../gpu/linker.ts'
import { MATMUL_PRECISIONS } from '../kernels/linear.ts'
import { optionalEnum, optionalInteger } from '../lib/check.ts'
import { assertNever, HadalError } from '../lib/error.ts'
import type { CacheLayout } from '../models/cache-layout.ts'
import type { Attention, ModelSpec } from '../models/spec.ts'
import type { ModelWriter } from '../store/writer.ts'
import { PREFILL_CHUNKS, type ReadTuned } from './load/tuned-variants.ts'
import type { RuntimeOptions } from './run/step-graphs.ts'
import { KV_CACHE_DTYPES, type LoadProgress, type ModelOptions } from './types.ts'

export interface EngineOptions extends ModelOptions {
  /** Reads the stored tuning results; by default there are none. */
  readonly tuned?: ReadTuned
  /** Replacements for Hadal's own shader texts, by path; for kernel development. */
  readonly shaders?: ShaderSources
  /** The WebGPU entry point; default `navigator.gpu`. */
  readonly gpu?: GPU
  readonly device?: DeviceOptions
  /** Opens a writer that stores the model in the formats it runs in; by default nothing is stored. */
  readonly pack?: () => Promise<ModelWriter>
  readonly onProgress?: (progress: LoadProgress) => void
  readonly signal?: AbortSignal
}

/** Context length of a plan when none is given. The cache grows with the chat, and few chats grow longer. */
const PLANNED_CONTEXT = 8192

/** Resolves the options for a model. Throws `bad_request` for invalid values. */
export function runtimeOptions(spec: ModelSpec, options: ModelOptions): RuntimeOptions {
  const contextLength = Math.min(
    count('contextLength', options.contextLength) ?? spec.maxPositionEmbeddings,
    spec.maxPositionEmbeddings,
  )
  const prefillChunk = Math.min(
    count('prefillChunk', options.prefillChunk) ?? PREFILL_CHUNKS[0],
    contextLength,
  )
  const cache = cacheLayout(spec.attention, optionalEnum('cache', options.cache, KV_CACHE_DTYPES) ?? 'f16')
  const matmulPrecision = optionalEnum('matmulPrecision', options.matmulPrecision, MATMUL_PRECISIONS) ?? 'f32'
  return { contextLength, prefillChunk, cache, matmulPrecision }
}

const count = (field: string, value: number | undefined): number | undefined =>
  optionalInteger(field, value, 1, Number.POSITIVE_INFINITY)

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
