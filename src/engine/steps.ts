// Records the graphs of a model's steps: prefill, decode, sampling, log-probabilities.
// The buffers need not exist yet, so planning uses the same graphs.
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
import type { Cache } from '../models/cache.ts'

export interface RuntimeOptions {
  readonly contextLength: number
  readonly chunk: number // maximum rows of a prefill step
  readonly cache: CacheForm
  readonly products: Factors
}

/** The inputs of a model's graphs. */
export interface Parts {
  readonly spec: ModelSpec
  readonly tensors: GpuModel
  readonly state: StateResources
  /** The KV cache pages of a layer. */
  readonly records: (layer: number) => Resource
  readonly capabilities: Capabilities
  readonly options: RuntimeOptions
}

/** Runs at most `prefillChunk` ids of `state.prompt`; the logits of the last id go to `state.logits`. */
export function prefillGraph(inputs: Parts): Graph {
  const graph = new Graph()
  record(graph, inputs, 'prefill', { ids: inputs.state.prompt, ...lastLogits(graph, inputs) })
  return graph
}

/** Runs the id in `state.token` and replaces it by the next, sampled one. */
export function decodeGraph(inputs: Parts): Graph {
  const graph = new Graph()
  record(graph, inputs, 'decode', { ids: inputs.state.token, ...lastLogits(graph, inputs) })
  recordSampling(graph, inputs)
  return graph
}

/** Samples an id from `state.logits` into `state.token`. */
export function sampleGraph(inputs: Pick<Parts, 'spec' | 'state'>): Graph {
  const graph = new Graph()
  recordSampling(graph, inputs)
  return graph
}

/** Adds log-probabilities to `state.result`. */
export function logprobsGraph({ spec, state }: Parts): Graph {
  const graph = new Graph()
  graph.dispatch(topLogprobs, {
    constants: { VOCAB: spec.vocab },
    operands: { logits: state.logits, result: state.result },
    grid: [1],
  })
  return graph
}

/** Runs at most `rows` ids and writes the logits of every one, f32 [rows, vocab]. */
export function allLogitsGraph(
  inputs: Parts,
  rows: number,
  { ids, logits }: { readonly ids: Resource; readonly logits: Resource },
): Graph {
  const graph = new Graph()
  const output = graph.activation('all logits', 'f32', rows, inputs.spec.vocab, logits)
  record(graph, inputs, 'prefill', { ids, logits: output, allRows: true })
  return graph
}

function lastLogits(graph: Graph, { spec, state }: Parts): Omit<Ends, 'ids'> {
  return { logits: graph.activation('logits', 'f32', 1, spec.vocab, state.logits), allRows: false }
}

function record(graph: Graph, inputs: Parts, name: Mode['name'], ends: Ends): void {
  const { spec, tensors, state, records, capabilities, options } = inputs
  const { pages, rotations, noBias } = state
  const caches = spec.layers.map((_, layer): Cache => ({ records: records(layer), pages, rotations }))
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
