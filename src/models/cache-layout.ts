// KV cache layouts: which ones a model supports, and how many bytes one token takes in each.
// Switches have no default, so that a new kind does not compile until every function here handles it.
import type { Attention, MlaAttention, ModelSpec } from './spec.ts'

/** All cache kinds; `cacheKindsOf` lists those that a model supports. */
export const CACHE_KINDS = ['latent', 'latent-fp8', 'standard', 'gqa-8', 'mqa', 'grouped'] as const

/**
 * What the cache keeps of a token:
 * - `latent`: the normalised latent and the rotated key that all heads share (MLA);
 * - `latent-fp8`: the same, with the latent in FP8 E4M3 and its scales;
 * - `standard`: keys and values of every head, expanded from the latent, as multi-head attention keeps them;
 * - `gqa-8`, `mqa`: keys and values of 8 heads, or of one: the shape that a GQA or MQA model has; the output
 *   is meaningless. Where 8 does not divide the heads, `gqa-8` keeps the largest divisor below 8;
 * - `grouped`: keys and values of each group of heads (models without latents).
 */
export type CacheKind = (typeof CACHE_KINDS)[number]

/** The number type of cached values; `latent-fp8` has types of its own. */
export type KvDtype = 'f16' | 'f32'
const TYPE_BYTES: Readonly<Record<KvDtype, number>> = { f16: 2, f32: 4 }

/** A cache kind with its number type, which `latent-fp8` ignores. */
export interface CacheLayout {
  readonly kind: CacheKind
  readonly kvDtype: KvDtype
}

/** The cache kinds that a model supports, its native one first. */
export function cacheKindsOf(attention: Attention): readonly CacheKind[] {
  switch (attention.kind) {
    case 'latent':
      return CACHE_KINDS.filter((kind) => kind !== 'grouped')
    case 'grouped':
      return ['grouped']
  }
}

/** Heads whose expanded keys and values an MLA model caches; 0 where it caches latents. */
export function expandedKvHeads({ heads }: MlaAttention, kind: CacheKind): number {
  switch (kind) {
    case 'standard':
      return heads
    case 'mqa':
      return 1
    case 'gqa-8': {
      let kvHeads = Math.min(8, heads)
      while (heads % kvHeads !== 0) kvHeads--
      return kvHeads
    }
    case 'latent':
    case 'latent-fp8':
    case 'grouped':
      return 0
  }
}

/** Numbers of a latent that share one scale in FP8. */
export const FP8_SCALE_GROUP = 128

/**
 * 32-bit words of the three parts of an FP8 entry: E4M3 codes, bf16 scales, the rotated key in f16.
 * Each part is padded to whole words. Both sizes must be even.
 */
export function fp8EntryWords({
  kvLoraRank,
  qkRopeDim,
}: {
  readonly kvLoraRank: number
  readonly qkRopeDim: number
}) {
  const codes = Math.ceil(kvLoraRank / 4)
  const scales = Math.ceil(Math.ceil(kvLoraRank / FP8_SCALE_GROUP) / 2)
  const key = qkRopeDim / 2
  return { codes, scales, key, all: codes + scales + key }
}

/** Bytes that one layer caches per token: the size of a KV entry. */
export function kvEntryBytes(attention: Attention, { kind, kvDtype }: CacheLayout): number {
  const bytes = TYPE_BYTES[kvDtype]
  switch (attention.kind) {
    case 'grouped':
      return attention.kvHeads * (attention.qkHeadDim + attention.vHeadDim) * bytes
    case 'latent': {
      const { kvLoraRank, qkNopeDim, qkRopeDim, vHeadDim } = attention
      if (kind === 'latent') return (kvLoraRank + qkRopeDim) * bytes
      if (kind === 'latent-fp8') return fp8EntryWords({ kvLoraRank, qkRopeDim }).all * 4
      return expandedKvHeads(attention, kind) * (qkNopeDim + qkRopeDim + vHeadDim) * bytes
    }
  }
}

/** Layers with a KV cache: those of the model, and a loaded draft layer. */
export const cachedLayers = ({ layers, draft }: Pick<ModelSpec, 'layers' | 'draft'>): number =>
  layers.length + (draft ? 1 : 0)

/** Bytes per token over all layers: in this layout, and with multi-head attention of the same heads. */
export function kvBytesPerToken(spec: ModelSpec, layout: CacheLayout): { kept: number; standard: number } {
  const layers = cachedLayers(spec)
  return {
    kept: layers * kvEntryBytes(spec.attention, layout),
    standard: layers * standardBytes(spec.attention, layout),
  }
}

/** Bytes of a KV entry with keys and values of every head. */
function standardBytes(attention: Attention, layout: CacheLayout): number {
  switch (attention.kind) {
    case 'latent':
      return kvEntryBytes(attention, { ...layout, kind: 'standard' })
    case 'grouped':
      return kvEntryBytes({ ...attention, kvHeads: attention.heads }, layout)
  }
}
