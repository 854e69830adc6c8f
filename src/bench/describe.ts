// Describes the environment, the model and its cache layouts in a benchmark result.
import type { Engine } from '../engine/engine.ts'
import { kvCacheSizes, PAGE_TOKENS } from '../engine/run/kv-cache.ts'
import type { Runtime } from '../engine/run/runtime.ts'
import type { Device } from '../gpu/device.ts'
import { VERSION } from '../lib/version.ts'
import { type CacheLayout, expandedKvHeads, kvEntryBytes } from '../models/cache-layout.ts'
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
  const isLatent = attention.kind === 'latent'
  return {
    name: info.name,
    architecture: info.architecture,
    parameters: info.parameters,
    layers: info.layers,
    heads: attention.heads,
    kvHeads: isLatent ? attention.heads : attention.kvHeads,
    latent: isLatent ? attention.kvLoraRank : 0,
    rope: attention.qkRopeDim,
    key: isLatent ? attention.qkNopeDim + attention.qkRopeDim : attention.qkHeadDim,
    value: attention.vHeadDim,
    trainedContext: spec.maxPositionEmbeddings,
    quantize: typeof info.quantize === 'string' ? info.quantize : JSON.stringify(info.quantize),
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
    kvHeads: attention.kind === 'latent' ? expandedKvHeads(attention, layout.kind) : attention.kvHeads,
    recordBytes: entryBytes,
    bytesPerToken: layers.length * entryBytes,
    maxContext: kvCacheSizes(spec, layout, capabilities).maxPages * PAGE_TOKENS,
    check,
  }
}
