// A model as data: the sizes and settings that `forward` needs, read from config.json.
import type { BlockShape } from '../gpu/matrix.ts'
import type { Rotary } from './rotary.ts'

/**
 * Multi-head latent attention (MLA). Rows of stored weights have heads outermost:
 * a query head is [nope | rope], a head of kv_b is [key nope | value].
 */
export interface LatentAttention {
  readonly kind: 'latent'
  readonly heads: number
  readonly queryRank: number // q_lora_rank; 0: the query is projected directly
  readonly latent: number // kv_lora_rank
  readonly nope: number // qk_nope_head_dim
  readonly rope: number // qk_rope_head_dim
  readonly value: number // v_head_dim
  readonly scale: number // softmax scale, YaRN's correction included
  readonly halfSplit: boolean // rotary pairs (i, i + rope/2) instead of (2i, 2i+1)
  readonly latentEpsilon: number // of the norms of both latents
  readonly rotary: Rotary
}

/** Sizes of attention over keys and values per group of heads. Head h reads group ⌊h / (heads / kvHeads)⌋. */
export interface HeadSizes {
  readonly heads: number
  readonly kvHeads: number // divides heads
  readonly key: number // width of a query head and of a key head
  readonly value: number // width of a value head
  readonly scale: number // softmax scale
}

/**
 * Attention with keys and values for every group of heads: multi-head (kvHeads = heads), grouped-query or
 * multi-query. Rows of stored weights have heads outermost.
 */
export interface GroupedAttention extends HeadSizes {
  readonly kind: 'grouped'
  readonly rope: number // rotated columns: the last of each query and key head
  readonly halfSplit: boolean // as in MLA
  readonly bias: boolean // added to queries, keys and values
  readonly headNorm: boolean // RMSNorm of each query and key head before rotation (QK norm)
  readonly rotary: Rotary
}

/** To add a kind, extend this union: the compiler then lists every `switch` that must handle it. */
export type Attention = LatentAttention | GroupedAttention

/** Group-limited routing: only experts of the best groups can be chosen. */
export interface ExpertGroups {
  readonly groups: number // n_group
  readonly topGroups: number // topk_group
  readonly groupScore: 'top2' | 'max' // a group's score: the sum of its two best experts, or its best
}

/** The feed-forward part of an MoE layer: routing and sizes. */
export interface Mixture extends ExpertGroups {
  readonly kind: 'mixture'
  readonly experts: number // routed experts
  readonly active: number // num_experts_per_tok
  readonly inner: number // moe_intermediate_size
  readonly sharedInner: number // width of all shared experts together; 0: none
  readonly scoring: 'sigmoid' | 'softmax'
  readonly bias: boolean // e_score_correction_bias, added for the selection only
  readonly normalise: boolean // norm_topk_prob
  readonly scaling: number // routed_scaling_factor
}

/** The feed-forward part of a dense layer: SwiGLU. */
export interface Dense {
  readonly kind: 'dense'
  readonly inner: number // intermediate_size
}

/** How the checkpoint stores quantised weights. */
export interface StoredQuantization {
  readonly block: BlockShape | undefined // of FP8 scales, when weights are quantised
  readonly packed: boolean // the folder may hold weights in Hadal's own GPU formats
}

export interface ModelSpec extends StoredQuantization {
  readonly family: string // config.json's model_type
  readonly hidden: number
  readonly vocab: number
  readonly epsilon: number // rms_norm_eps
  readonly maxPosition: number
  readonly tiedHead: boolean // the embedding is also the output head
  readonly attention: Attention
  readonly layers: readonly (Dense | Mixture)[] // the feed-forward part of each layer
  readonly drafts: number // multi-token-prediction layers after the model; they are not loaded
  readonly bos: number | undefined
  readonly eos: readonly number[]
}
