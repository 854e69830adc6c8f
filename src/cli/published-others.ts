// The config.json of published models of other makers.
import { COMMON, type ConfigJson, family, position, sizes, tokens } from './published-parts.ts'

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

/** By common model name. */
export const OTHER_CONFIGS: Readonly<Record<string, ConfigJson>> = {
  'Qwen3-30B-A3B': QWEN3_30B_A3B,
}
