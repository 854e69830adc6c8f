// Keys of config.json that never change what is computed, or not with the values listed here.
// A key that is neither listed here nor read by the describe functions is refused by name.
import type { UnreadField } from '../lib/fields.ts'
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

/** Keys that would change the computation, with the values that do not. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  add_cross_attention: [false],
  embedding_multiplier: [1],
  is_encoder_decoder: [false],
  logit_scale: [1],
  logits_scaling: [1],
  mlp_bias: [false],
  num_nextn_predict_layers: [0],
  partial_rotary_factor: [1],
  residual_multiplier: [1],
  scale_emb: [1],
  tie_encoder_decoder: [false],
  use_mrope: [false],
  use_qk_norm: [false],
  use_sliding_window: [false],
  'quantization_config.dequantize': [false],
  'rope_scaling.factor': [1],
  'rope_scaling.partial_rotary_factor': [1],
  'rope_scaling.truncate': [true],
}

/** Throws `unsupported` for the first key that was not read and is not known to be harmless. */
export function refuseUnreadKeys(config: ConfigFields): void {
  const unread = config.unread().find((field) => !isHarmless(field))
  if (!unread) return
  const hint =
    'This key may change what the model computes, and this version does not know it. ' +
    'Remove it only if you know that it changes nothing.'
  throw unsupportedKey(unread.path, unread.value, hint)
}

function isHarmless({ path, value }: UnreadField): boolean {
  const key = path.replace('rope_parameters.', 'rope_scaling.')
  if (HARMLESS.has(key)) return true
  if (key === 'layer_types') return Array.isArray(value) && value.every((type) => type === 'full_attention')
  if (key === 'pruned_heads') return JSON.stringify(value) === '{}'
  return Object.hasOwn(NEUTRAL, key) && (NEUTRAL[key] ?? []).includes(value)
}
