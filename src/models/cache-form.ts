// Answers: which ways are there to keep keys and values, and how many bytes does a token take in each? Sizes alone.
// It must not know buffers, nor how a record is written or read.
import type { Attention, LatentAttention, ModelSpec } from './spec.ts'

/** Every way to keep keys and values; which of them a model has, `cacheKindsOf` says. */
export const CACHE_KINDS = ['latent', 'latent-fp8', 'standard', 'gqa-8', 'mqa', 'grouped'] as const

/**
 * `latent`: the normalised latent and the rotated key that all heads share. `latent-fp8`: the same, the latent in E4M3 with scales.
 * `standard`: keys and values of every head, expanded from the latent, as multi-head attention keeps them. `gqa-8`, `mqa`: of 8 heads, of one,
 * as a model so trained would keep them: the same shape, not the same text. Where 8 does not divide the heads, `gqa-8` keeps the largest number
 * below that does. `grouped`: what a model without latents keeps, keys and values of each of its groups of heads.
 */
export type CacheKind = (typeof CACHE_KINDS)[number]

/** How the numbers of a cache are stored, but for latents in FP8. */
export type CacheType = 'f16' | 'f32'
const CACHE_BYTES: Readonly<Record<CacheType, number>> = { f16: 2, f32: 4 }

/** A way to keep keys and values, with the type of its numbers. `latent-fp8` has its own types, whatever `numbers` says. */
export interface CacheForm {
  readonly kind: CacheKind
  readonly numbers: CacheType
}

/** The ways in which a model's keys and values can be kept, its own first. */
export const cacheKindsOf = ({ kind }: Attention): readonly CacheKind[] =>
  kind === 'latent' ? CACHE_KINDS.filter((each) => each !== 'grouped') : ['grouped']

/** Heads whose keys and values a latent model keeps; 0: none, but what they are made of. */
export function expandedHeads({ heads }: LatentAttention, kind: CacheKind): number {
  if (kind === 'standard') return heads
  if (kind === 'mqa') return 1
  if (kind !== 'gqa-8') return 0
  let kept = Math.min(8, heads)
  while (heads % kept !== 0) kept--
  return kept
}

/** Latents that share a scale in FP8. */
export const FP8_GROUP = 128

/**
 * Words of an FP8 record, one part after the other, each filled up to whole words: a code a byte, a scale a bf16, the rotated key in f16.
 * Sizes are even.
 */
export function fp8Words({ latent, rope }: { readonly latent: number; readonly rope: number }) {
  const [codes, scales, key] = [Math.ceil(latent / 4), Math.ceil(Math.ceil(latent / FP8_GROUP) / 2), rope / 2]
  return { codes, scales, key, all: codes + scales + key }
}

/** Bytes that a layer keeps of a token. */
export function recordBytes(attention: Attention, { kind, numbers }: CacheForm): number {
  const bytes = CACHE_BYTES[numbers]
  if (attention.kind === 'grouped') return attention.kvHeads * (attention.key + attention.value) * bytes
  const { latent, nope, rope, value } = attention
  if (kind === 'latent') return (latent + rope) * bytes
  if (kind === 'latent-fp8') return fp8Words(attention).all * 4
  return expandedHeads(attention, kind) * (nope + rope + value) * bytes
}

/** Bytes of the KV cache per token over all layers, and what multi-head attention would keep for the same heads. */
export function kvBytesPerToken(spec: ModelSpec, form: CacheForm): { kept: number; standard: number } {
  const { attention, layers } = spec
  const standard =
    attention.kind === 'latent'
      ? recordBytes(attention, { ...form, kind: 'standard' })
      : recordBytes({ ...attention, kvHeads: attention.heads }, form)
  return { kept: layers.length * recordBytes(attention, form), standard: layers.length * standard }
}
