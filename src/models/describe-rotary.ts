// Reads the rotary keys of a config: the base, and every constant of long-context scaling.
import type { ConfigFields } from './config-fields.ts'
import { type RotaryScaling, type YarnCorrection, yarnMscale } from './rotary.ts'

/** How a family applies YaRN's correction: to the scores (DeepSeek), or to cos and sin (the paper). */
export type YarnStyle = 'scores' | 'rotations'

interface RotarySettings {
  readonly base: number
  readonly scaling: RotaryScaling | undefined
}

/** The keys are in `rope_scaling` and `rope_theta`, or since transformers 5 all in `rope_parameters`. */
export function describeRotary(config: ConfigFields, yarn: YarnStyle): RotarySettings {
  const scaling = config.object('rope_scaling') ?? config.object('rope_parameters')
  if (config.has('rope_scaling') && config.has('rope_parameters'))
    throw config.unsupported('rope_parameters', 'Give either rope_scaling or rope_parameters.')
  return { base: rotaryBase(config, scaling), scaling: scaling && describeScaling(scaling, yarn) }
}

function rotaryBase(config: ConfigFields, scaling: ConfigFields | undefined): number {
  const holders = [config, scaling].filter((fields) => fields?.has('rope_theta'))
  const [base, secondBase = base] = holders.map((fields) => fields?.number('rope_theta', 2, 1e12))
  if (base === undefined || base !== secondBase)
    throw config.error('rope_theta', 'must be given, once or twice with the same value', secondBase)
  return base
}

function describeScaling(scaling: ConfigFields, yarn: YarnStyle): RotaryScaling | undefined {
  const kinds = ['default', 'yarn', 'llama3'] as const
  const [kind = 'default', other = kind] = (['rope_type', 'type'] as const)
    .filter((key) => scaling.has(key))
    .map((key) => scaling.choice(key, kinds))
  if (kind !== other) throw scaling.error('type', `must be the same as rope_type, ${kind}`, other)
  if (kind === 'default') return undefined
  const factor = scaling.number('factor', 1, 1e6)
  const originalMaxPositionEmbeddings = scaling.count('original_max_position_embeddings', 1, 1 << 30)
  if (kind === 'llama3') {
    const lowFreqFactor = scaling.number('low_freq_factor', 1e-6, 1e6)
    const highFreqFactor = scaling.number('high_freq_factor', 1e-6, 1e6)
    if (highFreqFactor <= lowFreqFactor)
      throw scaling.error(
        'high_freq_factor',
        `must be above low_freq_factor, ${lowFreqFactor}`,
        highFreqFactor,
      )
    return { kind, factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings }
  }
  return {
    kind,
    factor,
    betaFast: scaling.number('beta_fast', 1e-6, 1e6, 32),
    betaSlow: scaling.number('beta_slow', 1e-6, 1e6, 1),
    originalMaxPositionEmbeddings,
    ...(yarn === 'scores' ? scaledScores(scaling, factor) : scaledRotations(scaling, factor)),
  }
}

/**
 * DeepSeek: scores times g(factor, mscale_all_dim)², where g is `yarnMscale`.
 * Without both keys its modelling code scales cos and sin instead.
 */
function scaledScores(scaling: ConfigFields, factor: number): YarnCorrection {
  const keys = ['mscale', 'mscale_all_dim'].filter((key) => scaling.has(key))
  if (keys.length === 1) {
    throw scaling.error(
      'mscale',
      'and mscale_all_dim must be given together: implementations disagree about one of them alone',
      keys,
    )
  }
  if (keys.length === 0) return scaledRotations(scaling, factor)
  const all = yarnMscale(factor, scaling.number('mscale_all_dim', 1e-6, 100))
  return {
    attentionFactor: yarnMscale(factor, scaling.number('mscale', 1e-6, 100)) / all,
    scoreFactor: all ** 2,
  }
}

/**
 * All others: cos and sin times g(factor, 1), or times `attention_factor` instead. `attn_factor` multiplies
 * g: the one released model that has it (R1-0528-Qwen3-8B) sets it to 1 / g(4, 1), which cancels the
 * correction. transformers does not know that key.
 */
function scaledRotations(scaling: ConfigFields, factor: number): YarnCorrection {
  const attentionFactor = scaling.has('attention_factor')
    ? scaling.number('attention_factor', 1e-6, 100)
    : yarnMscale(factor, 1) * scaling.number('attn_factor', 1e-6, 100, 1)
  return { attentionFactor, scoreFactor: 1 }
}
