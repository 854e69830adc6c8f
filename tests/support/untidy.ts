// Makes a model folder untidy in every way that must not change its output.
import { DEFAULTS } from '../../src/models/config-defaults.ts'
import { type FileTensors, type ModelFiles, withTensors, zeroTensor } from './folder.ts'

const SINGLE = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'

/** The folder with odd config, tokens and template, left-over tensors, and an index that is not true. */
export function breakRules(files: ModelFiles): ModelFiles {
  const json = (name: string): Record<string, unknown> => JSON.parse(textOf(files[name]))
  const config = breakConfig(json('config.json'))
  const tokenizer = json('tokenizer.json')
  const id = Number(config.vocab_size)
  const added = { id, content: '[PAD]', special: true, single_word: false, lstrip: false, rstrip: false }
  const addedTokens = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : []
  const tokenizerConfig = {
    ...json('tokenizer_config.json'),
    chat_template: '{% widget %}',
    pad_token: '[PAD]',
  }
  return {
    ...breakWeights(files, json),
    'config.json': JSON.stringify(config),
    'tokenizer.json': JSON.stringify({
      ...tokenizer,
      added_tokens: [...addedTokens, { ...added, normalized: false }],
    }),
    'tokenizer_config.json': JSON.stringify(tokenizerConfig),
    'consolidated.safetensors': 'not read',
  }
}

/** Unknown keys, an impossible end token, and no key that has its default value. */
function breakConfig(config: Record<string, unknown>): Record<string, unknown> {
  const defaults = DEFAULTS.get(String(config.model_type)) ?? {}
  const rest = Object.entries(config).filter(([key, value]) => !(key in defaults) || defaults[key] !== value)
  const ends = [config.eos_token_id].flat()
  return {
    ...Object.fromEntries(rest),
    vocab_size: config.vocab_size,
    eos_token_id: [...ends, 1e6],
    is_our_config: true,
    use_flash_attn: false,
    bos_token: '<s>',
    pruned_heads: {},
  }
}

function breakWeights(files: ModelFiles, json: (name: string) => Record<string, unknown>): ModelFiles {
  if (files[INDEX] && !files[SINGLE]) {
    const map = json(INDEX).weight_map as Record<string, string>
    const [shard = ''] = Object.values(map)
    const promised = { 'model.layers.0.self_attn.rotary_emb.inv_freq.cached': shard }
    const index = { weight_map: { ...map, ...promised } }
    return { ...withTensors(files, addLeftovers, shard), [INDEX]: JSON.stringify(index) }
  }
  const gone = { weight_map: { 'model.norm.weight': 'model-00001-of-00002.safetensors' } }
  return { ...withTensors(files, addLeftovers, SINGLE), [INDEX]: JSON.stringify(gone) }
}

/** What tools leave in files: buffers, scalars, empty tensors and other parts of a larger model. */
export function addLeftovers(tensors: FileTensors, prefix = 'model.'): void {
  tensors[`${prefix}layers.0.self_attn.rotary_emb.inv_freq`] = zeroTensor('F32', 7)
  tensors[`${prefix}layers.1.self_attn.masked_bias`] = zeroTensor('BOOL', 1, 8, 8)
  tensors[`${prefix}num_batches_tracked`] = zeroTensor('I64')
  tensors[`${prefix}layers.0.self_attn.o_proj.bias`] = zeroTensor('F64', 0)
  tensors[`${prefix}layers.99.self_attn.q_norm.weight`] = zeroTensor('BF16', 14)
  tensors['vision_tower.blocks.0.attn.qkv.bias'] = zeroTensor('F16', 8)
  tensors.freqs_cis = ['C64', [3], new Uint8Array(24)]
  tensors.fp4_table = ['F4', [16], new Uint8Array(8)]
}

const textOf = (file: Uint8Array | string | undefined): string =>
  typeof file === 'string' ? file : new TextDecoder().decode(file)
