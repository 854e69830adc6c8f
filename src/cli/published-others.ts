// The config.json of published models of other makers.
import { COMMON, type ConfigJson, family, PLAIN, position, sizes, tokens } from './published-parts.ts'

const QWEN3_30B_A3B: ConfigJson = {
  ...COMMON,
  ...sizes({ hidden: 2048, intermediate: 6144, layers: 48, heads: 32, kvHeads: 4 }),
  ...family('qwen3_moe', 'Qwen3MoeForCausalLM', '4.51.0'),
  ...tokens(151936, 151643, 151645),
  ...position(1000000, 40960),
  decoder_sparse_step: 1,
  head_dim: 128,
  max_window_layers: 48,
  mlp_only_layers: [],
  moe_intermediate_size: 768,
  norm_topk_prob: true,
  num_experts: 128,
  num_experts_per_tok: 8,
  output_router_logits: false,
  router_aux_loss_coef: 0.001,
  sliding_window: null,
  use_sliding_window: false,
}

/**
 * Three of IBM's keys could not be seen in the published file and are those of its predecessors:
 * initializer_range, max_position_embeddings and transformers_version.
 */
const GRANITE_4_1_3B: ConfigJson = {
  ...COMMON,
  ...sizes({ hidden: 2560, intermediate: 8192, layers: 40, heads: 40, kvHeads: 8 }),
  ...family('granite', 'GraniteForCausalLM', '4.56.0'),
  ...tokens(100352, 100257, 100257),
  ...position(10000000, 131072),
  attention_multiplier: 0.015625,
  embedding_multiplier: 12,
  logits_scaling: 10,
  mlp_bias: false,
  pad_token_id: 100256,
  residual_multiplier: 0.22,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
}

const DEEPSEEK_CODER_1_3B: ConfigJson = {
  ...PLAIN,
  ...sizes({ hidden: 2048, intermediate: 5504, layers: 24, heads: 16 }),
  ...family('llama', 'LlamaForCausalLM', '4.34.1'),
  ...tokens(32256, 32013, 32021),
  ...position(100000, 16384, { factor: 4, type: 'linear' }),
  pretraining_tp: 1,
}

/**
 * The published file could not be read. These are the values that inclusionAI's training settings and
 * NVIDIA's copy of its configuration class give; bos_token_id and transformers_version are assumed.
 */
const RING_MINI_2: ConfigJson = {
  ...PLAIN,
  ...sizes({ hidden: 2048, intermediate: 5120, layers: 20, heads: 16, kvHeads: 4 }),
  ...family('bailing_moe', 'BailingMoeV2ForCausalLM', '4.56.1'),
  ...tokens(157184, 156891, 156892),
  ...position(600000, 32768),
  embedding_dropout: 0,
  first_k_dense_replace: 1,
  head_dim: 128,
  max_window_layers: 20,
  moe_intermediate_size: 512,
  moe_router_enable_expert_bias: true,
  moe_shared_expert_intermediate_size: 512,
  n_group: 8,
  norm_topk_prob: true,
  num_experts: 256,
  num_experts_per_tok: 8,
  num_nextn_predict_layers: 0,
  num_shared_experts: 1,
  output_dropout: 0,
  pad_token_id: 156892,
  partial_rotary_factor: 0.5,
  routed_scaling_factor: 2.5,
  router_dtype: 'fp32',
  score_function: 'sigmoid',
  topk_group: 4,
  use_bias: false,
  use_qk_norm: true,
  use_qkv_bias: false,
  use_rmsnorm: true,
}

const SMOLLM3_3B: ConfigJson = {
  ...COMMON,
  ...sizes({ hidden: 2048, intermediate: 11008, layers: 36, heads: 16, kvHeads: 4 }),
  ...family('smollm3', 'SmolLM3ForCausalLM', '4.54.0.dev0'),
  ...tokens(128256, 128000, 128012),
  ...position(5000000, 65536),
  max_window_layers: 28,
  mlp_bias: false,
  no_rope_layer_interval: 4,
  no_rope_layers: Array.from({ length: 36 }, (_, layer) => ((layer + 1) % 4 === 0 ? 0 : 1)),
  pad_token_id: 128004,
  pretraining_tp: 2,
  sliding_window: null,
  tie_word_embeddings: true,
  use_sliding_window: false,
}

/** By common model name. */
export const OTHER_CONFIGS: Readonly<Record<string, ConfigJson>> = {
  'Qwen3-30B-A3B': QWEN3_30B_A3B,
  'Ring-mini-2.0': RING_MINI_2,
  'Granite-4.1-3B': GRANITE_4_1_3B,
  'SmolLM3-3B': SMOLLM3_3B,
  'DeepSeek-Coder-1.3B': DEEPSEEK_CODER_1_3B,
}
