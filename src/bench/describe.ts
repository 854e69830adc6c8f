// Describes the environment, the model and its cache layouts in a benchmark result.
import type { Engine } from '../engine/engine.ts'
import { cacheSizes, PAGE_TOKENS } from '../engine/kv-cache.ts'
import type { Runtime } from '../engine/runtime.ts'
import type { Device } from '../gpu/device.ts'
import { VERSION } from '../lib/version.ts'
import { type CacheForm, expandedHeads, recordBytes } from '../models/cache-form.ts'
import type { BenchCache, BenchEnvironment, BenchModel, Check } from './result.ts'

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
    latent: isLatent ? attention.latent : 0,
    rope: attention.rope,
    key: isLatent ? attention.nope + attention.rope : attention.key,
    value: attention.value,
    trainedContext: spec.maxPosition,
    quantize: typeof info.quantize === 'string' ? info.quantize : JSON.stringify(info.quantize),
  }
}

export function describeCache(
  { spec }: Runtime,
  { capabilities }: Device,
  form: CacheForm,
  check: Check,
): BenchCache {
  const { attention, layers } = spec
  const entryBytes = recordBytes(attention, form)
  return {
    cache: form.kind,
    kvHeads: attention.kind === 'latent' ? expandedHeads(attention, form.kind) : attention.kvHeads,
    recordBytes: entryBytes,
    bytesPerToken: layers.length * entryBytes,
    maxContext: cacheSizes(spec, form, capabilities).maxPages * PAGE_TOKENS,
    check,
  }
}
