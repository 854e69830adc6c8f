// Answers: what does one layer of a model dispatch in a step of prefill, where there is no room for the model? Its weights are zeros, and of experts
// only as many lie there as a binding holds. It must not know how time is taken.
import { cacheSizes, PAGE_TOKENS } from '../engine/kv-cache.ts'
import type { ModelPlan, PlannedBank } from '../engine/plan.ts'
import type { GpuModel } from '../engine/prepare.ts'
import { planState } from '../engine/state.ts'
import { type Parts, prefillGraph, type RuntimeOptions } from '../engine/steps.ts'
import { type Capabilities, GUARANTEED } from '../gpu/limits.ts'
import { type GpuBank, nowhere } from '../gpu/matrix.ts'
import type { Step } from '../kernels/step.ts'
import { drawNumbers } from '../lib/draw.ts'
import { rotationTable } from '../models/rotary.ts'
import type { ModelSpec } from '../models/spec.ts'
import { mapTensors } from '../models/tensors.ts'
import type { Dispatch, Graph } from '../program/graph.ts'
import type { Scratch } from '../program/scratch.ts'

/** A model as far as tuning knows it: no weight of it is read. */
export interface Planned {
  readonly spec: ModelSpec
  readonly plan: ModelPlan
  readonly options: RuntimeOptions
}

/** The last layer of a model in buffers of its own, with room for `tokens` tokens in its cache: in a mixture of experts, what nearly all layers are. */
export function layerOf(
  room: Scratch,
  { spec, plan, options }: Planned,
  capabilities: Capabilities,
  tokens: number,
): Parts {
  const last = { ...spec, layers: spec.layers.slice(-1) }
  const pages = Math.ceil(tokens / PAGE_TOKENS)
  const records = room.empty((pages * cacheSizes(last, options.cache, capabilities).pageBytes) / 4)
  const state = {
    ...planState(last, tokens, options.chunk).resources,
    pages: room.upload(Uint32Array.from({ length: pages }, (_, page) => page)),
    rotations: room.upload(rotationTable(spec.attention.rotary, tokens)),
    noBias: room.empty(512),
  }
  return { spec: last, tensors: zerosFor(room, plan), state, records: () => records, capabilities, options }
}

function zerosFor(room: Scratch, plan: ModelPlan): GpuModel {
  return mapTensors(
    { ...plan, layers: plan.layers.slice(-1) },
    {
      matrix: ({ layout, parts }, role) => ({
        ...layout,
        parts: parts.map((part) => {
          // What lies before and after the layers is not run.
          const outside = role === 'embedding' || role === 'head'
          return { ...part, buffer: outside ? nowhere : room.empty(part.bytes / 4).buffer }
        }),
      }),
      vector: ({ length }) => ({ buffer: room.empty(Math.ceil(length / 16) * 16).buffer, length }),
      bank: (bank) => bankFor(room, bank),
    },
  )
}

/** Experts in one binding, more than a cache holds; where they do not fit, several are the same. */
function bankFor(room: Scratch, { routed, shared, slots }: PlannedBank): GpuBank {
  const held = Math.max(1, Math.floor(GUARANTEED.maxBindingBytes / routed.bytes))
  const bytes = Math.max(Math.min(held, slots.length) * routed.bytes, shared?.bytes ?? 0)
  // A bank and the first vec4 there; with a shared expert, which is the last, or without.
  const table = Array.from({ length: slots.length + 1 }, (_, slot) => [
    0,
    ((slot % held) * routed.bytes) / 16,
  ])
  if (shared) table[slots.length - 1] = [0, 0]
  return {
    routed,
    shared,
    banks: [room.empty(bytes / 4).buffer],
    slots: room.upload(Uint32Array.from(table.flat())).buffer,
  }
}

/** What is run before and after the layers: on ids, and on the last row alone. */
const ENDS = ['embed', 'linear_decode']

/**
 * What such a layer dispatches in a step, without loops: attention goes over the first block of the cache as often as over all that the step has.
 * Routers get drawn logits, since zeros would send every row to the same experts.
 */
export function recordPrefill(room: Scratch, layer: Parts, step: Readonly<Step>): readonly Dispatch[] {
  const graph = prefillGraph({ ...layer, options: { ...layer.options, chunk: step.tokens } })
  const inner = unrolled(graph, step).filter(({ kernel }) => !ENDS.includes(kernel.name))
  return inner.map((dispatch) => {
    const { logits } = dispatch.operands
    if (dispatch.kernel.name !== 'route' || logits?.kind !== 'activation') return dispatch
    const drawn = room.upload(drawNumbers(logits.rows * logits.stride, logits.rows))
    return { ...dispatch, operands: { ...dispatch.operands, logits: drawn } }
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
