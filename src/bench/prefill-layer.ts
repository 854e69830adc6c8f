// Records the prefill dispatches of one model layer on placeholder buffers, so that a model can be tuned that
// does not fit the GPU. Weights are zeros; expert banks hold only as many experts as fit one binding.

import type { PlannedBank, WeightPlan } from '../engine/load/weight-plan.ts'
import { kvCacheSizes, PAGE_TOKENS } from '../engine/run/kv-cache.ts'
import { planState } from '../engine/run/state.ts'
import { type GraphInputs, prefillGraph, type RuntimeOptions } from '../engine/run/step-graphs.ts'
import { type Capabilities, GUARANTEED } from '../gpu/limits.ts'
import { type GpuBank, unboundBuffer } from '../gpu/matrix.ts'
import type { Step } from '../kernels/step.ts'
import { randomNumbers } from '../lib/random.ts'
import { computeRotaryTable } from '../models/rotary.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { GpuModel } from '../models/tensors.ts'
import { mapTensors } from '../models/tensors.ts'
import type { Dispatch, Graph } from '../program/graph.ts'
import type { TempBuffers } from '../program/temp-buffers.ts'

/** The parts of a model that tuning needs; no weights are read. */
export interface TuningModel {
  readonly spec: ModelSpec
  readonly plan: WeightPlan
  readonly options: RuntimeOptions
}

/**
 * The model's last layer in its own buffers, with a KV cache of `tokens` tokens. In a mixture-of-experts
 * model nearly all layers are like it.
 */
export function prepareLayer(
  buffers: TempBuffers,
  { spec, plan, options }: TuningModel,
  capabilities: Capabilities,
  tokens: number,
): GraphInputs {
  const last = { ...spec, layers: spec.layers.slice(-1) }
  const pages = Math.ceil(tokens / PAGE_TOKENS)
  const kvPages = buffers.zeros((pages * kvCacheSizes(last, options.cache, capabilities).pageBytes) / 4)
  const state = {
    ...planState(last, tokens, options.prefillChunk).resources,
    pages: buffers.upload(Uint32Array.from({ length: pages }, (_, page) => page)),
    rotations: buffers.upload(computeRotaryTable(spec.attention.rotary, tokens)),
    noBias: buffers.zeros(512),
  }
  return {
    spec: last,
    tensors: zerosFor(buffers, plan),
    state,
    kvPages: () => kvPages,
    capabilities,
    options,
  }
}

function zerosFor(buffers: TempBuffers, plan: WeightPlan): GpuModel {
  return mapTensors(
    { ...plan, layers: plan.layers.slice(-1) },
    {
      matrix: ({ layout, parts }, role) => ({
        ...layout,
        parts: parts.map((part) => {
          // Embedding and head are not run.
          const isOutside = role === 'embedding' || role === 'head'
          return { ...part, buffer: isOutside ? unboundBuffer : buffers.zeros(part.bytes / 4).buffer }
        }),
      }),
      vector: ({ length }) => ({ buffer: buffers.zeros(Math.ceil(length / 16) * 16).buffer, length }),
      bank: (bank) => bankFor(buffers, bank),
    },
  )
}

/** Experts in one binding, larger than hardware caches; where not all fit, several slots share one expert. */
function bankFor(buffers: TempBuffers, { routed, shared, slots }: PlannedBank): GpuBank {
  const held = Math.max(1, Math.floor(GUARANTEED.maxBindingBytes / routed.bytes))
  const bytes = Math.max(Math.min(held, slots.length) * routed.bytes, shared?.bytes ?? 0)
  // Each slot: bank index and offset in vec4s. The last slot is the shared expert, if there is one.
  const table = Array.from({ length: slots.length + 1 }, (_, slot) => [
    0,
    ((slot % held) * routed.bytes) / 16,
  ])
  if (shared) table[slots.length - 1] = [0, 0]
  return {
    routed,
    shared,
    banks: [buffers.zeros(bytes / 4).buffer],
    slots: buffers.upload(Uint32Array.from(table.flat())).buffer,
  }
}

/** Kernels outside the layers: the embedding, and the head of the last row. */
const OUTSIDE_KERNELS = ['embed', 'linear_decode']

/**
 * The dispatches of the layer in one prefill step, with loops unrolled: attention reads the first cache block
 * as often as the step has blocks. The router gets random logits, since zeros would send all rows to the same
 * experts.
 */
export function recordPrefillStep(
  buffers: TempBuffers,
  layer: GraphInputs,
  step: Readonly<Step>,
): readonly Dispatch[] {
  const graph = prefillGraph({ ...layer, options: { ...layer.options, prefillChunk: step.tokens } })
  const inner = unrolled(graph, step).filter(({ kernel }) => !OUTSIDE_KERNELS.includes(kernel.name))
  return inner.map((dispatch) => {
    const { logits } = dispatch.operands
    if (dispatch.kernel.name !== 'route' || logits?.kind !== 'activation') return dispatch
    const randomLogits = buffers.upload(randomNumbers(logits.rows * logits.stride, logits.rows))
    return { ...dispatch, operands: { ...dispatch.operands, logits: randomLogits } }
  })
}

function unrolled({ dispatches, loops }: Graph, step: Readonly<Step>): Dispatch[] {
  return dispatches.flatMap((dispatch, at) => {
    if (dispatch.loop === 0) return dispatch
    if (dispatches[at - 1]?.loop === dispatch.loop) return []
    const body = dispatches.filter(({ loop }) => loop === dispatch.loop)
    return Array.from({ length: loops[dispatch.loop - 1]?.(step) ?? 0 }, () => body).flat()
  })
}
