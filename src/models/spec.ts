// Answers: what is a model, as data? Everything `forward` needs to know, in our names.
// It must not know any config key or tensor name.
import type { BlockShape } from '../gpu/matrix.ts'
import type { Rotary } from './rotary.ts'

/** Multi-head latent attention. Row order of stored weights: heads outermost; a query head is [nope | rope], a kv_b head [key nope | value]. */
export interface LatentAttention {
  readonly kind: 'latent'
  readonly heads: number
  readonly queryRank: number // 0: the query is projected directly
  readonly latent: number
  readonly nope: number
  readonly rope: number
  readonly value: number
  readonly scale: number // of scores, YaRN's correction included
  readonly halfSplit: boolean // rotary pairs (i, i + rope/2) instead of (2i, 2i+1)
  readonly latentEpsilon: number
  readonly rotary: Rotary
}

/**
 * Attention with keys and values of its own for every group of heads: multi-head (kvHeads = heads), grouped-query or multi-query.
 * Row order of stored weights: heads outermost. The last `rope` columns of each query and key head are rotated.
 */
export interface GroupedAttention {
  readonly kind: 'grouped'
  readonly heads: number
  readonly kvHeads: number // divides heads; head h reads key and value h / (heads / kvHeads)
  readonly key: number // width of a query and of a key head
  readonly value: number // width of a value head
  readonly rope: number
  readonly scale: number // of scores
  readonly halfSplit: boolean
  readonly bias: boolean // added to queries, keys and values
  readonly headNorm: boolean // queries and keys are normalised head by head before they are rotated
  readonly rotary: Rotary
}

export type Attention = LatentAttention | GroupedAttention

/** A mixture of experts: routing and sizes. */
export interface Mixture {
  readonly kind: 'mixture'
  readonly experts: number
  readonly active: number
  readonly inner: number
  readonly sharedInner: number // width of all shared experts together; 0 = none
  readonly scoring: 'sigmoid' | 'softmax'
  readonly groups: number
  readonly topGroups: number
  readonly groupScore: 'top2' | 'max'
  readonly bias: boolean // a selection-only correction bias is stored
  readonly normalise: boolean
  readonly scaling: number
}

export interface Dense {
  readonly kind: 'dense'
  readonly inner: number
}

export interface ModelSpec {
  readonly family: string // config.json's model_type
  readonly hidden: number
  readonly vocab: number
  readonly epsilon: number
  readonly maxPosition: number
  readonly tiedHead: boolean
  readonly attention: Attention
  readonly layers: readonly (Dense | Mixture)[] // the feed-forward part of each
  readonly drafts: number // multi-token-prediction layers behind the model, left on disk
  readonly block: BlockShape | undefined // of FP8 scales, when weights are quantised
  readonly packed: boolean // weights may be stored as they lie on the GPU in a quantised form
  readonly bos: number | undefined
  readonly eos: readonly number[]
}
