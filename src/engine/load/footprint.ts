// Computes the GPU bytes of a model by purpose before anything is allocated.
// It records the same graphs and sizes that loading uses, so plan and allocation agree to the byte.
import { allocatedBytes } from '../../gpu/arena.ts'
import { bindableBytes, type Capabilities } from '../../gpu/limits.ts'
import { type MatrixLayout, unboundBuffer } from '../../gpu/matrix.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { GpuModel } from '../../models/tensors.ts'
import { mapTensors } from '../../models/tensors.ts'
import { type Graph, resource } from '../../program/graph.ts'
import { planMemory } from '../../program/memory.ts'
import type { StoredMatrix } from '../../weights/stored-matrix.ts'
import type { DispatchRecorder } from '../check/self-test.ts'
import { kvCacheBytes, kvCacheSizes } from '../run/kv-cache.ts'
import { RESULT_STAGING_BYTES } from '../run/runtime.ts'
import { pagesFor } from '../run/session.ts'
import { planState } from '../run/state.ts'
import {
  decodeGraph,
  type GraphInputs,
  logprobsGraph,
  prefillGraph,
  type RuntimeOptions,
} from '../run/step-graphs.ts'
import type { BytesByPurpose } from '../types.ts'
import { needsConversion } from './common-format.ts'
import { type WeightPlan, weightBytesByPurpose } from './weight-plan.ts'

/**
 * GPU bytes right after loading, when the KV cache has one page.
 * Throws `unsupported` if the device limits cannot hold the model.
 */
export function planFootprint(
  spec: ModelSpec,
  plan: WeightPlan,
  capabilities: Capabilities,
  options: RuntimeOptions,
): BytesByPurpose {
  const { weights, experts, tables } = weightBytesByPurpose(plan)
  const state = planState(spec, options.contextLength, options.prefillChunk)
  const inputs = unboundInputs(spec, layoutsOf(plan), capabilities, options)
  return withTotal({
    weights,
    experts,
    kv_cache: kvCacheBytes(kvCacheSizes(spec, options.cache, capabilities), 1),
    activations:
      activationBytes(prefillGraph(inputs), capabilities) +
      activationBytes(decodeGraph(inputs), capabilities),
    state: state.bytes + tables,
    staging: RESULT_STAGING_BYTES,
  })
}

/** Graph inputs without buffers behind them. */
export const unboundInputs = (
  spec: ModelSpec,
  tensors: GpuModel,
  capabilities: Capabilities,
  options: RuntimeOptions,
): GraphInputs => ({
  spec,
  tensors,
  state: planState(spec, options.contextLength, options.prefillChunk).resources,
  kvPages: () => resource(unboundBuffer),
  capabilities,
  options,
})

/** Lists the prefill and decode dispatches of a model for given variants. */
export const stepRecorder =
  (...[spec, tensors, capabilities, options]: Parameters<typeof unboundInputs>): DispatchRecorder =>
  (variants) => {
    const inputs = unboundInputs(spec, tensors, { ...capabilities, variants }, options)
    return [prefillGraph(inputs), decodeGraph(inputs)].flatMap(({ dispatches }) => dispatches)
  }

/** As `stepRecorder`, for a planned model. */
export const plannedRecorder = (
  spec: ModelSpec,
  plan: WeightPlan,
  capabilities: Capabilities,
  options: RuntimeOptions,
): DispatchRecorder => stepRecorder(spec, layoutsOf(plan), capabilities, options)

/** Lists the dispatches that add log-probabilities. */
export const logprobsRecorder =
  (spec: ModelSpec): DispatchRecorder =>
  () =>
    logprobsGraph({ spec, state: planState(spec, 1, 1).resources }).dispatches

/** A conversion from one layout to another. */
export interface Conversion {
  readonly from: MatrixLayout
  readonly into: MatrixLayout
}

/** The conversions of the weights of a plan. */
export function conversionsOf(plan: WeightPlan): Conversion[] {
  const found: Conversion[] = []
  const add = (layout: MatrixLayout, storedMatrices: readonly StoredMatrix[]) => {
    for (const matrix of storedMatrices)
      if (needsConversion(matrix, layout)) found.push({ from: matrix.storedLayout, into: layout })
  }
  mapTensors(plan, {
    matrix: ({ layout, storedMatrices }) => add(layout, storedMatrices),
    vector: () => {},
    bank: ({ slots }) => {
      for (const { layout, storedMatrices } of slots) add(layout, storedMatrices)
    },
  })
  return found
}

/** The same bytes with a KV cache of `tokens` tokens. */
export function footprintWithContext(
  atStart: BytesByPurpose,
  tokens: number,
  {
    spec,
    capabilities,
    options,
  }: { readonly spec: ModelSpec; readonly capabilities: Capabilities; readonly options: RuntimeOptions },
): BytesByPurpose {
  const { total: _, ...purposes } = atStart
  const sizes = kvCacheSizes(spec, options.cache, capabilities)
  return withTotal({ ...purposes, kv_cache: kvCacheBytes(sizes, pagesFor(tokens)) })
}

function withTotal(purposes: Omit<BytesByPurpose, 'total'>): BytesByPurpose {
  return { ...purposes, total: Object.values(purposes).reduce((sum, bytes) => sum + bytes, 0) }
}

function activationBytes(graph: Graph, capabilities: Capabilities): number {
  const { bytes } = planMemory(graph.dispatches, bindableBytes(capabilities))
  return bytes.reduce((sum, size) => sum + allocatedBytes(size), 0)
}

/** The planned tensors as graph operands, without buffers. */
export function layoutsOf(plan: WeightPlan): GpuModel {
  return mapTensors(plan, {
    matrix: ({ layout, parts }) => ({
      ...layout,
      parts: parts.map((part) => ({ ...part, buffer: unboundBuffer })),
    }),
    vector: ({ length }) => ({ buffer: unboundBuffer, length }),
    bank: ({ routed, shared, bankBytes }) => ({
      routed,
      shared,
      banks: bankBytes.map(() => unboundBuffer),
      slots: unboundBuffer,
    }),
  })
}
