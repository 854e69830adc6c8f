// The config.json of a random checkpoint: a published one with fewer layers, experts or tokens, and a dtype.
import { isJsonObject } from '../../lib/json.ts'
import { UsageError } from '../args.ts'
import { PUBLISHED_CONFIGS } from '../published-configs.ts'
import { type ChatFormat, chatFormatOf, type RenumberedTokens, renumber } from './chat-format.ts'

export const CHECKPOINT_DTYPES = ['bf16', 'fp8', 'f16', 'f32'] as const
export type CheckpointDtype = (typeof CHECKPOINT_DTYPES)[number]

export interface CheckpointRequest {
  readonly like: string
  readonly dtype: CheckpointDtype
  readonly layers?: number | undefined
  readonly vocab?: number | undefined
  readonly experts?: number | undefined
}

export interface CheckpointRecipe extends RenumberedTokens {
  readonly config: Readonly<Record<string, unknown>>
  readonly chatFormat: ChatFormat
}

const TORCH_TYPES: Readonly<Record<CheckpointDtype, string>> = {
  bf16: 'bfloat16',
  fp8: 'bfloat16', // the dtype of tensors that are not quantized
  f16: 'float16',
  f32: 'float32',
}

const V3_QUANTIZATION = PUBLISHED_CONFIGS.V3?.quantization_config

/**
 * Config and control tokens of a checkpoint. Throws `UsageError` with the list of names for an unknown one.
 */
export function recipeOf(request: CheckpointRequest): CheckpointRecipe {
  const published = Object.hasOwn(PUBLISHED_CONFIGS, request.like)
    ? PUBLISHED_CONFIGS[request.like]
    : undefined
  if (!published) {
    throw new UsageError(
      `Unknown model "${request.like}". Models: ${Object.keys(PUBLISHED_CONFIGS).join(', ')}.`,
    )
  }
  const { quantization_config: _, ...plain } = published
  const chatFormat = chatFormatOf(request.like)
  const vocab = request.vocab ?? Number(published.vocab_size)
  const { controlIds, idOf } = renumber(chatFormat, vocab, vocab === published.vocab_size)
  const config: Record<string, unknown> = {
    ...plain,
    ...withExperts(published, request.experts),
    vocab_size: vocab,
    num_hidden_layers: request.layers ?? published.num_hidden_layers,
    torch_dtype: TORCH_TYPES[request.dtype],
    ...(request.dtype === 'fp8' ? { quantization_config: V3_QUANTIZATION } : {}),
    // MTP layers are never written.
    ...('num_nextn_predict_layers' in published ? { num_nextn_predict_layers: 0 } : {}),
  }
  for (const key of ['bos_token_id', 'eos_token_id', 'pad_token_id']) {
    const ids = config[key]
    if (Array.isArray(ids)) config[key] = ids.map(idOf)
    else if (typeof ids === 'number') config[key] = idOf(ids)
  }
  return { config: sorted(config), chatFormat, controlIds, idOf }
}

/**
 * Fewer experts. The groups of the router stay if each gets at least two experts, and as many as the others.
 */
function withExperts(published: Readonly<Record<string, unknown>>, experts: number | undefined) {
  if (experts === undefined) return {}
  const { n_group: published_groups, topk_group: top, num_experts_per_tok: active } = published
  const countKey = ['n_routed_experts', 'num_experts'].find((key) => key in published)
  if (!countKey) throw new UsageError('--experts works with mixture-of-experts models only.')
  const keepsGroups =
    typeof published_groups === 'number' &&
    experts % published_groups === 0 &&
    experts / published_groups >= 2
  const groups = keepsGroups ? published_groups : 1
  const topGroups = keepsGroups ? Number(top) : 1
  return {
    [countKey]: experts,
    num_experts_per_tok: Math.min(Number(active), (experts / groups) * topGroups),
    ...(published_groups === undefined ? {} : { n_group: groups, topk_group: topGroups }),
  }
}

const sorted = (config: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(config)
      .map(([key, value]): [string, unknown] => [key, isJsonObject(value) ? sorted(value) : value])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

/** Keys that other readers accept only as floats, so 1 is written as 1.0. */
const FLOAT_KEYS = [
  'attention_dropout',
  'factor',
  'high_freq_factor',
  'low_freq_factor',
  'mscale',
  'mscale_all_dim',
  'partial_rotary_factor',
  'routed_scaling_factor',
  'temperature',
]
const WHOLE_FLOAT = new RegExp(`("(?:${FLOAT_KEYS.join('|')})": \\d+)(?=,?$)`, 'gm')

/** JSON in the style of published files: indented, with floats written as 1.0. */
export const jsonText = (settings: unknown): string =>
  `${JSON.stringify(settings, undefined, 2).replace(WHOLE_FLOAT, '$1.0')}\n`
