// Reads the rotary keys of a config: the base, and every constant of long-context scaling.
import type { ConfigFields } from './config-fields.ts'
import { type RotaryScaling, type YarnCorrection, yarnMscale } from './rotary.ts'

/** Whether attention scales its scores by YaRN's `mscale_all_dim` (DeepSeek), or only cos and sin. */
export type YarnStyle = 'scores' | 'rotations'

interface RotarySettings {
  readonly base: number
  readonly scaling: RotaryScaling | undefined
  readonly partialFactor: number // fraction of a head's columns that is rotated
}

/** As transformers: `rope_scaling`, else `rope_parameters`, which may be one object per layer type. */
function scalingOf(config: ConfigFields): ConfigFields | undefined {
  const parameters = config.object('rope_parameters')
  const scaling = config.object('rope_scaling') ?? parameters?.object('full_attention') ?? parameters
  if (scaling && parameters && config.has('rope_scaling'))
    config.note('gives both rope_scaling and rope_parameters; rope_scaling is used')
  return scaling
}

export function describeRotary(config: ConfigFields, yarn: YarnStyle): RotarySettings {
  const scaling = scalingOf(config)
  const holder = (key: string) => (scaling?.has(key) ? scaling : config)
  const base = holder('rope_theta').number('rope_theta', 2, 1e12)
  if (scaling?.has('rope_theta') && config.has('rope_theta') && config.get('rope_theta') !== base)
    config.note(`gives rope_theta twice; ${base} is used`)
  const partialFactor = holder('partial_rotary_factor').number('partial_rotary_factor', 1e-6, 1, 1)
  config.ignore('partial_rotary_factor')
  const maxPositions = readMaxPositions(config)
  // transformers lets the key beside the scaling win over the one within.
  const original = (config.has(ORIGINAL) ? config : (scaling ?? config)).count(
    ORIGINAL,
    1,
    MAX_POSITIONS,
    maxPositions,
  )
  return {
    base,
    partialFactor,
    scaling: scaling && describeScaling(scaling, yarn, { maxPositions, original }),
  }
}

const ORIGINAL = 'original_max_position_embeddings'
const MAX_POSITIONS = 1 << 30

export const readMaxPositions = (config: ConfigFields): number =>
  config.count('max_position_embeddings', 1, MAX_POSITIONS)

/** Context lengths after and before an extension. */
interface ContextLengths {
  readonly maxPositions: number
  readonly original: number
}

function describeScaling(
  scaling: ConfigFields,
  yarn: YarnStyle,
  { maxPositions, original }: ContextLengths,
): RotaryScaling | undefined {
  const key = scaling.has('rope_type') ? 'rope_type' : 'type'
  const kind = scaling.choice(key, ['default', 'linear', 'dynamic', 'yarn', 'llama3'], 'default')
  if (scaling.has('type') && scaling.get('type') !== kind)
    scaling.note(`gives two types; rope_type, ${kind}, is used`)
  if (kind === 'default') return undefined
  const yarnFactor = kind === 'yarn' ? Math.max(maxPositions / original, 1) : undefined
  const factor = scaling.number('factor', kind === 'linear' ? 1e-3 : 1, 1e6, yarnFactor)
  if (kind === 'linear') return { kind, factor }
  if (kind === 'dynamic') return { kind, factor, maxPositionEmbeddings: maxPositions }
  if (kind === 'llama3') return describeLlama3(scaling, factor, original)
  return {
    kind,
    factor,
    betaFast: scaling.number('beta_fast', 1e-6, 1e6, 32),
    betaSlow: scaling.number('beta_slow', 1e-6, 1e6, 1),
    originalMaxPositionEmbeddings: original,
    truncate: scaling.flag('truncate', true),
    ...yarnCorrection(scaling, yarn, factor),
  }
}

function describeLlama3(
  scaling: ConfigFields,
  factor: number,
  originalMaxPositionEmbeddings: number,
): RotaryScaling {
  const lowFreqFactor = scaling.number('low_freq_factor', 1e-6, 1e6)
  const highFreqFactor = scaling.number('high_freq_factor', 1e-6, 1e6)
  if (highFreqFactor <= lowFreqFactor)
    throw scaling.error('high_freq_factor', `must be above low_freq_factor, ${lowFreqFactor}`, highFreqFactor)
  return { kind: 'llama3', factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings }
}

/**
 * cos and sin times `attention_factor`, or g(factor, mscale) / g(factor, mscale_all_dim) where both are
 * given, else g(factor, 1), where g is `yarnMscale`; DeepSeek's scores also times g(factor, mscale_all_dim)².
 * As in transformers, an mscale of 0 counts as absent. `attn_factor` multiplies g(factor, 1): the one
 * released model that has it (R1-0528-Qwen3-8B) sets it to 1 / g(4, 1), which cancels the correction.
 * transformers does not know that key.
 */
function yarnCorrection(scaling: ConfigFields, yarn: YarnStyle, factor: number): YarnCorrection {
  const mscale = scaling.number('mscale', 0, 100, 0)
  const allDim = scaling.number('mscale_all_dim', 0, 100, 0)
  const all = yarnMscale(factor, allDim)
  const rotations =
    mscale > 0 && allDim > 0
      ? yarnMscale(factor, mscale) / all
      : yarnMscale(factor, 1) * scaling.number('attn_factor', 1e-6, 100, 1)
  return {
    attentionFactor: scaling.number('attention_factor', 1e-6, 100, rotations),
    scoreFactor: yarn === 'scores' ? all ** 2 : 1,
  }
}
