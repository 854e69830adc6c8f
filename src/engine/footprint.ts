// Computes the GPU bytes of a model by purpose before anything is allocated.
// It records the same graphs and sizes that loading uses, so plan and allocation agree to the byte.
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

/**
 * GPU bytes right after loading, when the KV cache has one page.
 * Throws `unsupported` if the device limits cannot hold the model.
 */
export function footprintOf(
  spec: ModelSpec,
  plan: ModelPlan,
  capabilities: Capabilities,
  options: RuntimeOptions,
): Purposes {
  const { weights, experts, tables } = bytesByPurpose(plan)
  const state = planState(spec, options.contextLength, options.chunk)
  const inputs = plannedInputs(spec, plan, capabilities, options)
  return withTotal({
    weights,
    experts,
    kv_cache: cacheBytes(cacheSizes(spec, options.cache, capabilities), 1),
    activations:
      activationBytes(prefillGraph(inputs), capabilities) +
      activationBytes(decodeGraph(inputs), capabilities),
    state: state.bytes + tables,
    staging: STAGING_BYTES,
  })
}

/** Graph inputs without buffers behind them. */
const plannedInputs = (
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

/** Lists the prefill and decode dispatches of a planned model for given variants. */
export const plannedRecorder =
  (spec: ModelSpec, plan: ModelPlan, capabilities: Capabilities, options: RuntimeOptions): Recorder =>
  (variants) => {
    const inputs = plannedInputs(spec, plan, { ...capabilities, variants }, options)
    return [prefillGraph(inputs), decodeGraph(inputs)].flatMap(({ dispatches }) => dispatches)
  }

/** The same bytes with a KV cache of `tokens` tokens. */
export function withContext(
  atStart: Purposes,
  tokens: number,
  {
    spec,
    capabilities,
    options,
  }: { readonly spec: ModelSpec; readonly capabilities: Capabilities; readonly options: RuntimeOptions },
): Purposes {
  const { total: _, ...purposes } = atStart
  const sizes = cacheSizes(spec, options.cache, capabilities)
  return withTotal({ ...purposes, kv_cache: cacheBytes(sizes, pagesFor(tokens)) })
}

function withTotal(purposes: Omit<Purposes, 'total'>): Purposes {
  return { ...purposes, total: Object.values(purposes).reduce((sum, bytes) => sum + bytes, 0) }
}

function activationBytes(graph: Graph, capabilities: Capabilities): number {
  const { bytes } = planMemory(graph.dispatches, bindableBytes(capabilities))
  return bytes.reduce((sum, size) => sum + allocatedBytes(size), 0)
}

/** The planned tensors as graph operands, without buffers. */
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
