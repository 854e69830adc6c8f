// The forward pass of every supported decoder: records the dispatches of one step, layer by layer.
import type { GpuBank, GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import { assertNever, expectDefined, internalError } from '../lib/error.ts'
import type { Activation, Resource } from '../program/graph.ts'
import { gqaAttention } from './gqa.ts'
import type { LayerCache } from './layer-cache.ts'
import { mlaAttention } from './mla.ts'
import { denseMlp } from './mlp.ts'
import { moe } from './moe.ts'
import { embed, linear, type NormParams, norm, normedLinear, type OpContext } from './ops.ts'
import type { ModelSpec } from './spec.ts'
import type { LayerTensors, ModelTensors } from './tensors.ts'

/** A model on the GPU, with the buffers that its steps read besides activations. */
export interface ForwardModel {
  readonly spec: ModelSpec
  readonly tensors: ModelTensors<GpuMatrix, GpuVector, GpuBank>
  readonly caches: readonly LayerCache[] // one per layer
  readonly noBias: Resource // zeros, for routers without a correction bias
}

/** The input and output of a step. */
export interface StepOperands {
  readonly ids: Resource // u32 [tokens]
  /**
   * `lastLogits`: of the last row [1, vocab]; `logits`: of every row [tokens, vocab]; `hidden`: what the head
   * would read, normed, of every row [tokens, hidden].
   */
  readonly result: 'lastLogits' | 'logits' | 'hidden'
  readonly output: Activation
}

/** Records one step of the model. */
export function forward(
  context: OpContext,
  model: ForwardModel,
  { ids, result, output }: StepOperands,
): void {
  const { graph, mode } = context
  const { spec, tensors } = model
  const x = graph.activation('x', [mode.rows, spec.hiddenSize])
  embed(context, { matrix: tensors.embedding, factor: spec.embeddingFactor }, ids, x)
  for (let layer = 0; layer < spec.layers.length; layer++) decoderLayer(context, model, layer, x)
  if (result === 'hidden') norm(context, finalNorm(model), x, output)
  else
    addHead(context, model, x, {
      logits: output,
      lastRow: result === 'lastLogits' && mode.phase !== 'decode',
    })
  // What a draft layer reads. Nothing follows that could take its memory.
  if (!spec.draft) return
  const hidden = graph.activation(HIDDEN, [mode.rows, spec.hiddenSize])
  norm(context, finalNorm(model), x, hidden)
}

/** Name of the activation with the normed hidden states of a step, where a draft layer is loaded. */
export const HIDDEN = 'hidden'

/** x += Attention(RMSNorm(x)), then x += FeedForward(RMSNorm(x)). */
export function decoderLayer(context: OpContext, model: ForwardModel, layer: number, x: Activation): void {
  addAttention(context, model, layer, x)
  addFeedForward(context, model, layer, x)
}

const finalNorm = ({ spec, tensors }: ForwardModel): NormParams => ({
  weight: tensors.finalNorm,
  epsilon: spec.rmsNormEps,
})

/** logits = Head(RMSNorm(x)), of all rows or of the last one. */
function addHead(
  context: OpContext,
  model: ForwardModel,
  x: Activation,
  { logits, lastRow }: { readonly logits: Activation; readonly lastRow: boolean },
): void {
  const { graph, mode } = context
  const { spec, tensors } = model
  const matrix = tensors.lmHead ?? tensors.embedding
  if (!lastRow && spec.logitsFactor === 1) {
    normedLinear(context, { norm: finalNorm(model), matrix }, x, logits)
    return
  }
  const normed = graph.activation('final norm', [lastRow ? 1 : mode.rows, spec.hiddenSize])
  norm(context, { ...finalNorm(model), lastRow, factor: spec.logitsFactor }, x, normed)
  const oneRow: OpContext = { ...context, mode: { ...mode, phase: 'decode', rows: 1 } }
  linear(lastRow ? oneRow : context, { matrix }, normed, logits)
}

type Layer = LayerTensors<GpuMatrix, GpuVector, GpuBank>

/** x += Attention(RMSNorm(x)). */
function addAttention(context: OpContext, model: ForwardModel, layer: number, x: Activation): void {
  const { spec } = model
  const { attention } = spec
  const tensors = layerOf(model, layer).attention
  const cache = expectDefined(model.caches[layer], `the cache of layer ${layer}`)
  switch (attention.kind) {
    case 'latent':
      mlaAttention(context, spec, { mla: attention, tensors: ofKind(tensors, attention.kind), cache }, x)
      break
    case 'grouped':
      gqaAttention(
        context,
        spec,
        {
          attention: attention.unrotatedLayers.has(layer) ? { ...attention, qkRopeDim: 0 } : attention,
          tensors: ofKind(tensors, attention.kind),
          cache,
        },
        x,
      )
      break
    default:
      assertNever(attention, 'attention kind')
  }
}

/** x += FeedForward(RMSNorm(x)). */
function addFeedForward(context: OpContext, model: ForwardModel, index: number, x: Activation): void {
  const { spec } = model
  const layer = expectDefined(spec.layers[index], `layer ${index}`)
  const tensors = layerOf(model, index).feedForward
  switch (layer.kind) {
    case 'dense':
      denseMlp(context, spec, { ...layer, tensors: ofKind(tensors, layer.kind) }, x)
      break
    case 'mixture':
      moe(context, { spec, layer, tensors: ofKind(tensors, layer.kind), noBias: model.noBias }, x)
      break
    default:
      assertNever(layer, 'feed-forward kind')
  }
}

const layerOf = ({ tensors }: ForwardModel, layer: number): Layer =>
  expectDefined(tensors.layers[layer], `the tensors of layer ${layer}`)

/** Narrows the tensors to one kind. Throws `internal` when they are of another kind. */
function ofKind<T extends { readonly kind: string }, K extends T['kind']>(
  tensors: T,
  kind: K,
): Extract<T, { readonly kind: K }> {
  if (!isKind(tensors, kind))
    throw internalError(`Tensors of kind ${tensors.kind} where the model has ${kind}.`)
  return tensors
}

const isKind = <T extends { readonly kind: string }, K extends T['kind']>(
  tensors: T,
  kind: K,
): tensors is Extract<T, { readonly kind: K }> => tensors.kind === kind
