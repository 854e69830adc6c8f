// Answers: which graphs are the steps of a model? Prefill, decode, sampling and log-probabilities, over buffers that need not exist yet.
// It must not know how graphs are run.
import type { Capabilities } from '../gpu/limits.ts'
import { type Factors, factorsOf } from '../kernels/linear.ts'
import { adjustLogits, sampleToken, topLogprobs } from '../kernels/sample.ts'
import type { CacheForm } from '../models/cache-form.ts'
import { type Ends, forward, type Model } from '../models/forward.ts'
import { ceilDiv, type Mode, WORKGROUP } from '../models/ops.ts'
import type { ModelSpec } from '../models/spec.ts'
import { Graph, type Resource } from '../program/graph.ts'
import type { GpuModel } from './prepare.ts'
import type { StateResources } from './state.ts'

export interface RuntimeOptions {
  readonly contextLength: number
  readonly chunk: number // most rows of a prefill step
  readonly cache: CacheForm
  readonly products: Factors
}

/** What the graphs of a model are made of. */
export interface Parts {
  readonly spec: ModelSpec
  readonly tensors: GpuModel
  readonly state: StateResources
  /** The KV cache of a layer. */
  readonly records: (layer: number) => Resource
  readonly capabilities: Capabilities
  readonly options: RuntimeOptions
}

/** At most `chunk` ids from `state.prompt`; the logits of the last go to `state.logits`. */
export function prefillGraph(parts: Parts): Graph {
  const graph = new Graph()
  record(graph, parts, 'prefill', { ids: parts.state.prompt, ...lastLogits(graph, parts) })
  return graph
}

/** The id in `state.token`, and the one sampled after it in its place. */
export function decodeGraph(parts: Parts): Graph {
  const graph = new Graph()
  record(graph, parts, 'decode', { ids: parts.state.token, ...lastLogits(graph, parts) })
  recordSampling(graph, parts)
  return graph
}

export function sampleGraph(parts: Pick<Parts, 'spec' | 'state'>): Graph {
  const graph = new Graph()
  recordSampling(graph, parts)
  return graph
}

/** Adds log-probabilities to the latest result. */
export function logprobsGraph({ spec, state }: Parts): Graph {
  const graph = new Graph()
  graph.dispatch(topLogprobs, {
    constants: { VOCAB: spec.vocab },
    operands: { logits: state.logits, result: state.result },
    grid: [1],
  })
  return graph
}

/** At most `rows` ids, and the logits of every one. */
export function allLogitsGraph(
  parts: Parts,
  rows: number,
  { ids, logits }: { readonly ids: Resource; readonly logits: Resource },
): Graph {
  const graph = new Graph()
  const home = graph.activation('all logits', 'f32', rows, parts.spec.vocab, logits)
  record(graph, parts, 'prefill', { ids, logits: home, allRows: true })
  return graph
}

function lastLogits(graph: Graph, { spec, state }: Parts): Omit<Ends, 'ids'> {
  return { logits: graph.activation('logits', 'f32', 1, spec.vocab, state.logits), allRows: false }
}

function record(graph: Graph, parts: Parts, name: Mode['name'], ends: Ends): void {
  const { spec, tensors, state, records, capabilities, options } = parts
  const { pages, rotations, noBias } = state
  const caches = spec.layers.map((_, layer) => ({ records: records(layer), pages, rotations }))
  const model: Model = { spec, tensors, noBias, caches }
  const products = factorsOf(options.products, capabilities)
  const rows = name === 'decode' ? 1 : options.chunk
  forward(graph, model, { name, rows, cache: options.cache, products }, capabilities, ends)
}

function recordSampling(graph: Graph, { spec, state }: Pick<Parts, 'spec' | 'state'>): void {
  const VOCAB = spec.vocab
  const { logits, counts, biases, adjusted, token, result } = state
  graph.dispatch(adjustLogits, {
    constants: { VOCAB, WORKGROUP },
    operands: { logits, counts, biases, adjusted },
    grid: [ceilDiv(VOCAB, WORKGROUP)],
  })
  graph.dispatch(sampleToken, {
    constants: { VOCAB },
    operands: { adjusted, counts, token, result },
    grid: [1],
  })
}
