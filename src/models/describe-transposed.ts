// Reads how GPTQ or AWQ quantised a model. Both store matrices transposed, inputs outermost.
import type { ConfigFields } from './config-fields.ts'
import { describeGroupSize, QUANTIZATION_HINT } from './quantization-fields.ts'
import type { StoredQuantization } from './spec.ts'

const ACT_ORDER_HINT = `Its columns are in the order of their importance (act-order). ${QUANTIZATION_HINT}`

/** What the makers of such files note about their work, and how other engines should run them. */
const GPTQ_NOTES = `
  damp_percent damp_auto_increment true_sequential quantizer meta lm_head sym mse hyb_act
  model_name_or_path model_file_base_name dataset tokenizer batch_size cache_block_outputs model_seqlen
  modules_in_block_to_quantize block_name_to_quantize module_name_preceding_first_block pad_token_id
  max_input_length pack_dtype backend use_cuda_fp16 use_exllama disable_exllama exllama_config
`
  .trim()
  .split(/\s+/)

/**
 * GPTQ: version 1 stores each zero point minus one. Throws `unsupported` for an order of columns of its own.
 */
export function describeGptq(fields: ConfigFields): StoredQuantization {
  const bits = fields.choice('bits', [4, 8], undefined, QUANTIZATION_HINT)
  const groupSize = describeGroupSize(fields, 'group_size')
  const actOrder = fields.flag('desc_act', false)
  // Where a whole row shares its scale, the order of columns means nothing. Static groups follow the columns.
  const isStatic = fields.flag('static_groups', false)
  if (actOrder && !isStatic && groupSize !== undefined) throw fields.unsupported('desc_act', ACT_ORDER_HINT)
  const version = fields.choice('checkpoint_format', ['gptq', 'gptq_v2'], 'gptq', QUANTIZATION_HINT)
  if (fields.flag('is_marlin_format', false)) throw fields.unsupported('is_marlin_format', QUANTIZATION_HINT)
  if ((fields.object('dynamic')?.keys() ?? []).length > 0)
    throw fields.unsupported('dynamic', QUANTIZATION_HINT)
  fields.ignore(...GPTQ_NOTES)
  return { method: 'gptq', groups: { bits, groupSize }, zeroOffset: version === 'gptq' ? 1 : 0 }
}

const AWQ_NOTES = ['modules_to_not_convert', 'backend', 'do_fuse', 'exllama_config', 'fuse_max_seq_len']

/** AWQ of version "gemm": 4 bits, with zero points. */
export function describeAwq(fields: ConfigFields): StoredQuantization {
  const bits = fields.choice('bits', [4], undefined, QUANTIZATION_HINT)
  const groupSize = describeGroupSize(fields, 'group_size')
  fields.choice('version', ['gemm', 'GEMM'], 'gemm', QUANTIZATION_HINT)
  if (!fields.flag('zero_point', true)) throw fields.unsupported('zero_point', QUANTIZATION_HINT)
  fields.ignore(...AWQ_NOTES)
  return { method: 'awq', groups: { bits, groupSize } }
}
