// Reads config.json into a ModelSpec; a key or value that is not understood is refused.
import { assertNever, HadalError } from '../lib/error.ts'
import { ConfigFields } from './config-fields.ts'
import { refuseUnreadKeys } from './config-keys.ts'
import { describeGrouped, describeLatent } from './describe-attention.ts'
import { describeLayers } from './describe-layers.ts'
import { describeQuantization } from './describe-quantization.ts'
import { FAMILIES, type Family, NOT_YET } from './families.ts'
import type { Attention, ModelSpec } from './spec.ts'

/** The sampling kernels sum probabilities as integers, which hold up to 2^18 tokens. */
const MAX_VOCAB = (1 << 18) - 1
const MAX_HIDDEN = 1 << 20 // far above every published width

/** config.json → ModelSpec. Throws `bad_config` or `unsupported`, naming the key or the family. */
export function describeModel(config: unknown): ModelSpec {
  const fields = new ConfigFields(config)
  const name = fields.choice('model_type', [...FAMILIES.keys(), ...NOT_YET.keys()])
  const family = FAMILIES.get(name)
  if (!family) throw notYet(name)
  fields.ignore(...family.unused)
  const spec = describeFamily(fields, name, family)
  refuseUnreadKeys(fields)
  return spec
}

function describeFamily(config: ConfigFields, name: string, family: Family): ModelSpec {
  config.choice('hidden_act', ['silu'])
  const vocab = config.count('vocab_size', 1, MAX_VOCAB)
  return {
    family: name,
    hidden: config.count('hidden_size', 1, MAX_HIDDEN),
    vocab,
    epsilon: config.number('rms_norm_eps', 1e-20, 1),
    maxPosition: config.count('max_position_embeddings', 1, 1 << 30),
    tiedHead: config.flag('tie_word_embeddings', family.tied),
    attention: describeAttention(config, family),
    layers: describeLayers(config, family.routing),
    drafts: describeMtpLayers(config, family),
    ...describeQuantization(config),
    bos: config.ids('bos_token_id', vocab)[0],
    eos: config.ids('eos_token_id', vocab),
  }
}

function describeAttention(config: ConfigFields, { attention, yarn }: Family): Attention {
  switch (attention.kind) {
    case 'latent':
      return describeLatent(config, yarn)
    case 'grouped':
      return describeGrouped(config, attention, yarn)
    default:
      return assertNever(attention, 'attention kind')
  }
}

/** Multi-token-prediction layers: only families with latent attention are published with them. */
function describeMtpLayers(config: ConfigFields, { attention }: Family): number {
  switch (attention.kind) {
    case 'latent':
      return config.count('num_nextn_predict_layers', 0, 16, 0)
    case 'grouped':
      return 0
    default:
      return assertNever(attention, 'attention kind')
  }
}

function notYet(name: string): HadalError {
  const reason = NOT_YET.get(name) ?? ''
  const message = `config.json: model_type ${name} is recognised but not run yet: ${reason}.`
  return new HadalError('unsupported', message, {
    file: 'config.json',
    hint: `This version runs ${[...FAMILIES.keys()].join(', ')}.`,
  })
}
