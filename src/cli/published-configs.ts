// The config.json of published models, to make checkpoints of the same shape and for tests. Keys and values
// are those of the published files.
import { OTHER_CONFIGS } from './published-others.ts'
import {
  COMMON,
  type ConfigJson,
  experts,
  FP8,
  family,
  MLA,
  MOE,
  MOE_TRAINING,
  PLAIN,
  position,
  SIGMOID,
  SOFTMAX,
  sizes,
  tokens,
  yarn,
} from './published-parts.ts'

const DEEPSEEK_V2: ConfigJson = {
  ...MLA,
  ...MOE,
  ...SOFTMAX,
  ...family('deepseek_v2', 'DeepseekV2ForCausalLM', '4.39.3'),
  ...tokens(102400, 100000, 100001),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: the published value, not 1 / √2
  ...position(10000, 163840, yarn(0.707)),
}

const V2_LITE: ConfigJson = {
  ...DEEPSEEK_V2,
  ...sizes({ hidden: 2048, intermediate: 10944, layers: 27, heads: 16 }),
  ...experts({ count: 64, perToken: 6, intermediate: 1408, shared: 2 }),
  q_lora_rank: null,
  topk_method: 'greedy',
}

const V2: ConfigJson = {
  ...DEEPSEEK_V2,
  ...sizes({ hidden: 5120, intermediate: 12288, layers: 60, heads: 128 }),
  ...experts({ count: 160, perToken: 6, intermediate: 1536, shared: 2 }),
  n_group: 8,
  q_lora_rank: 1536,
  routed_scaling_factor: 16,
  topk_group: 3,
  topk_method: 'group_limited_greedy',
}

/** DeepSeek-V3 and R1. */
const V3: ConfigJson = {
  ...MLA,
  ...MOE,
  ...SIGMOID,
  ...FP8,
  ...sizes({ hidden: 7168, intermediate: 18432, layers: 61, heads: 128 }),
  ...experts({ count: 256, perToken: 8, intermediate: 2048, shared: 1, denseLayers: 3 }),
  ...family('deepseek_v3', 'DeepseekV3ForCausalLM', '4.46.3'),
  ...tokens(129280, 0, 1),
  ...position(10000, 163840, yarn(1)),
  n_group: 8,
  num_nextn_predict_layers: 1,
  q_lora_rank: 1536,
  routed_scaling_factor: 2.5,
  topk_group: 4,
}

const KIMI_K2: ConfigJson = {
  ...V3,
  num_attention_heads: 64,
  num_key_value_heads: 64,
  ...experts({ count: 384, perToken: 8, intermediate: 2048, shared: 1 }),
  ...tokens(163840, 163584, 163585),
  ...position(50000, 131072, { ...yarn(1), beta_fast: 1, factor: 32 }),
  model_type: 'kimi_k2',
  n_group: 1,
  num_nextn_predict_layers: 0,
  routed_scaling_factor: 2.827,
  topk_group: 1,
  transformers_version: '4.48.3',
}

const MOONLIGHT: ConfigJson = {
  ...MLA,
  ...MOE,
  ...SIGMOID,
  ...sizes({ hidden: 2048, intermediate: 11264, layers: 27, heads: 16 }),
  ...experts({ count: 64, perToken: 6, intermediate: 1408, shared: 2 }),
  ...family('deepseek_v3', 'DeepseekV3ForCausalLM', '4.46.3'),
  ...tokens(163840, 163584, 163586),
  ...position(50000, 8192),
  num_nextn_predict_layers: 0,
  q_lora_rank: null,
  rms_norm_eps: 1e-5,
  routed_scaling_factor: 2.446,
}

/** No scoring_func key: its modeling code always uses sigmoid. */
const GLM_4_7_FLASH: ConfigJson = {
  ...MLA,
  ...sizes({ hidden: 2048, intermediate: 10240, layers: 47, heads: 20 }),
  ...experts({ count: 64, perToken: 4, intermediate: 1536, shared: 1 }),
  ...family('glm4_moe_lite', 'Glm4MoeLiteForCausalLM', '5.0.0rc0'),
  ...position(1000000, 202752),
  eos_token_id: [154820, 154827, 154829],
  n_group: 1,
  norm_topk_prob: true,
  num_nextn_predict_layers: 1,
  pad_token_id: 154820,
  partial_rotary_factor: 1,
  q_lora_rank: 768,
  qk_nope_head_dim: 192,
  rms_norm_eps: 1e-5,
  rope_interleave: true,
  routed_scaling_factor: 1.8,
  topk_group: 1,
  topk_method: 'noaux_tc',
  v_head_dim: 256,
  vocab_size: 154880,
}

