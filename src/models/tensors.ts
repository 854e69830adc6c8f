// The tensors of a model as one structure for every stage: checkpoint names, layouts, GPU buffers.
import type { GpuBank, GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import { assertNever } from '../lib/error.ts'

/** The matrices (M), vectors (V) and expert banks (B) of a model. */
export interface ModelTensors<M, V, B> {
  readonly embedding: M // [vocab, hidden]
  readonly layers: readonly LayerTensors<M, V, B>[]
  readonly finalNorm: V
  readonly lmHead: M | undefined // [vocab, hidden]; undefined: tied to the embedding, or none
  readonly draft?: DraftTensors<M, V, B>
}

/** A draft layer (MTP). Its embedding and output head are the model's. */
export interface DraftTensors<M, V, B> extends LayerTensors<M, V, B> {
  readonly embeddingNorm: V // enorm
  readonly hiddenNorm: V // hnorm
  readonly ehProj: M // eh_proj: [hidden, 2 · hidden], for the embedding and then the hidden state
  readonly headNorm: V // shared_head.norm
}

/** A model whose tensors lie on the GPU. */
export type GpuModel = ModelTensors<GpuMatrix, GpuVector, GpuBank>

export interface LayerTensors<M, V, B> {
  readonly attention: AttentionTensors<M, V>
  readonly feedForward: DenseTensors<M, V> | MoeTensors<M, V, B>
}

export type AttentionTensors<M, V> = MlaTensors<M, V> | GqaTensors<M, V>

export interface MlaTensors<M, V> {
  readonly kind: 'latent'
  readonly inputNorm: V
  readonly qkvA: M // q_a (or q_proj) stacked on kv_a_proj_with_mqa: both read the same input
  readonly qANorm: V | undefined // q_a_layernorm
  readonly qB: M | undefined // q_b; undefined: queries are projected directly
  readonly kvANorm: V // kv_a_layernorm
  readonly kvB: M // kv_b: [heads · (qkNopeDim + vHeadDim), kvLoraRank]
  readonly oProj: M // o_proj
}

export interface GqaTensors<M, V> {
  readonly kind: 'grouped'
  readonly inputNorm: V
  readonly qkv: M // q_proj, k_proj and v_proj, stacked or stored as one
  readonly qkvBias: V | undefined // their biases, one after the other
  readonly qNorm: V | undefined // [qkHeadDim], shared by all heads
  readonly kNorm: V | undefined
  readonly oProj: M // o_proj
}

export interface DenseTensors<M, V> {
  readonly kind: 'dense'
  readonly postAttentionNorm: V
  readonly gateUp: M // gate_proj stacked on up_proj
  readonly down: M
}

export interface MoeTensors<M, V, B> {
  readonly kind: 'mixture'
  readonly postAttentionNorm: V
  readonly router: M
  readonly correctionBias: V | undefined // e_score_correction_bias
  readonly gateUp: B // gate_proj stacked on up_proj, for each expert
  readonly down: B
  /** The shared expert by itself, where it has other formats than the banks and is not in them. */
  readonly shared: { readonly gateUp: M; readonly down: M } | undefined
}

/** What a matrix is for. Each role may have its own GPU format; a shared expert has that of the banks. */
export type MatrixRole = 'embedding' | 'head' | 'attention' | 'router' | 'mlp' | 'shared'

/** Conversions of the three kinds of tensors from one stage to the next. */
export interface TensorStage<M, V, B, M2, V2, B2> {
  matrix(matrix: M, role: MatrixRole): M2
  vector(vector: V): V2
  bank(bank: B): B2
}

/** Converts every tensor to the next stage, in layer order. */
export function mapTensors<M, V, B, M2, V2, B2>(
  model: ModelTensors<M, V, B>,
  stage: TensorStage<M, V, B, M2, V2, B2>,
): ModelTensors<M2, V2, B2> {
  const { draft } = model
  const mapLayer = ({ attention, feedForward }: LayerTensors<M, V, B>) => ({
    attention: mapAttention(attention, stage),
    feedForward: mapFeedForward(feedForward, stage),
  })
  return {
    embedding: stage.matrix(model.embedding, 'embedding'),
    layers: model.layers.map(mapLayer),
    finalNorm: stage.vector(model.finalNorm),
    lmHead: model.lmHead === undefined ? undefined : stage.matrix(model.lmHead, 'head'),
    ...(draft && {
      draft: {
        ...mapLayer(draft),
        embeddingNorm: stage.vector(draft.embeddingNorm),
        hiddenNorm: stage.vector(draft.hiddenNorm),
        ehProj: stage.matrix(draft.ehProj, 'attention'),
        headNorm: stage.vector(draft.headNorm),
      },
    }),
  }
}

function mapAttention<M, V, B, M2, V2, B2>(
  tensors: AttentionTensors<M, V>,
  stage: TensorStage<M, V, B, M2, V2, B2>,
): AttentionTensors<M2, V2> {
  const matrix = (m: M) => stage.matrix(m, 'attention')
  const optional = (v: V | undefined) => (v === undefined ? undefined : stage.vector(v))
  switch (tensors.kind) {
    case 'latent':
      return {
        kind: tensors.kind,
        inputNorm: stage.vector(tensors.inputNorm),
        qkvA: matrix(tensors.qkvA),
        qANorm: optional(tensors.qANorm),
        oProj: matrix(tensors.oProj),
        qB: tensors.qB === undefined ? undefined : matrix(tensors.qB),
        kvANorm: stage.vector(tensors.kvANorm),
        kvB: matrix(tensors.kvB),
      }
    case 'grouped':
      return {
        kind: tensors.kind,
        inputNorm: stage.vector(tensors.inputNorm),
        qkv: matrix(tensors.qkv),
        qNorm: optional(tensors.qNorm),
        oProj: matrix(tensors.oProj),
        qkvBias: optional(tensors.qkvBias),
        kNorm: optional(tensors.kNorm),
      }
    default:
      return assertNever(tensors, 'attention kind')
  }
}

function mapFeedForward<M, V, B, M2, V2, B2>(
  tensors: LayerTensors<M, V, B>['feedForward'],
  stage: TensorStage<M, V, B, M2, V2, B2>,
): LayerTensors<M2, V2, B2>['feedForward'] {
  switch (tensors.kind) {
    case 'dense':
      return {
        kind: tensors.kind,
        postAttentionNorm: stage.vector(tensors.postAttentionNorm),
        gateUp: stage.matrix(tensors.gateUp, 'mlp'),
        down: stage.matrix(tensors.down, 'mlp'),
      }
    case 'mixture':
      return {
        kind: tensors.kind,
        postAttentionNorm: stage.vector(tensors.postAttentionNorm),
        router: stage.matrix(tensors.router, 'router'),
        correctionBias:
          tensors.correctionBias === undefined ? undefined : stage.vector(tensors.correctionBias),
        gateUp: stage.bank(tensors.gateUp),
        down: stage.bank(tensors.down),
        shared: tensors.shared && {
          gateUp: stage.matrix(tensors.shared.gateUp, 'shared'),
          down: stage.matrix(tensors.shared.down, 'shared'),
        },
      }
    default:
      return assertNever(tensors, 'feed-forward kind')
  }
}
