// Tests of checkAttention: sizes that the kernels cannot run are refused before anything is allocated.
import { describe, expect, it } from 'vitest'
import { checkAttention } from '../../src/models/check.ts'
import type { Rotary } from '../../src/models/rotary.ts'
import type { Attention, GroupedAttention, LatentAttention } from '../../src/models/spec.ts'

const rotary: Rotary = { frequencies: [], magnitude: 1 }
const grouped: GroupedAttention = {
  kind: 'grouped',
  heads: 65,
  kvHeads: 1,
  key: 256,
  value: 256,
  rope: 256,
  scale: 1,
  halfSplit: true,
  bias: false,
  headNorm: false,
  rotary,
}
const latent: LatentAttention = {
  kind: 'latent',
  heads: 128,
  queryRank: 0,
  latent: 512,
  nope: 192,
  rope: 64,
  value: 256,
  scale: 1,
  halfSplit: false,
  latentEpsilon: 1e-6,
  rotary,
}

describe('checkAttention', () => {
  it.each([[grouped], [latent]])('accepts the largest sizes: $kind', (attention) => {
    expect(() => checkAttention(attention)).not.toThrow()
  })

  const refused: [Attention, RegExp][] = [
    [{ ...grouped, key: 258 }, /keys of 258 .* at most 256/],
    [{ ...grouped, value: 258 }, /values of 258 .* at most 256/],
    [{ ...grouped, key: 15, rope: 14 }, /keys of 15 .* must be even/],
    [{ ...grouped, rope: 5 }, /5 of a key are rotated: all must be even/],
    [{ ...grouped, heads: 9, kvHeads: 2 }, /num_attention_heads 9 is no multiple of num_key_value_heads 2/],
    [{ ...latent, latent: 514 }, /kv_lora_rank \+ qk_rope_head_dim is 578 \(at most 576\)/],
    [{ ...latent, nope: 21 }, /qk_nope_head_dim 21 .* must be even/],
  ]
  it.each(refused)('refuses %o', (attention, message) => {
    expect(() => checkAttention(attention)).toThrow(message)
    expect(() => checkAttention(attention)).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })
})
