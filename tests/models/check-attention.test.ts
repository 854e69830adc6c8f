// Tests of checkAttention: sizes that the kernels cannot run are refused before anything is allocated.
import { describe, expect, it } from 'vitest'
import { checkAttention } from '../../src/models/check-attention.ts'
import type { Rotary } from '../../src/models/rotary.ts'
import type { Attention, GqaAttention, MlaAttention } from '../../src/models/spec.ts'

const ROTARY: Rotary = { frequencies: [], attentionFactor: 1 }
const GROUPED: GqaAttention = {
  kind: 'grouped',
  heads: 65,
  kvHeads: 1,
  qkHeadDim: 256,
  vHeadDim: 256,
  qkRopeDim: 256,
  softmaxScale: 1,
  ropeInterleaved: false,
  qkvBias: false,
  qkNorm: false,
  unrotatedLayers: new Set(),
  rotary: ROTARY,
}
const LATENT: MlaAttention = {
  kind: 'latent',
  heads: 128,
  qLoraRank: 0,
  kvLoraRank: 512,
  qkNopeDim: 192,
  qkRopeDim: 64,
  vHeadDim: 256,
  softmaxScale: 1,
  ropeInterleaved: true,
  latentNormEps: 1e-6,
  rotary: ROTARY,
}

describe('checkAttention', () => {
  it.each([[GROUPED], [LATENT]])('accepts the largest sizes: $kind', (attention) => {
    expect(() => checkAttention(attention)).not.toThrow()
  })

  const refused: [Attention, RegExp][] = [
    [{ ...GROUPED, qkHeadDim: 258 }, /keys of 258 .* at most 256/],
    [{ ...GROUPED, vHeadDim: 258 }, /values of 258 .* at most 256/],
    [{ ...GROUPED, qkHeadDim: 15, qkRopeDim: 14 }, /keys of 15 .* must be even/],
    [{ ...GROUPED, qkRopeDim: 5 }, /5 of a key are rotated: all must be even/],
    [{ ...GROUPED, heads: 9, kvHeads: 2 }, /num_attention_heads 9 is no multiple of num_key_value_heads 2/],
    [{ ...LATENT, kvLoraRank: 514 }, /kv_lora_rank \+ qk_rope_head_dim is 578 \(at most 576\)/],
    [{ ...LATENT, qkNopeDim: 21 }, /qk_nope_head_dim 21 .* must be even/],
  ]
  it.each(refused)('refuses %o', (attention, message) => {
    expect(() => checkAttention(attention)).toThrow(message)
    expect(() => checkAttention(attention)).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })
})
