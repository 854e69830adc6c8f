// Reads config.json into a ModelSpec; a key or value that is not understood is refused.
import { assertNever, HadalError } from '../lib/error.ts'
import { ConfigFields } from './config-fields.ts'
import { refuseUnreadKeys } from './config-keys.ts'
import { describeGqa, describeMla } from './describe-attention.ts'
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
  const vocabSize = config.count('vocab_size', 1, MAX_VOCAB)
  return {
    family: name,
    hiddenSize: config.count('hidden_size', 1, MAX_HIDDEN),
    vocabSize,
    rmsNormEps: config.number('rms_norm_eps', 1e-20, 1),
    maxPositionEmbeddings: config.count('max_position_embeddings', 1, 1 << 30),
    tieWordEmbeddings: config.flag('tie_word_embeddings', family.tieWordEmbeddings),
    attention: describeAttention(config, family),
    layers: describeLayers(config, family.routing),
    mtpLayers: describeMtpLayers(config, family),
    ...describeQuantization(config),
    bosTokenId: config.ids('bos_token_id', vocabSize)[0],
    eosTokenIds: config.ids('eos_token_id', vocabSize),
  }
}

function describeAttention(config: ConfigFields, { attention, yarn }: Family): Attention {
  switch (attention.kind) {
    case 'latent':
      return describeMla(config, yarn)
    case 'grouped':
      return describeGqa(config, attention, yarn)
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
