// Reads the attention of a config: sizes, rotary settings and the softmax scale.
import type { ConfigFields } from './config-fields.ts'
import { describeRotary, type YarnStyle } from './describe-rotary.ts'
import type { GqaTraits } from './families.ts'
import { computeRotary, softmaxScale } from './rotary.ts'
import type { GqaAttention, MlaAttention } from './spec.ts'

const MAX_WIDTH = 1 << 16 // far above every published width of a head or a latent
const MAX_HEADS = 4096

/** Multi-head latent attention: the same keys in every family that has it. */
export function describeMla(config: ConfigFields, style: YarnStyle): MlaAttention {
  config.only('use_mla', true)
  config.only('attention_bias', false)
  const heads = config.count('num_attention_heads', 1, MAX_HEADS)
  config.only('num_key_value_heads', heads)
  const qkNopeDim = config.count('qk_nope_head_dim', 1, MAX_WIDTH)
  const qkRopeDim = evenCount(config, 'qk_rope_head_dim')
  // transformers also writes values that follow from the keys above.
  config.only('head_dim', qkRopeDim)
  config.only('qk_head_dim', qkNopeDim + qkRopeDim)
  const { base, scaling, partialFactor } = describeRotary(config, style)
  if (partialFactor !== 1)
    throw config.unsupported('partial_rotary_factor', 'Latent attention has a part of its own for rotation.')
  return {
    kind: 'latent',
    heads,
    qLoraRank: config.count('q_lora_rank', 0, MAX_WIDTH, 0),
    kvLoraRank: evenCount(config, 'kv_lora_rank'),
    qkNopeDim,
    qkRopeDim,
    vHeadDim: config.count('v_head_dim', 1, MAX_WIDTH),
    softmaxScale: softmaxScale(qkNopeDim + qkRopeDim, scaling),
    ropeInterleaved: config.flag('rope_interleave', true),
    // DeepSeek's modelling code builds both latent norms with the default epsilon and ignores rms_norm_eps.
    latentNormEps: 1e-6,
    rotary: computeRotary(qkRopeDim, base, scaling),
  }
}

/** Multi-head or grouped-query attention. */
export function describeGqa(config: ConfigFields, traits: GqaTraits, style: YarnStyle): GqaAttention {
  if (!traits.qkvBias) config.only('attention_bias', false)
  config.only('use_mla', false)
  const heads = config.count('num_attention_heads', 1, MAX_HEADS)
  const kvHeads = config.count('num_key_value_heads', 1, heads, heads)
  if (heads % kvHeads !== 0)
    throw config.error('num_key_value_heads', `must divide the ${heads} heads`, kvHeads)
  const hidden = config.count('hidden_size', 1, MAX_WIDTH * MAX_HEADS)
  const qkHeadDim = evenCount(config, 'head_dim', hidden / heads)
  const { base, scaling, partialFactor } = describeRotary(config, style)
  const qkRopeDim = Math.floor(qkHeadDim * partialFactor)
  config.only('rotary_dim', qkRopeDim)
  if (qkRopeDim < 2 || qkRopeDim % 2 !== 0)
    throw config.error(
      'partial_rotary_factor',
      `must leave an even width of the ${qkHeadDim} numbers of a head`,
      partialFactor,
    )
  return {
    kind: 'grouped',
    heads,
    kvHeads,
    qkHeadDim,
    vHeadDim: qkHeadDim,
    qkRopeDim,
    softmaxScale: traits.multiplier
      ? config.number('attention_multiplier', 1e-6, 1e3)
      : softmaxScale(qkHeadDim, scaling),
    ropeInterleaved: false,
    qkvBias: traits.qkvBias,
    qkNorm: traits.qkNorm,
    unrotatedLayers: traits.unrotated ? describeUnrotated(config) : new Set(),
    rotary: computeRotary(qkRopeDim, base, scaling),
  }
}

/** Layers without rotary embedding: the zeros of a list, or every so many. */
function describeUnrotated(config: ConfigFields): ReadonlySet<number> {
  const layers = Array.from({ length: config.count('num_hidden_layers', 1, 1000) }, (_, layer) => layer)
  const every = config.count('no_rope_layer_interval', 1, 1000, 4)
  if (!config.has('no_rope_layers')) return new Set(layers.filter((layer) => (layer + 1) % every === 0))
  const flags = config.list('no_rope_layers', 1000)
  if (flags.length < layers.length || flags.some((flag) => flag !== 0 && flag !== 1))
    throw config.error('no_rope_layers', `must have a 0 or 1 for each of ${layers.length} layers`, flags)
  return new Set(layers.filter((layer) => flags[layer] === 0))
}

/** An even width: it is rotated or cached in pairs. */
function evenCount(config: ConfigFields, key: string, fallback?: number): number {
  const value = config.count(key, 2, MAX_WIDTH, fallback)
  if (value % 2 !== 0) throw config.error(key, 'must be even: its numbers are used in pairs', value)
  return value
}
