// Describes the environment, the model and its cache layouts in a benchmark result.
import type { Engine } from '../engine/engine.ts'
import { kvCacheSizes, PAGE_TOKENS } from '../engine/run/kv-cache.ts'
import type { Runtime } from '../engine/run/runtime.ts'
import type { Device } from '../gpu/device.ts'
import { assertNever } from '../lib/error.ts'
import { VERSION } from '../lib/version.ts'
import { type CacheKind, type CacheLayout, expandedKvHeads, kvEntryBytes } from '../models/cache-layout.ts'
import type { Attention } from '../models/spec.ts'
import type { BenchCache, BenchEnvironment, BenchModel, CacheCheck } from './result.ts'

const SHOWN_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const

export function describeEnvironment({ gpu, adapter, capabilities }: Device): BenchEnvironment {
  return {
    hadal: VERSION,
    host: globalThis.navigator?.userAgent ?? 'Node.js',
    adapter,
    software: capabilities.software,
    features: [...gpu.features].sort(),
    limits: Object.fromEntries(SHOWN_LIMITS.map((name) => [name, gpu.limits[name]])),
  }
}

export function describeBenchModel({ info }: Engine, { spec }: Runtime): BenchModel {
  const { attention } = spec
  const { kvHeads, latent, key } = widthsOf(attention)
  return {
    name: info.name,
    architecture: info.architecture,
    parameters: info.parameters,
    layers: info.layers,
    heads: attention.heads,
    kvHeads,
    latent,
    rope: attention.qkRopeDim,
    key,
    value: attention.vHeadDim,
    trainedContext: spec.maxPositionEmbeddings,
    quantize: typeof info.quantize === 'string' ? info.quantize : JSON.stringify(info.quantize),
  }
}

function widthsOf(attention: Attention): Pick<BenchModel, 'kvHeads' | 'latent' | 'key'> {
  switch (attention.kind) {
    case 'latent': {
      const { heads, kvLoraRank, qkNopeDim, qkRopeDim } = attention
      return { kvHeads: heads, latent: kvLoraRank, key: qkNopeDim + qkRopeDim }
    }
    case 'grouped':
      return { kvHeads: attention.kvHeads, latent: 0, key: attention.qkHeadDim }
    default:
      return assertNever(attention, 'attention kind')
  }
}

/** Heads whose keys and values are cached; 0 where latents are. */
function cachedKvHeads(attention: Attention, kind: CacheKind): number {
  switch (attention.kind) {
    case 'latent':
      return expandedKvHeads(attention, kind)
    case 'grouped':
      return attention.kvHeads
    default:
      return assertNever(attention, 'attention kind')
  }
}

export function describeCache(
  { spec }: Runtime,
  { capabilities }: Device,
  layout: CacheLayout,
  check: CacheCheck,
): BenchCache {
  const { attention, layers } = spec
  const entryBytes = kvEntryBytes(attention, layout)
  return {
    cache: layout.kind,
    kvHeads: cachedKvHeads(attention, layout.kind),
    recordBytes: entryBytes,
    bytesPerToken: layers.length * entryBytes,
    maxContext: kvCacheSizes(spec, layout, capabilities).maxPages * PAGE_TOKENS,
    check,
  }
}
