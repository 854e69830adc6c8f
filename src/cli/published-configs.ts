// Answers: what do the config.json files of published models say? Data for making checkpoints of their shape, and for tests.
// It must not know what any key means.

type Config = Readonly<Record<string, unknown>>

const PLAIN: Config = {
  attention_dropout: 0,
  hidden_act: 'silu',
  initializer_range: 0.02,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  use_cache: true,
}

/** Qwen2 alone has no such key: its queries, keys and values always have one. */
const COMMON: Config = { ...PLAIN, attention_bias: false }

const LATENT: Config = {
  ...COMMON,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
}

const family = (type: string, architecture: string, writtenWith: string): Config => ({
  architectures: [architecture],
  model_type: type,
  transformers_version: writtenWith,
})

const sizes = (
  hidden: number,
  inner: number,
  layers: number,
  heads: number,
  kvHeads: number = heads,
): Config => ({
  hidden_size: hidden,
  intermediate_size: inner,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: kvHeads,
})

const tokens = (vocab: number, bos: number, eos: number | readonly number[]): Config => ({
  vocab_size: vocab,
  bos_token_id: bos,
  eos_token_id: eos,
})

const position = (base: number, most: number, scaling: Config | null = null): Config => ({
  rope_theta: base,
  rope_scaling: scaling,
  max_position_embeddings: most,
})

const experts = (count: number, active: number, inner: number, shared: number, denseLayers = 1): Config => ({
  n_routed_experts: count,
  num_experts_per_tok: active,
  moe_intermediate_size: inner,
  n_shared_experts: shared,
  first_k_dense_replace: denseLayers,
})

const EXPERTS: Config = { aux_loss_alpha: 0.001, moe_layer_freq: 1, pretraining_tp: 1, seq_aux: true }

const MIXTURE: Config = { ...EXPERTS, ep_size: 1, n_group: 1, topk_group: 1 }

const SOFTMAX: Config = { scoring_func: 'softmax', norm_topk_prob: false, routed_scaling_factor: 1 }
const SIGMOID: Config = { scoring_func: 'sigmoid', norm_topk_prob: true, topk_method: 'noaux_tc' }

const yarn = (mscale: number): Config => ({
  beta_fast: 32,
  beta_slow: 1,
  factor: 40,
  mscale,
  mscale_all_dim: mscale,
  original_max_position_embeddings: 4096,
  type: 'yarn',
})

const FP8: Config = {
  quantization_config: {
    activation_scheme: 'dynamic',
    fmt: 'e4m3',
    quant_method: 'fp8',
    weight_block_size: [128, 128],
  },
}

const DEEPSEEK_V2: Config = {
  ...LATENT,
  ...MIXTURE,
  ...SOFTMAX,
  ...family('deepseek_v2', 'DeepseekV2ForCausalLM', '4.39.3'),
  ...tokens(102400, 100000, 100001),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: the published number, not a root
  ...position(10000, 163840, yarn(0.707)),
}

const V2_LITE: Config = {
  ...DEEPSEEK_V2,
  ...sizes(2048, 10944, 27, 16),
  ...experts(64, 6, 1408, 2),
  q_lora_rank: null,
  topk_method: 'greedy',
}

const V2: Config = {
  ...DEEPSEEK_V2,
  ...sizes(5120, 12288, 60, 128),
  ...experts(160, 6, 1536, 2),
  n_group: 8,
  q_lora_rank: 1536,
  routed_scaling_factor: 16,
  topk_group: 3,
  topk_method: 'group_limited_greedy',
}

/** DeepSeek-V3 and R1. */
const V3: Config = {
  ...LATENT,
  ...MIXTURE,
  ...SIGMOID,
  ...FP8,
  ...sizes(7168, 18432, 61, 128),
  ...experts(256, 8, 2048, 1, 3),
  ...family('deepseek_v3', 'DeepseekV3ForCausalLM', '4.46.3'),
  ...tokens(129280, 0, 1),
  ...position(10000, 163840, yarn(1)),
  n_group: 8,
  num_nextn_predict_layers: 1,
  q_lora_rank: 1536,
  routed_scaling_factor: 2.5,
  topk_group: 4,
}

const KIMI_K2: Config = {
  ...V3,
  num_attention_heads: 64,
  num_key_value_heads: 64,
  ...experts(384, 8, 2048, 1),
  ...tokens(163840, 163584, 163585),
  ...position(50000, 131072, { ...yarn(1), beta_fast: 1, factor: 32 }),
  model_type: 'kimi_k2',
  n_group: 1,
  num_nextn_predict_layers: 0,
  routed_scaling_factor: 2.827,
  topk_group: 1,
  transformers_version: '4.48.3',
}

const MOONLIGHT: Config = {
  ...LATENT,
  ...MIXTURE,
  ...SIGMOID,
  ...sizes(2048, 11264, 27, 16),
  ...experts(64, 6, 1408, 2),
  ...family('deepseek_v3', 'DeepseekV3ForCausalLM', '4.46.3'),
  ...tokens(163840, 163584, 163586),
  ...position(50000, 8192),
  num_nextn_predict_layers: 0,
  q_lora_rank: null,
  rms_norm_eps: 1e-5,
  routed_scaling_factor: 2.446,
}

/** Names no scoring function: its modelling code knows only sigmoid. */
const GLM_4_7_FLASH: Config = {
  ...LATENT,
  ...sizes(2048, 10240, 47, 20),
  ...experts(64, 4, 1536, 1),
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

/** Its begin and end ids are assumed: those of the other models with this size of vocabulary. */
const YOUTU_LLM_2B: Config = {
  ...LATENT,
  ...sizes(2048, 6144, 32, 16),
  ...family('youtu', 'YoutuForCausalLM', '4.56.0'),
  ...tokens(128256, 128000, 128001),
  ...position(1600000, 131072),
  mlp_bias: false,
  q_lora_rank: 1536,
  rope_interleave: true,
  tie_word_embeddings: true,
}

const DEEPSEEK_MOE_16B: Config = {
  ...COMMON,
  ...EXPERTS,
  ...SOFTMAX,
  ...sizes(2048, 10944, 28, 16),
  ...experts(64, 6, 1408, 2),
  ...family('deepseek', 'DeepseekForCausalLM', '4.36.0'),
  ...tokens(102400, 100000, 100001),
  ...position(10000, 4096),
}

const QWEN2: Config = {
  ...PLAIN,
  ...family('qwen2', 'Qwen2ForCausalLM', '4.44.0'),
  ...position(10000, 131072),
  sliding_window: 4096,
  use_mrope: false,
  use_sliding_window: false,
}

const R1_DISTILL_QWEN_1_5B: Config = {
  ...QWEN2,
  ...sizes(1536, 8960, 28, 12, 2),
  ...tokens(151936, 151643, 151643),
  max_window_layers: 21,
}

const R1_DISTILL_QWEN_7B: Config = {
  ...QWEN2,
  ...sizes(3584, 18944, 28, 28, 4),
  ...tokens(152064, 151643, 151643),
  max_window_layers: 28,
}

const R1_DISTILL_LLAMA_8B: Config = {
  ...COMMON,
  ...sizes(4096, 14336, 32, 32, 8),
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

const R1_0528_QWEN3_8B: Config = {
  ...COMMON,
  ...sizes(4096, 12288, 36, 32, 8),
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

/** config.json by the name people use for the model. */
export const PUBLISHED: Readonly<Record<string, Config>> = {
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
}
