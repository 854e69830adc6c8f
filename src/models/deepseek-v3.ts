// Answers: what model does a `deepseek_v3` config.json describe? Keys of the released configs, refused by name when not understood.
// It must not know tensors or kernels.
import type { BlockShape } from '../gpu/matrix.ts'
import { HadalError } from '../lib/error.ts'
import type { Fields } from './fields.ts'
import { rotaryOf, softmaxScale, type Yarn } from './rotary.ts'
import type { Dense, LatentAttention, Mixture, ModelSpec } from './spec.ts'

const MOST = 1 << 20 // no published dimension comes near

export function describeDeepseekV3(config: Fields): ModelSpec {
  config.choice('hidden_act', ['silu'], 'silu')
  if (config.flag('attention_bias', false)) {
    throw config.error('attention_bias', 'must be false: this family has no attention bias', true)
  }
  // Sampling counts probability in integers that hold up to 2^18 tokens.
  const vocab = config.count('vocab_size', 1, (1 << 18) - 1)
  const layerCount = config.count('num_hidden_layers', 1, 1000)
  const yarn = describeYarn(config)
  return {
    family: 'deepseek_v3',
    hidden: config.count('hidden_size', 1, MOST),
    vocab,
    epsilon: config.number('rms_norm_eps', 0, 1e-6),
    maxPosition: config.count('max_position_embeddings', 1, 1 << 30, 4096),
    tiedHead: config.flag('tie_word_embeddings', false),
    attention: describeAttention(config, yarn),
    layers: describeLayers(config, layerCount),
    drafts: config.count('num_nextn_predict_layers', 0, 16, 0),
    block: describeQuantization(config),
    bos: config.ids('bos_token_id', vocab)[0],
    eos: config.ids('eos_token_id', vocab),
  }
}

function describeAttention(config: Fields, yarn: Yarn | undefined): LatentAttention {
  const nope = config.count('qk_nope_head_dim', 1, MOST)
  const rope = config.count('qk_rope_head_dim', 2, MOST)
  const latent = config.count('kv_lora_rank', 2, MOST)
  if (rope % 2 !== 0) throw config.error('qk_rope_head_dim', 'must be even', rope)
  if (latent % 2 !== 0) throw config.error('kv_lora_rank', 'must be even: the cache holds pairs', latent)
  return {
    kind: 'latent',
    heads: config.count('num_attention_heads', 1, 4096),
    queryRank: config.has('q_lora_rank') ? config.count('q_lora_rank', 0, MOST) : 0,
    latent,
    nope,
    rope,
    value: config.count('v_head_dim', 1, MOST),
    scale: softmaxScale(nope + rope, yarn),
    halfSplit: !config.flag('rope_interleave', true),
    // DeepSeek's modelling code builds both latent norms with the default epsilon, whatever rms_norm_eps says.
    latentEpsilon: 1e-6,
    rotary: rotaryOf(rope, ropeBase(config), yarn),
  }
}

/** transformers 5 moved the rotary keys into `rope_parameters`. */
function ropeBase(config: Fields): number {
  return (config.object('rope_parameters') ?? config).number('rope_theta', 0, 10_000)
}

function describeYarn(config: Fields): Yarn | undefined {
  const scaling = config.object('rope_scaling') ?? config.object('rope_parameters')
  if (!scaling) return undefined
  const type = scaling.choice(scaling.has('type') ? 'type' : 'rope_type', ['yarn', 'default'], 'default')
  if (type === 'default') return undefined
  const mscaleKeys = ['mscale', 'mscale_all_dim'].filter((key) => scaling.has(key))
  if (mscaleKeys.length === 1) {
    throw scaling.error(
      'mscale',
      'and mscale_all_dim must be given together: implementations disagree about one alone',
      mscaleKeys,
    )
  }
  return {
    factor: scaling.number('factor', 0),
    betaFast: scaling.number('beta_fast', 0, 32),
    betaSlow: scaling.number('beta_slow', 0, 1),
    originalPositions: scaling.number(
      'original_max_position_embeddings',
      0,
      config.count('max_position_embeddings', 1, 1 << 30, 4096),
    ),
    // Without either key the modelling code corrects cos and sin instead of the softmax scale.
    mscale: scaling.number('mscale', -1, 1),
    mscaleAllDim: scaling.number('mscale_all_dim', -1, 0),
  }
}

function describeLayers(config: Fields, count: number): (Dense | Mixture)[] {
  const dense: Dense = { kind: 'dense', inner: config.count('intermediate_size', 1, MOST) }
  const firstMixture = config.has('n_routed_experts')
    ? config.count('first_k_dense_replace', 0, 1000, 0)
    : count
  const every = config.count('moe_layer_freq', 1, 1000, 1)
  const mixture = firstMixture < count ? describeMixture(config) : dense
  return Array.from({ length: count }, (_, layer) =>
    layer >= firstMixture && layer % every === 0 ? mixture : dense,
  )
}

function describeMixture(config: Fields): Mixture {
  config.choice('topk_method', ['noaux_tc'], 'noaux_tc')
  const scoring = config.choice('scoring_func', ['sigmoid'], 'sigmoid')
  const experts = config.count('n_routed_experts', 1, 512)
  const groups = config.count('n_group', 1, experts, 1)
  if (experts % groups !== 0) throw config.error('n_group', `must divide the ${experts} experts`, groups)
  const topGroups = config.count('topk_group', 1, groups, groups)
  const inner = config.count('moe_intermediate_size', 1, MOST)
  return {
    kind: 'mixture',
    experts,
    active: config.count('num_experts_per_tok', 1, (experts / groups) * topGroups),
    inner,
    sharedInner: inner * config.count('n_shared_experts', 0, 64, 0),
    scoring,
    groups,
    topGroups,
    groupScore: 'top2',
    bias: true,
    normalise: config.flag('norm_topk_prob', true),
    scaling: config.number('routed_scaling_factor', 0, 1),
  }
}

function describeQuantization(config: Fields): BlockShape | undefined {
  const quantization = config.object('quantization_config')
  if (!quantization) return undefined
  quantization.choice('quant_method', ['fp8'])
  quantization.choice('fmt', ['e4m3'], 'e4m3')
  if (!quantization.has('weight_block_size')) {
    throw new HadalError('unsupported', 'config.json: quantization_config has no weight_block_size.', {
      file: 'config.json',
      hint: 'This version runs FP8 weights with block scales (weight_scale_inv).',
    })
  }
  const [rows, cols, ...rest] = quantization.list('weight_block_size')
  const valid = (n: unknown): n is number =>
    typeof n === 'number' && Number.isInteger(n) && n > 0 && n <= 4096
  if (!valid(rows) || !valid(cols) || rest.length > 0) {
    throw quantization.error('weight_block_size', 'must be two whole numbers from 1 to 4096', [
      rows,
      cols,
      ...rest,
    ])
  }
  return { rows, cols }
}
