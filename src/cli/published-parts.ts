// Keys that config.json files of published models share.

export type ConfigJson = Readonly<Record<string, unknown>>

export const PLAIN: ConfigJson = {
  attention_dropout: 0,
  hidden_act: 'silu',
  initializer_range: 0.02,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  use_cache: true,
}

/** Qwen2 has no `attention_bias` key: its queries, keys and values always have a bias. */
export const COMMON: ConfigJson = { ...PLAIN, attention_bias: false }

export const MLA: ConfigJson = {
  ...COMMON,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
}

export const family = (type: string, architecture: string, writtenWith: string): ConfigJson => ({
  architectures: [architecture],
  model_type: type,
  transformers_version: writtenWith,
})

type LayerSizes = Record<'hidden' | 'intermediate' | 'layers' | 'heads', number> & { kvHeads?: number }

export const sizes = ({ hidden, intermediate, layers, heads, kvHeads = heads }: LayerSizes): ConfigJson => ({
  hidden_size: hidden,
  intermediate_size: intermediate,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: kvHeads,
})

export const tokens = (vocab: number, bos: number, eos: number | readonly number[]): ConfigJson => ({
  vocab_size: vocab,
  bos_token_id: bos,
  eos_token_id: eos,
})

export const position = (
  theta: number,
  maxPositions: number,
  scaling: ConfigJson | null = null,
): ConfigJson => ({
  rope_theta: theta,
  rope_scaling: scaling,
  max_position_embeddings: maxPositions,
})

type ExpertSizes = Record<'count' | 'perToken' | 'intermediate' | 'shared', number> & { denseLayers?: number }

export const experts = ({
  count,
  perToken,
  intermediate,
  shared,
  denseLayers = 1,
}: ExpertSizes): ConfigJson => ({
  n_routed_experts: count,
  num_experts_per_tok: perToken,
  moe_intermediate_size: intermediate,
  n_shared_experts: shared,
  first_k_dense_replace: denseLayers,
})

export const MOE_TRAINING: ConfigJson = {
  aux_loss_alpha: 0.001,
  moe_layer_freq: 1,
  pretraining_tp: 1,
  seq_aux: true,
}

export const MOE: ConfigJson = { ...MOE_TRAINING, ep_size: 1, n_group: 1, topk_group: 1 }

export const SOFTMAX: ConfigJson = {
  scoring_func: 'softmax',
  norm_topk_prob: false,
  routed_scaling_factor: 1,
}
export const SIGMOID: ConfigJson = { scoring_func: 'sigmoid', norm_topk_prob: true, topk_method: 'noaux_tc' }

export const yarn = (mscale: number): ConfigJson => ({
  beta_fast: 32,
  beta_slow: 1,
  factor: 40,
  mscale,
  mscale_all_dim: mscale,
  original_max_position_embeddings: 4096,
  type: 'yarn',
})

export const FP8: ConfigJson = {
  quantization_config: {
    activation_scheme: 'dynamic',
    fmt: 'e4m3',
    quant_method: 'fp8',
    weight_block_size: [128, 128],
  },
}
