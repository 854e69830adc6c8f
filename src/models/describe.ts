// Reads config.json into a ModelSpec; keys that are left out have the defaults of the model's type.
import { assertNever, HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { Notices } from '../lib/notices.ts'
import { DEFAULTS } from './config-defaults.ts'
import { ConfigFields } from './config-fields.ts'
import { judgeUnreadKeys } from './config-keys.ts'
import { describeGqa, describeMla } from './describe-attention.ts'
import { describeLayers } from './describe-layers.ts'
import { describeQuantization, type IntegerMethods } from './describe-quantization.ts'
import { readMaxPositions } from './describe-rotary.ts'
import { FAMILIES, type Family, NOT_YET } from './families.ts'
import type { Attention, ModelSpec } from './spec.ts'

/** The sampling kernels sum probabilities as integers, which hold up to 2^18 tokens. */
const MAX_VOCAB = (1 << 18) - 1
const MAX_HIDDEN = 1 << 20 // far above every published width

/**
 * config.json → ModelSpec. Throws `bad_config` or `unsupported`, naming the key or the family.
 * @param notices receives the keys that are unknown, contradictory or missing but do not stop a load
 * @param integers needed where `namesIntegerMethod`
 */
export function describeModel(
  config: unknown,
  notices = new Notices(),
  integers?: IntegerMethods,
): ModelSpec {
  const type = isJsonObject(config) ? config.model_type : undefined
  const defaults = (typeof type === 'string' ? DEFAULTS.get(type) : undefined) ?? {}
  const fields = new ConfigFields(config, { defaults, notices })
  const name = fields.choice('model_type', [...FAMILIES.keys(), ...NOT_YET.keys()])
  const family = FAMILIES.get(name)
  if (!family) throw notYet(name)
  fields.ignore(...family.unused)
  for (const [key, value] of Object.entries(family.fixed ?? {})) fields.only(key, value)
  const spec = { family: name, ...describeFamily(fields, family, integers) }
  judgeUnreadKeys(fields, notices)
  noteAssumedKeys(fields, defaults)
  return spec
}

/** Keys that every published config of these families has: a file without them was edited or converted. */
const USUAL_KEYS = ['hidden_act', 'rms_norm_eps', 'rope_theta', 'max_position_embeddings']

function noteAssumedKeys(fields: ConfigFields, defaults: Readonly<Record<string, unknown>>): void {
  const missing = fields.assumed().filter((key) => USUAL_KEYS.includes(key) || key.endsWith('_size'))
  if (missing.length === 0) return
  const values = missing.map((key) => `${key} ${defaults[key]}`).join(', ')
  fields.note(`lacks keys that have the default of its model_type instead: ${values}`)
}

function describeFamily(
  config: ConfigFields,
  family: Family,
  integers?: IntegerMethods,
): Omit<ModelSpec, 'family'> {
  config.choice('hidden_act', ['silu'])
  const vocabSize = config.count('vocab_size', 1, MAX_VOCAB)
  return {
    naming: family.naming,
    hiddenSize: config.count('hidden_size', 1, MAX_HIDDEN),
    vocabSize,
    ...describeStream(config, family),
    maxPositionEmbeddings: readMaxPositions(config),
    tieWordEmbeddings: config.flag('tie_word_embeddings'),
    attention: describeAttention(config, family),
    layers: describeLayers(config, family.routing),
    mtpLayers: config.count('num_nextn_predict_layers', 0, 16, 0),
    quantization: describeQuantization(config, integers),
    bosTokenId: config.ids('bos_token_id', vocabSize)[0],
    eosTokenIds: config.ids('eos_token_id', vocabSize),
  }
}

/**
 * The factors of a family with multipliers e, r, s: x = e·E[id], x += r·f(norm(x)), logits = W·norm(x) / s.
 * Kernels keep x / r, to which the layers' outputs are added as they are. Its norms are the same if their
 * epsilon is divided by r².
 */
function describeStream(config: ConfigFields, { multipliers = false }: Family) {
  const epsilon = config.number('rms_norm_eps', 1e-20, 1)
  if (!multipliers) return { rmsNormEps: epsilon, embeddingFactor: 1, logitsFactor: 1 }
  const residual = config.number('residual_multiplier', 1e-3, 1e3)
  return {
    rmsNormEps: epsilon / residual ** 2,
    embeddingFactor: config.number('embedding_multiplier', 1e-6, 1e6) / residual,
    logitsFactor: 1 / config.number('logits_scaling', 1e-6, 1e6),
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

function notYet(name: string): HadalError {
  const reason = NOT_YET.get(name) ?? ''
  const message = `config.json: model_type ${name} is recognised but not run yet: ${reason}.`
  return new HadalError('unsupported', message, {
    file: 'config.json',
    hint: `This version runs ${[...FAMILIES.keys()].join(', ')}.`,
  })
}
