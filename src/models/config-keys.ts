// Judges the keys of config.json that nothing read: those that change the computation are refused by name,
// those about training and bookkeeping are passed over, and all others are a notice.
import type { UnreadField } from '../lib/fields.ts'
import { listNames, type Notices } from '../lib/notices.ts'
import { type ConfigFields, unsupportedKey } from './config-fields.ts'

/**
 * Keys about training, bookkeeping and sampling defaults (generation_config.json overrides those), and keys
 * that transformers writes into every file.
 */
const HARMLESS = new Set(
  `
  _attn_implementation _attn_implementation_autoset _attn_implementation_internal _commit_hash
  _name_or_path _experts_implementation architectures attn_implementation auto_map
  transformers_version transformers.js_config dtype torch_dtype use_bfloat16 torchscript
  tf_legacy_loss return_dict use_return_dict output_attentions output_hidden_states
  output_router_logits use_cache chunk_size_feed_forward gradient_checkpointing
  keys_to_ignore_at_inference finetuning_task task_specific_params problem_type id2label label2id
  num_labels unsloth_fixed unsloth_version model_name model_max_length max_sequence_length
  tokenizer_class prefix

  attention_dropout hidden_dropout hidden_dropout_prob attention_probs_dropout_prob embd_pdrop
  resid_pdrop attn_pdrop classifier_dropout initializer_range embedding_initializer_range
  initializer_std seq_length seq_aux aux_loss_alpha router_aux_loss_coef router_z_loss_coef
  router_jitter_noise pretraining_tp ep_size max_window_layers

  bos_token_id eos_token_id pad_token_id sep_token_id unk_token_id cls_token_id mask_token_id
  decoder_start_token_id max_length min_length max_new_tokens do_sample early_stopping num_beams
  num_beam_groups diversity_penalty temperature top_k top_p min_p typical_p repetition_penalty
  length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids num_return_sequences
  output_scores return_dict_in_generate forced_bos_token_id forced_eos_token_id remove_invalid_values
  exponential_decay_length_penalty suppress_tokens begin_suppress_tokens is_decoder

  quantization_config.activation_scheme quantization_config.scale_fmt
  quantization_config.modules_to_not_convert quantization_config.ignored_layers
`
    .trim()
    .split(/\s+/),
)

/**
 * Keys that change what models of this kind compute and that this version does not run, with the values that
 * leave the computation as it is. They are keys of the configuration classes of these and related families in
 * transformers 5.24, and of the files that DeepSeek, Moonshot and Z.ai publish with their models.
 */
const CHANGES_COMPUTATION: Readonly<Record<string, readonly unknown[]>> = {
  // attention
  alibi: [false],
  attention_bias: [false],
  attention_chunk_size: [0],
  attention_multiplier: [],
  attn_logit_softcapping: [0],
  attn_output_gate: [false],
  attn_temperature_tuning: [false],
  clip_qkv: [0],
  cross_attention_layers: ['[]'],
  full_attention_interval: [1],
  index_head_dim: [0],
  index_n_heads: [0],
  index_topk: [0],
  is_causal: [true],
  kv_sharing_layers: [0],
  layer_types: [],
  linear_num_key_heads: [0],
  no_rope_layers: ['[]'],
  no_rope_layer_interval: [0],
  position_embedding_type: ['rope', 'rotary', 'absolute'],
  qk_layernorm: [false],
  query_pre_attn_scalar: [],
  sliding_window: [0, -1],
  sliding_window_pattern: [1],
  use_bidirectional_attention: [false],
  use_mrope: [false],
  use_qk_norm: [false],
  use_sliding_window: [false],
  // scaled or capped activations
  dim_model_base: [],
  embedding_multiplier: [1],
  final_logit_softcapping: [0],
  logit_scale: [1],
  logits_scaling: [1],
  residual_multiplier: [1],
  scale_depth: [],
  scale_emb: [1],
  swiglu_limit: [0],
  // feed-forward and experts
  decoder_sparse_step: [1],
  expert_dtype: ['bf16', 'bfloat16', 'float32', 'fp8'],
  mlp_bias: [false],
  mlp_only_layers: ['[]'],
  n_routed_experts: [0],
  num_experts: [0],
  num_local_experts: [0, 1],
  num_hash_layers: [0],
  zero_expert_num: [0],
  // structure
  add_cross_attention: [false],
  audio_config: [],
  compress_ratios: ['[]'],
  hc_mult: [0, 1],
  is_encoder_decoder: [false],
  model_file: [], // MLX: Python code that comes with the model
  pruned_heads: ['{}'],
  tie_encoder_decoder: [false],
  use_parallel_residual: [false],
  vision_config: [],
  'quantization_config.dequantize': [false],
}

/**
 * Throws `unsupported` for the first key that was not read and changes the computation. Unknown keys become a
 * notice that names them.
 */
export function judgeUnreadKeys(config: ConfigFields, notices: Notices): void {
  const unread = config.unread().filter(({ path }) => !HARMLESS.has(path))
  const changing = unread.find(changesComputation)
  if (changing) {
    const hint =
      'This key changes what the model computes, and this version does not run that. If the model was ' +
      'trained without it, set it to null by the option `config`.'
    throw unsupportedKey(changing.path, changing.value, hint)
  }
  const unknown = unread.filter(({ path }) => !Object.hasOwn(CHANGES_COMPUTATION, path))
  if (unknown.length === 0) return
  const names = listNames(unknown.map(({ path }) => path))
  notices.add(`config.json has keys that are not known here and were ignored: ${names}.`)
}

function changesComputation({ path, value }: UnreadField): boolean {
  if (!Object.hasOwn(CHANGES_COMPUTATION, path)) return false
  if (path === 'layer_types' && Array.isArray(value)) return value.some((type) => type !== 'full_attention')
  const compared = typeof value === 'object' ? JSON.stringify(value) : value
  return !(CHANGES_COMPUTATION[path] ?? []).includes(compared)
}
