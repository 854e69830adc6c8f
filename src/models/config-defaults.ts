// Values of config.json keys that a file may leave out, by model_type, from the configuration classes.
//
// Sources: transformers 5.24 (models/*/configuration_*.py), and the configuration_deepseek.py that DeepSeek
// and Moonshot publish beside deepseek and kimi_k2 models. Left out are keys whose default depends on others
// (num_key_value_heads, head_dim of most types), token ids, and the number of routed experts of DeepSeek's
// types, without which published models of these types are dense.

type ConfigDefaults = Readonly<Record<string, unknown>>

const COMMON = {
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  tie_word_embeddings: false,
}

const LLAMA = {
  ...COMMON,
  vocab_size: 32_000,
  hidden_size: 4096,
  intermediate_size: 11_008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  max_position_embeddings: 2048,
}

const QWEN = { ...LLAMA, vocab_size: 151_936, intermediate_size: 22_016, max_position_embeddings: 32_768 }

/** Sizes that MLA has had since DeepSeek-V2. */
const MLA = {
  ...COMMON,
  kv_lora_rank: 512,
  q_lora_rank: 1536,
  qk_rope_head_dim: 64,
  qk_nope_head_dim: 128,
  v_head_dim: 128,
}

const V3 = {
  ...MLA,
  vocab_size: 129_280,
  hidden_size: 7168,
  intermediate_size: 18_432,
  moe_intermediate_size: 2048,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  max_position_embeddings: 4096,
  n_shared_experts: 1,
  routed_scaling_factor: 2.5,
  n_group: 8,
  topk_group: 4,
  num_experts_per_tok: 8,
  first_k_dense_replace: 3,
  norm_topk_prob: true,
}

const YOUTU = {
  ...MLA,
  vocab_size: 128_256,
  hidden_size: 2048,
  intermediate_size: 6144,
  num_hidden_layers: 32,
  num_attention_heads: 16,
  max_position_embeddings: 131_072,
  tie_word_embeddings: true,
}

/** Defaults by `model_type`. */
export const DEFAULTS: ReadonlyMap<string, ConfigDefaults> = new Map<string, ConfigDefaults>([
  [
    'deepseek',
    {
      ...LLAMA,
      vocab_size: 102_400,
      num_hidden_layers: 30,
      moe_intermediate_size: 1407,
      first_k_dense_replace: 0,
      norm_topk_prob: false,
    },
  ],
  [
    'deepseek_v2',
    {
      ...MLA,
      vocab_size: 102_400,
      hidden_size: 4096,
      intermediate_size: 11_008,
      moe_intermediate_size: 1407,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      max_position_embeddings: 2048,
      n_shared_experts: 2,
      routed_scaling_factor: 1,
      first_k_dense_replace: 0,
      topk_method: 'greedy',
    },
  ],
  ['deepseek_v3', V3],
  ['kimi_k2', V3],
  [
    'glm4_moe_lite',
    {
      ...V3,
      vocab_size: 154_880,
      hidden_size: 2048,
      intermediate_size: 10_240,
      moe_intermediate_size: 1536,
      num_hidden_layers: 47,
      num_attention_heads: 20,
      max_position_embeddings: 202_752,
      rms_norm_eps: 1e-5,
      routed_scaling_factor: 1.8,
      q_lora_rank: 768,
      qk_nope_head_dim: 192,
      v_head_dim: 256,
      n_group: 1,
      topk_group: 1,
      num_experts_per_tok: 4,
      first_k_dense_replace: 1,
    },
  ],
  ['youtu', YOUTU],
  ['youtu_llm', YOUTU],
  ['qwen2', QWEN],
  ['qwen3', { ...QWEN, head_dim: 128 }],
  [
    'qwen3_moe',
    {
      ...QWEN,
      hidden_size: 2048,
      intermediate_size: 6144,
      moe_intermediate_size: 768,
      num_hidden_layers: 24,
      num_key_value_heads: 4,
      num_experts: 128,
      num_experts_per_tok: 8,
      norm_topk_prob: false,
    },
  ],
  ['llama', LLAMA],
  [
    'smollm3',
    {
      ...LLAMA,
      vocab_size: 128_256,
      hidden_size: 2048,
      num_hidden_layers: 36,
      num_attention_heads: 16,
      num_key_value_heads: 4,
      max_position_embeddings: 32_768,
      rope_theta: 2_000_000,
      tie_word_embeddings: true,
    },
  ],
  [
    'granite',
    {
      ...LLAMA,
      attention_multiplier: 1,
      embedding_multiplier: 1,
      logits_scaling: 1,
      residual_multiplier: 1,
    },
  ],
])
