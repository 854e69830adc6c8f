// Answers: how many bytes does a model take on the GPU, purpose by purpose? Counted before anything is allocated, by the same graphs and sizes.
// It must not know files or memory that is there.
import { allocatedBytes } from '../gpu/arena.ts'
import { bindableBytes, type Capabilities } from '../gpu/limits.ts'
import { nowhere } from '../gpu/matrix.ts'
import type { ModelSpec } from '../models/spec.ts'
import { mapTensors } from '../models/tensors.ts'
import { type Graph, resource } from '../program/graph.ts'
import { planMemory } from '../program/memory.ts'
import { cacheBytes, cacheSizes } from './kv-cache.ts'
import { bytesByPurpose, type ModelPlan } from './plan.ts'
import type { GpuModel } from './prepare.ts'
import { STAGING_BYTES } from './runtime.ts'
import type { Recorder } from './self-test.ts'
import { pagesFor } from './session.ts'
import { planState } from './state.ts'
import { decodeGraph, type Parts, prefillGraph, type RuntimeOptions } from './steps.ts'
import type { Purposes } from './types.ts'

/** What a model takes when it has been loaded: its KV cache has one page. Throws `unsupported` for what the limits rule out. */
export function footprintOf(
  spec: ModelSpec,
  plan: ModelPlan,
  capabilities: Capabilities,
  options: RuntimeOptions,
): Purposes {
  const { weights, experts, tables } = bytesByPurpose(plan)
  const state = planState(spec, options.contextLength, options.chunk)
  const parts = plannedParts(spec, plan, capabilities, options)
  return summed({
    weights,
    experts,
    kv_cache: cacheBytes(cacheSizes(spec, options.cache, capabilities), 1),
    activations:
      activationBytes(prefillGraph(parts), capabilities) + activationBytes(decodeGraph(parts), capabilities),
    state: state.bytes + tables,
    staging: STAGING_BYTES,
  })
}

/** What a model's graphs are recorded over before there is a buffer. */
const plannedParts = (
  spec: ModelSpec,
  plan: ModelPlan,
  capabilities: Capabilities,
  options: RuntimeOptions,
): Parts => ({
  spec,
  tensors: layoutsOf(plan),
  state: planState(spec, options.contextLength, options.chunk).resources,
  records: () => resource(nowhere),
  capabilities,
  options,
})

/** What such a model dispatches in prefill and decode. */
export const plannedRecorder =
  (spec: ModelSpec, plan: ModelPlan, capabilities: Capabilities, options: RuntimeOptions): Recorder =>
  (variants) => {
    const parts = plannedParts(spec, plan, { ...capabilities, variants }, options)
    return [prefillGraph(parts), decodeGraph(parts)].flatMap(({ dispatches }) => dispatches)
  }

/** The same with a KV cache that holds `tokens` tokens. */
export function withContext(
  atStart: Purposes,
  spec: ModelSpec,
  capabilities: Capabilities,
  options: RuntimeOptions,
  tokens: number,
): Purposes {
  const { total: _, ...purposes } = atStart
  const sizes = cacheSizes(spec, options.cache, capabilities)
  return summed({ ...purposes, kv_cache: cacheBytes(sizes, pagesFor(tokens)) })
}

function summed(purposes: Omit<Purposes, 'total'>): Purposes {
  return { ...purposes, total: Object.values(purposes).reduce((sum, bytes) => sum + bytes, 0) }
}

function activationBytes(graph: Graph, capabilities: Capabilities): number {
  const { bytes } = planMemory(graph.dispatches, bindableBytes(capabilities))
  return bytes.reduce((sum, each) => sum + allocatedBytes(each), 0)
}

/** The planned tensors as a graph wants them, with no buffer behind any. */
function layoutsOf(plan: ModelPlan): GpuModel {
  return mapTensors(plan, {
    matrix: ({ layout, parts }) => ({
      ...layout,
      parts: parts.map((part) => ({ ...part, buffer: nowhere })),
    }),
    vector: ({ length }) => ({ buffer: nowhere, length }),
    bank: ({ routed, shared, bankBytes }) => ({
      routed,
      shared,
      banks: bankBytes.map(() => nowhere),
      slots: nowhere,
    }),
  })
}
