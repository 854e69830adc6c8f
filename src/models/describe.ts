// Answers: which model does a config.json describe? What every family has in common; nothing that is not understood passes.
// It must not know what sets one family apart: that is data in families.ts.
import { HadalError } from '../lib/error.ts'
import { refuseLeftovers } from './config-keys.ts'
import { describeGrouped, describeLatent } from './describe-attention.ts'
import { describeLayers } from './describe-layers.ts'
import { describeQuantization } from './describe-quantization.ts'
import { FAMILIES, type Family, NOT_YET } from './families.ts'
import { Fields } from './fields.ts'
import type { Attention, ModelSpec } from './spec.ts'

/** Sampling counts probability in integers that hold up to 2^18 tokens. */
const MOST_VOCAB = (1 << 18) - 1
const MOST_HIDDEN = 1 << 20 // no published width comes near

/** config.json → ModelSpec. Throws `bad_config` naming the key, or `unsupported` naming the family or the key. */
export function describeModel(config: unknown): ModelSpec {
  const fields = new Fields(config)
  const name = fields.choice('model_type', [...FAMILIES.keys(), ...NOT_YET.keys()])
  const family = FAMILIES.get(name)
  if (!family) throw notYet(name)
  fields.ignore(...family.meaningless)
  const spec = describeFamily(fields, name, family)
  refuseLeftovers(fields)
  return spec
}

function describeFamily(config: Fields, name: string, family: Family): ModelSpec {
  config.choice('hidden_act', ['silu'])
  const vocab = config.count('vocab_size', 1, MOST_VOCAB)
  return {
    family: name,
    hidden: config.count('hidden_size', 1, MOST_HIDDEN),
    vocab,
    epsilon: config.number('rms_norm_eps', 1e-20, 1),
    maxPosition: config.count('max_position_embeddings', 1, 1 << 30),
    tiedHead: config.flag('tie_word_embeddings', family.tied),
    attention: describeAttention(config, family),
    layers: describeLayers(config, family.routing),
    drafts: family.attention === 'latent' ? config.count('num_nextn_predict_layers', 0, 16, 0) : 0,
    ...describeQuantization(config),
    bos: config.ids('bos_token_id', vocab)[0],
    eos: config.ids('eos_token_id', vocab),
  }
}

const describeAttention = (config: Fields, { attention, yarn }: Family): Attention =>
  attention === 'latent' ? describeLatent(config, yarn) : describeGrouped(config, attention, yarn)

function notYet(name: string): HadalError {
  const reason = NOT_YET.get(name) ?? ''
  const message = `config.json: model_type ${name} is recognised but not run yet: ${reason}.`
  return new HadalError('unsupported', message, {
    file: 'config.json',
    hint: `This version runs ${[...FAMILIES.keys()].join(', ')}.`,
  })
}
