// The tensors of a model as one structure for every stage: checkpoint names, layouts, GPU buffers.
import { assertNever } from '../lib/error.ts'

/** The matrices (M), vectors (V) and expert banks (B) of a model. */
export interface ModelTensors<M, V, B> {
  readonly embedding: M // [vocab, hidden]
  readonly layers: readonly LayerTensors<M, V, B>[]
  readonly norm: V
  readonly head: M | undefined // [vocab, hidden]; undefined: tied to the embedding
}

export interface LayerTensors<M, V, B> {
  readonly attention: AttentionTensors<M, V>
  readonly feedForward: DenseTensors<M, V> | MixtureTensors<M, V, B>
}

export type AttentionTensors<M, V> = LatentTensors<M, V> | GroupedTensors<M, V>

export interface LatentTensors<M, V> {
  readonly kind: 'latent'
  readonly norm: V
  readonly project: M // q_a (or q_proj) stacked on kv_a_proj_with_mqa: both read the same input
  readonly queryNorm: V | undefined // q_a_layernorm
  readonly query: M | undefined // q_b; undefined: queries are projected directly
  readonly latentNorm: V // kv_a_layernorm
  readonly expand: M // kv_b: [heads · (qkNopeDim + vHeadDim), kvLoraRank]
  readonly output: M // o_proj
}

export interface GroupedTensors<M, V> {
  readonly kind: 'grouped'
  readonly norm: V
  readonly project: M // q_proj, k_proj and v_proj, stacked
  readonly bias: V | undefined // their biases, one after the other
  readonly queryNorm: V | undefined // [qkHeadDim], shared by all heads
  readonly keyNorm: V | undefined
  readonly output: M // o_proj
}

export interface DenseTensors<M, V> {
  readonly kind: 'dense'
  readonly norm: V
  readonly up: M // gate_proj stacked on up_proj
  readonly down: M
}

export interface MixtureTensors<M, V, B> {
  readonly kind: 'mixture'
  readonly norm: V
  readonly gate: M // router
  readonly bias: V | undefined // e_score_correction_bias
  readonly up: B // gate_proj stacked on up_proj, for each expert
  readonly down: B
}

/** What a matrix is for. Each role may have its own GPU format; expert banks are one more class. */
export type MatrixRole = 'embedding' | 'head' | 'attention' | 'router' | 'mlp'

/** Conversions of the three kinds of tensors from one stage to the next. */
export interface Stage<M, V, B, M2, V2, B2> {
  matrix(matrix: M, role: MatrixRole): M2
  vector(vector: V): V2
  bank(bank: B): B2
}

/** Converts every tensor to the next stage, in layer order. */
export function mapTensors<M, V, B, M2, V2, B2>(
  model: ModelTensors<M, V, B>,
  stage: Stage<M, V, B, M2, V2, B2>,
): ModelTensors<M2, V2, B2> {
  return {
    embedding: stage.matrix(model.embedding, 'embedding'),
    layers: model.layers.map(({ attention, feedForward }) => ({
      attention: mapAttention(attention, stage),
      feedForward: mapFeedForward(feedForward, stage),
    })),
    norm: stage.vector(model.norm),
    head: model.head === undefined ? undefined : stage.matrix(model.head, 'head'),
  }
}

function mapAttention<M, V, B, M2, V2, B2>(
  tensors: AttentionTensors<M, V>,
  stage: Stage<M, V, B, M2, V2, B2>,
): AttentionTensors<M2, V2> {
  const matrix = (m: M) => stage.matrix(m, 'attention')
  const optional = (v: V | undefined) => (v === undefined ? undefined : stage.vector(v))
  switch (tensors.kind) {
    case 'latent':
      return {
        kind: tensors.kind,
        norm: stage.vector(tensors.norm),
        project: matrix(tensors.project),
        queryNorm: optional(tensors.queryNorm),
        output: matrix(tensors.output),
        query: tensors.query === undefined ? undefined : matrix(tensors.query),
        latentNorm: stage.vector(tensors.latentNorm),
        expand: matrix(tensors.expand),
      }
    case 'grouped':
      return {
        kind: tensors.kind,
        norm: stage.vector(tensors.norm),
        project: matrix(tensors.project),
        queryNorm: optional(tensors.queryNorm),
        output: matrix(tensors.output),
        bias: optional(tensors.bias),
        keyNorm: optional(tensors.keyNorm),
      }
    default:
      return assertNever(tensors, 'attention kind')
  }
}

function mapFeedForward<M, V, B, M2, V2, B2>(
  tensors: LayerTensors<M, V, B>['feedForward'],
  stage: Stage<M, V, B, M2, V2, B2>,
): LayerTensors<M2, V2, B2>['feedForward'] {
  switch (tensors.kind) {
    case 'dense':
      return {
        kind: tensors.kind,
        norm: stage.vector(tensors.norm),
        up: stage.matrix(tensors.up, 'mlp'),
        down: stage.matrix(tensors.down, 'mlp'),
      }
    case 'mixture':
      return {
        kind: tensors.kind,
        norm: stage.vector(tensors.norm),
        gate: stage.matrix(tensors.gate, 'router'),
        bias: tensors.bias === undefined ? undefined : stage.vector(tensors.bias),
        up: stage.bank(tensors.up),
        down: stage.bank(tensors.down),
      }
    default:
      return assertNever(tensors, 'feed-forward kind')
  }
}
