// Records the steps of a draft layer (multi-token prediction; DeepSeek-V3, arXiv 2412.19437, section 2.2).
//
// A row at position i has the normed hidden state of token i and the id of token i + 1, and predicts token
// i + 2. The order [embedding | hidden state] is that of the released weights; equation 21 has the reverse.
import type { GpuBank, GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import { rmsNormPair } from '../kernels/norm.ts'
import { expectDefined } from '../lib/error.ts'
import type { Activation, Resource } from '../program/graph.ts'
import { expandedKvHeads } from './cache-layout.ts'
import { decoderLayer, type ForwardModel } from './forward.ts'
import { writeLatents } from './mla.ts'
import {
  embed,
  linear,
  norm,
  normedLinear,
  type OpContext,
  reduceModule,
  vectorResource,
  WORKGROUP,
} from './ops.ts'
import type { DraftTensors } from './tensors.ts'

/** What the rows of a step are made of. */
export interface DraftRows {
  readonly ids: Resource // u32 [tokens]: the token after each row's
  readonly hidden: Activation // [tokens, hidden]: after the final norm, or the `state` of the row before
}

/** What a draft step writes. */
export interface DraftOutput {
  readonly state: Activation // [tokens, hidden]: after shared_head.norm
  readonly logits: Activation // [tokens, vocab]
}

type Draft = DraftTensors<GpuMatrix, GpuVector, GpuBank>

const draftOf = ({ tensors }: ForwardModel): Draft => expectDefined(tensors.draft, 'a draft layer')

/** Records a step of the draft layer, up to its logits. */
export function draftStep(
  context: OpContext,
  model: ForwardModel,
  rows: DraftRows,
  { state, logits }: DraftOutput,
): void {
  const { spec, tensors } = model
  const x = draftInput(context, model, rows)
  draftLayer(context, model, x)
  norm(context, { weight: draftOf(model).headNorm, epsilon: spec.rmsNormEps }, x, state)
  linear(context, { matrix: tensors.lmHead ?? tensors.embedding }, state, logits)
}

/** Records only what writes the KV entries of the rows, where that is less than the whole layer. */
export function draftEntries(context: OpContext, model: ForwardModel, rows: DraftRows): void {
  const { spec, caches } = model
  const { attention: mla } = spec
  const tensors = draftOf(model).attention
  const x = draftInput(context, model, rows)
  if (
    mla.kind !== 'latent' ||
    tensors.kind !== 'latent' ||
    expandedKvHeads(mla, context.mode.cache.kind) > 0
  ) {
    draftLayer(context, model, x)
    return
  }
  const cache = expectDefined(caches[spec.layers.length], 'the cache of the draft layer')
  const projected = context.graph.activation('projected', [context.mode.rows, tensors.qkvA.rows])
  const inputNorm = { weight: tensors.inputNorm, epsilon: spec.rmsNormEps }
  normedLinear(context, { norm: inputNorm, matrix: tensors.qkvA }, x, projected)
  writeLatents(context, { mla, tensors, cache }, projected)
}

/** x = eh_proj [RMSNorm(embedding) | RMSNorm(hidden)]. */
function draftInput(context: OpContext, model: ForwardModel, { ids, hidden }: DraftRows): Activation {
  const { graph, mode } = context
  const { spec, tensors } = model
  const { embeddingNorm, hiddenNorm, ehProj } = draftOf(model)
  const { hiddenSize } = spec
  const embedding = graph.activation('embedding', [mode.rows, hiddenSize])
  embed(context, { matrix: tensors.embedding, factor: spec.embeddingFactor }, ids, embedding)
  const both = graph.activation('embedding and hidden', [mode.rows, 2 * hiddenSize])
  graph.dispatch(rmsNormPair, {
    constants: { HIDDEN: hiddenSize, EPSILON: spec.rmsNormEps, WORKGROUP },
    imports: { reduce: reduceModule(context) },
    operands: {
      first: embedding,
      first_weight: vectorResource(embeddingNorm),
      second: hidden,
      second_weight: vectorResource(hiddenNorm),
      y: both,
    },
    grid: (step) => [2, step.tokens],
  })
  const x = graph.activation('x', [mode.rows, hiddenSize])
  linear(context, { matrix: ehProj }, both, x)
  return x
}

/** The decoder layer, as the one after the model's last. */
function draftLayer(context: OpContext, model: ForwardModel, x: Activation): void {
  const { spec, tensors } = model
  const layers = [...spec.layers, expectDefined(spec.draft, 'a draft layer')]
  const withDraft: ForwardModel = {
    ...model,
    spec: { ...spec, layers },
    tensors: { ...tensors, layers: [...tensors.layers, draftOf(model)] },
  }
  decoderLayer(context, withDraft, spec.layers.length, x)
}
