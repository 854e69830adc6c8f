// A model as data: the sizes and settings that `forward` needs, read from config.json.
import type { BlockShape } from '../gpu/formats.ts'
import type { Rotary } from './rotary.ts'

/**
 * Multi-head latent attention (MLA). Rows of stored weights have heads outermost:
 * a query head is [nope | rope], a head of kv_b is [key nope | value].
 */
export interface MlaAttention {
  readonly kind: 'latent'
  readonly heads: number
  readonly qLoraRank: number // q_lora_rank; 0: the query is projected directly
  readonly kvLoraRank: number // kv_lora_rank
  readonly qkNopeDim: number // qk_nope_head_dim
  readonly qkRopeDim: number // qk_rope_head_dim
  readonly vHeadDim: number // v_head_dim
  readonly softmaxScale: number // YaRN's correction included
  readonly ropeInterleaved: boolean // rotary pairs (2i, 2i + 1) rather than (i, i + rope / 2)
  readonly latentNormEps: number // of the norms of both latents
  readonly rotary: Rotary
}

/** Sizes of attention over keys and values per group of heads. Head h reads group ⌊h / (heads / kvHeads)⌋. */
export interface HeadSizes {
  readonly heads: number
  readonly kvHeads: number // divides heads
  readonly qkHeadDim: number // width of a query head and of a key head
  readonly vHeadDim: number // width of a value head
  readonly softmaxScale: number
}

/**
 * Attention with keys and values for every group of heads: multi-head (kvHeads = heads), grouped-query or
 * multi-query. Rows of stored weights have heads outermost.
 */
export interface GqaAttention extends HeadSizes {
  readonly kind: 'grouped'
  readonly qkRopeDim: number // rotated columns: the first of each query and key head
  readonly ropeInterleaved: boolean // as in MLA
  readonly qkvBias: boolean // added to queries, keys and values
  readonly qkNorm: boolean // RMSNorm of each query and key head before rotation (QK norm)
  readonly unrotatedLayers: ReadonlySet<number> // their queries and keys are not rotated (NoPE)
  readonly rotary: Rotary
}

/** To add a kind, extend this union: the compiler then lists every `switch` that must handle it. */
export type Attention = MlaAttention | GqaAttention

/** Group-limited routing: only experts of the best groups can be chosen. */
export interface ExpertGroups {
  readonly expertGroups: number // n_group
  readonly topkGroups: number // topk_group
  readonly groupScore: 'top2' | 'max' // a group's score: the sum of its two best experts, or its best
}

/** The feed-forward part of an MoE layer: routing and sizes. */
export interface MoeLayer extends ExpertGroups {
  readonly kind: 'mixture'
  readonly experts: number // routed experts
  readonly expertsPerToken: number // num_experts_per_tok
  readonly intermediateSize: number // moe_intermediate_size
  readonly sharedIntermediateSize: number // width of all shared experts together; 0: none
  readonly scoringFunc: 'sigmoid' | 'softmax'
  readonly correctionBias: boolean // e_score_correction_bias, added for the selection only
  readonly normTopkProb: boolean // norm_topk_prob
  readonly routedScalingFactor: number // routed_scaling_factor
}

/** The feed-forward part of a dense layer: SwiGLU. */
export interface DenseLayer {
  readonly kind: 'dense'
  readonly intermediateSize: number // intermediate_size
}

/** Integer codes that share scales by groups of columns. */
export interface IntegerGroups {
  readonly bits: number
  readonly groupSize: number | undefined // columns that share a scale; undefined: the whole row
}

/** One scheme of a compressed-tensors config. Which matrices have it shows in what is stored. */
export interface CompressedScheme extends IntegerGroups {
  readonly type: 'int' | 'float'
  readonly symmetric: boolean
  readonly block: BlockShape | undefined // of FP8 scales, where blocks have them
}

/**
 * How the checkpoint stores quantised weights, by its config. Which matrices are quantised shows in their
 * tensors; the config only adds what those leave open, and must not contradict them.
 */
export type StoredQuantization =
  | { readonly method: 'none' }
  | { readonly method: 'hadal' | 'fp8'; readonly block: BlockShape | undefined } // of FP8 scales
  | {
      readonly method: 'mlx'
      readonly everywhere: IntegerGroups
      readonly overrides: ReadonlyMap<string, IntegerGroups | false> // by module; false: not quantised
      readonly symmetric: boolean // all offsets are -2^(bits - 1) scales: Hadal wrote the folder
    }
  | {
      readonly method: 'compressed-tensors'
      readonly schemes: readonly CompressedScheme[]
      readonly ignored: ReadonlySet<string> // modules that are not quantised, as far as they are named
    }
  | { readonly method: 'gptq'; readonly groups: IntegerGroups; readonly zeroOffset: 0 | 1 }
  | { readonly method: 'awq'; readonly groups: IntegerGroups }

/** Whose names a family's tensors have: `ling` stores queries, keys and values as one matrix. */
export type TensorNaming = 'llama' | 'ling'

export interface ModelSpec {
  readonly family: string // config.json's model_type
  readonly naming: TensorNaming
  readonly hiddenSize: number
  readonly vocabSize: number
  readonly rmsNormEps: number // rms_norm_eps, for a residual stream as the kernels keep it
  readonly maxPositionEmbeddings: number
  readonly tieWordEmbeddings: boolean // the embedding is also the output head
  /** Set if the checkpoint has no output head at all: its hidden states are used, its logits mean nothing. */
  readonly headless?: true
  readonly embeddingFactor: number // of the embedding's rows, when they are looked up
  readonly logitsFactor: number
  readonly attention: Attention
  readonly layers: readonly (DenseLayer | MoeLayer)[] // the feed-forward part of each layer
  readonly quantization: StoredQuantization
  readonly mtpLayers: number // num_nextn_predict_layers: draft layers (MTP) after the model
  /** The feed-forward part of the first draft layer; set if that is loaded, as layer `layers.length`. */
  readonly draft?: DenseLayer | MoeLayer
  readonly bosTokenId: number | undefined
  readonly eosTokenIds: readonly number[]
}
