// Answers: what does a model compute in one step? Every decoder of the family, in the order of the paper; read it to know the whole.
// It must not know buffers, files or how a token is chosen.
import type { Capabilities } from '../gpu/limits.ts'
import type { GpuBank, GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import { present } from '../lib/error.ts'
import type { Activation, Graph, Resource } from '../program/graph.ts'
import type { Cache } from './cache.ts'
import { groupedAttention } from './grouped.ts'
import { latentAttention } from './latent.ts'
import { dense, mixture } from './mixture.ts'
import { embed, linear, type Mode, norm, normedLinear } from './ops.ts'
import type { ModelSpec } from './spec.ts'
import type { ModelTensors } from './tensors.ts'

/** A model on the GPU, with what its steps read beside their activations. */
export interface Model {
  readonly spec: ModelSpec
  readonly tensors: ModelTensors<GpuMatrix, GpuVector, GpuBank>
  readonly caches: readonly Cache[] // one a layer
  readonly noBias: Resource // zeros, for routers without a correction bias
}

/** What a step reads and writes. */
export interface Ends {
  readonly ids: Resource // u32 [tokens]
  /** Where logits go: those of the last row, [1, vocab], or with `allRows` those of every row, [tokens, vocab]. */
  readonly logits: Activation
  readonly allRows: boolean
}

/** Records one step of the model. */
export function forward(
  graph: Graph,
  model: Model,
  mode: Mode,
  capabilities: Capabilities,
  ends: Ends,
): void {
  const { spec, tensors } = model
  const context = { graph, mode, capabilities }
  const x = graph.activation('x', 'f32', mode.rows, spec.hidden)
  embed(context, tensors.embedding, ends.ids, x)
  spec.layers.forEach((layer, index) => {
    const { attention: attends, feedForward } = present(tensors.layers[index], `layer ${index}`)
    const cache = present(model.caches[index], `the cache of layer ${index}`)
    if (attends.kind === 'latent' && spec.attention.kind === 'latent')
      latentAttention(context, spec, spec.attention, attends, cache, x)
    if (attends.kind === 'grouped' && spec.attention.kind === 'grouped')
      groupedAttention(context, spec, spec.attention, attends, cache, x)
    if (feedForward.kind === 'dense') dense(context, spec, feedForward, layer.inner, x)
    else if (layer.kind === 'mixture') mixture(context, spec, layer, feedForward, model.noBias, x)
  })
  const head = tensors.head ?? tensors.embedding
  if (ends.allRows || mode.name === 'decode') {
    normedLinear(context, { weight: tensors.norm, epsilon: spec.epsilon }, head, x, ends.logits)
    return
  }
  const last = graph.activation('last', 'f32', 1, spec.hidden)
  norm(context, tensors.norm, spec.epsilon, x, last, true)
  linear({ ...context, mode: { ...mode, name: 'decode', rows: 1 } }, head, last, ends.logits)
}
