// Records the graphs of a model's steps: prefill, decode, sampling, log-probabilities.
// The buffers need not exist yet, so planning uses the same graphs.
import type { Capabilities } from '../../gpu/limits.ts'
import { type MatmulPrecision, supportedPrecision } from '../../kernels/linear.ts'
import { adjustLogits, sampleToken, topLogprobs } from '../../kernels/sample.ts'
import { type CacheLayout, cachedLayers } from '../../models/cache-layout.ts'
import { type ForwardModel, forward, type StepOperands } from '../../models/forward.ts'
import type { LayerCache } from '../../models/layer-cache.ts'
import { ceilDiv, type OpContext, type StepMode, WORKGROUP } from '../../models/ops.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { GpuModel } from '../../models/tensors.ts'
import { Graph, type KernelOperand, type Resource } from '../../program/graph.ts'
import type { SpeculativeMode } from '../types.ts'
import type { StateResources } from './state.ts'

export interface RuntimeOptions {
  readonly contextLength: number
  readonly prefillChunk: number // maximum rows of a prefill step
  readonly cache: CacheLayout
  /** Pages of the KV cache that conversations may keep between requests. */
  readonly keptPages: number
  readonly matmulPrecision: MatmulPrecision
  readonly speculative: SpeculativeMode
}

/** The inputs of a model's graphs. */
export interface GraphInputs {
  readonly spec: ModelSpec
  readonly tensors: GpuModel
  readonly state: StateResources
  /** The KV cache pages of a layer. */
  readonly kvPages: (layer: number) => Resource
  readonly capabilities: Capabilities
  readonly options: RuntimeOptions
}

/** Runs at most `prefillChunk` ids of `state.prompt`; the logits of the last id go to `state.logits`. */
export function prefillGraph(inputs: GraphInputs): Graph {
  const graph = new Graph()
  recordStep(graph, inputs, 'prefill', { ids: inputs.state.prompt, ...lastLogits(graph, inputs) })
  return graph
}

/** Runs the id in `state.token` and replaces it by the next, sampled one. */
export function decodeGraph(inputs: GraphInputs): Graph {
  const graph = new Graph()
  recordStep(graph, inputs, 'decode', { ids: inputs.state.token, ...lastLogits(graph, inputs) })
  recordSampling(graph, inputs)
  return graph
}

/** What sampling reads and writes. */
export interface SamplingInputs {
  readonly spec: ModelSpec
  readonly state: Readonly<
    Record<'logits' | 'counts' | 'biases' | 'mask' | 'adjusted' | 'token' | 'result', KernelOperand>
  >
}

/** Samples an id from `state.logits` into `state.token`. */
export function sampleGraph(inputs: SamplingInputs): Graph {
  const graph = new Graph()
  recordSampling(graph, inputs)
  return graph
}

/** Adds log-probabilities to `state.result`. */
export function logprobsGraph({ spec, state }: SamplingInputs): Graph {
  const graph = new Graph()
  graph.dispatch(topLogprobs, {
    constants: { VOCAB: spec.vocabSize },
    operands: { logits: state.logits, result: state.result },
    grid: [1],
  })
  return graph
}

function lastLogits(graph: Graph, { spec, state }: GraphInputs): Omit<StepOperands, 'ids'> {
  return {
    result: 'lastLogits',
    output: graph.activation('logits', [1, spec.vocabSize], { ownBuffer: state.logits }),
  }
}

/**
 * Records a step of at most `prefillChunk` rows, or in decode of one row, or of a batch.
 * @param batch rows of a batch: its page table begins as shaders/shared/row_pages says
 */
export function recordStep(
  graph: Graph,
  inputs: GraphInputs,
  phase: StepMode['phase'],
  operands: StepOperands,
  batch?: number,
): void {
  forward(opContext(graph, inputs, phase, batch), forwardModel(inputs), operands)
}

/** What records such a step into a graph. */
export function opContext(
  graph: Graph,
  { capabilities, options }: GraphInputs,
  phase: StepMode['phase'],
  batch?: number,
): OpContext {
  const matmulPrecision = supportedPrecision(options.matmulPrecision, capabilities)
  const rows = batch ?? (phase === 'decode' ? 1 : options.prefillChunk)
  const mode = { phase, rows, cache: options.cache, matmulPrecision, batch: batch !== undefined }
  return { graph, mode, capabilities }
}

/** The model of the inputs, with a cache for each of its layers. */
export function forwardModel({ spec, tensors, state, kvPages }: GraphInputs): ForwardModel {
  const { pages: pageTable, rotations: rotaryTable, noBias } = state
  const caches = Array.from(
    { length: cachedLayers(spec) },
    (_, layer): LayerCache => ({ kvPages: kvPages(layer), pageTable, rotaryTable }),
  )
  return { spec, tensors, noBias, caches }
}

function recordSampling(graph: Graph, { spec, state }: SamplingInputs): void {
  const VOCAB = spec.vocabSize
  const { logits, counts, biases, mask, adjusted, token, result } = state
  graph.dispatch(adjustLogits, {
    constants: { VOCAB, WORKGROUP },
    operands: { logits, counts, biases, mask, adjusted },
    grid: [ceilDiv(VOCAB, WORKGROUP)],
  })
  graph.dispatch(sampleToken, {
    constants: { VOCAB },
    operands: { adjusted, counts, token, result },
    grid: [1],
  })
}