/** BOS and EOS ids are assumed: those of other models with this vocabulary size. */
const YOUTU_LLM_2B: ConfigJson = {
  ...MLA,
  ...sizes({ hidden: 2048, intermediate: 6144, layers: 32, heads: 16 }),
  ...family('youtu', 'YoutuForCausalLM', '4.56.0'),
  ...tokens(128256, 128000, 128001),
  ...position(1600000, 131072),
  mlp_bias: false,
  q_lora_rank: 1536,
  rope_interleave: true,
  tie_word_embeddings: true,
}

const DEEPSEEK_MOE_16B: ConfigJson = {
  ...COMMON,
  ...MOE_TRAINING,
  ...SOFTMAX,
  ...sizes({ hidden: 2048, intermediate: 10944, layers: 28, heads: 16 }),
  ...experts({ count: 64, perToken: 6, intermediate: 1408, shared: 2 }),
  ...family('deepseek', 'DeepseekForCausalLM', '4.36.0'),
  ...tokens(102400, 100000, 100001),
  ...position(10000, 4096),
}

const QWEN2: ConfigJson = {
  ...PLAIN,
  ...family('qwen2', 'Qwen2ForCausalLM', '4.44.0'),
  ...position(10000, 131072),
  sliding_window: 4096,
  use_mrope: false,
  use_sliding_window: false,
}

const R1_DISTILL_QWEN_1_5B: ConfigJson = {
  ...QWEN2,
  ...sizes({ hidden: 1536, intermediate: 8960, layers: 28, heads: 12, kvHeads: 2 }),
  ...tokens(151936, 151643, 151643),
  max_window_layers: 21,
}

const R1_DISTILL_QWEN_7B: ConfigJson = {
  ...QWEN2,
  ...sizes({ hidden: 3584, intermediate: 18944, layers: 28, heads: 28, kvHeads: 4 }),
  ...tokens(152064, 151643, 151643),
  max_window_layers: 28,
}

const R1_DISTILL_LLAMA_8B: ConfigJson = {
  ...COMMON,
  ...sizes({ hidden: 4096, intermediate: 14336, layers: 32, heads: 32, kvHeads: 8 }),
  ...family('llama', 'LlamaForCausalLM', '4.43.0'),
  ...tokens(128256, 128000, 128001),
  ...position(500000, 131072, {
    factor: 8,
    high_freq_factor: 4,
    low_freq_factor: 1,
    original_max_position_embeddings: 8192,
    rope_type: 'llama3',
  }),
  mlp_bias: false,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
}

const R1_0528_QWEN3_8B: ConfigJson = {
  ...COMMON,
  ...sizes({ hidden: 4096, intermediate: 12288, layers: 36, heads: 32, kvHeads: 8 }),
  ...family('qwen3', 'Qwen3ForCausalLM', '4.51.0'),
  ...tokens(151936, 151643, 151645),
  ...position(1000000, 131072, {
    attn_factor: 0.8782488562869419,
    factor: 4,
    original_max_position_embeddings: 32768,
    rope_type: 'yarn',
  }),
  head_dim: 128,
  max_window_layers: 36,
  sliding_window: null,
  use_sliding_window: false,
}

/** Configs by common model name. */
export const PUBLISHED_CONFIGS: Readonly<Record<string, ConfigJson>> = {
  'V2-Lite': V2_LITE,
  V2,
  V3,
  Moonlight: MOONLIGHT,
  'Kimi-K2': KIMI_K2,
  'GLM-4.7-Flash': GLM_4_7_FLASH,
  'Youtu-LLM-2B': YOUTU_LLM_2B,
  'DeepSeekMoE-16B': DEEPSEEK_MOE_16B,
  'R1-Distill-Qwen-1.5B': R1_DISTILL_QWEN_1_5B,
  'R1-Distill-Qwen-7B': R1_DISTILL_QWEN_7B,
  'R1-Distill-Llama-8B': R1_DISTILL_LLAMA_8B,
  'R1-0528-Qwen3-8B': R1_0528_QWEN3_8B,
  ...OTHER_CONFIGS,
}
