// Answers: what config.json does a made checkpoint get? A published one, cut to fewer layers, experts or tokens and set to a type.
// It must not know tensors or files.
import { isRecord } from '../../lib/record.ts'
import { UsageError } from '../args.ts'
import { PUBLISHED } from '../published-configs.ts'
import { type Dialect, dialectOf, type Renumbered, renumber } from './dialect.ts'

export const STORED = ['bf16', 'fp8', 'f16', 'f32'] as const
export type Stored = (typeof STORED)[number]

export interface Wanted {
  readonly like: string
  readonly dtype: Stored
  readonly layers?: number | undefined
  readonly vocab?: number | undefined
  readonly experts?: number | undefined
}

export interface Recipe extends Renumbered {
  readonly config: Readonly<Record<string, unknown>>
  readonly dialect: Dialect
}

const TORCH_TYPES: Readonly<Record<Stored, string>> = {
  bf16: 'bfloat16',
  fp8: 'bfloat16', // of what is not quantised
  f16: 'float16',
  f32: 'float32',
}

const FP8 = PUBLISHED.V3?.quantization_config

/** The config and the control tokens of a checkpoint. Throws a `UsageError` that lists the published names for one that is not there. */
export function recipeOf(wanted: Wanted): Recipe {
  const published = Object.hasOwn(PUBLISHED, wanted.like) ? PUBLISHED[wanted.like] : undefined
  if (!published) {
    throw new UsageError(
      `No model "${wanted.like}" is known. Known are ${Object.keys(PUBLISHED).join(', ')}.`,
    )
  }
  const { quantization_config: _, ...plain } = published
  const dialect = dialectOf(wanted.like)
  const vocab = wanted.vocab ?? Number(published.vocab_size)
  const { controls, idOf } = renumber(dialect, vocab, vocab === published.vocab_size)
  const config: Record<string, unknown> = {
    ...plain,
    ...withExperts(published, wanted.experts),
    vocab_size: vocab,
    num_hidden_layers: wanted.layers ?? published.num_hidden_layers,
    torch_dtype: TORCH_TYPES[wanted.dtype],
    ...(wanted.dtype === 'fp8' ? { quantization_config: FP8 } : {}),
    // Layers that draft tokens are never written.
    ...('num_nextn_predict_layers' in published ? { num_nextn_predict_layers: 0 } : {}),
  }
  for (const key of ['bos_token_id', 'eos_token_id', 'pad_token_id']) {
    const ids = config[key]
    if (Array.isArray(ids)) config[key] = ids.map(idOf)
    else if (typeof ids === 'number') config[key] = idOf(ids)
  }
  return { config: sorted(config), dialect, controls, idOf }
}

/** Fewer experts keep the groups of the router where they divide into them, two experts at least in each. */
function withExperts(published: Readonly<Record<string, unknown>>, experts: number | undefined) {
  if (experts === undefined) return {}
  const {
    n_routed_experts: all,
    n_group: published_groups,
    topk_group: top,
    num_experts_per_tok: active,
  } = published
  if (typeof all !== 'number') throw new UsageError('--experts is for models with a mixture of experts.')
  const kept =
    typeof published_groups === 'number' &&
    experts % published_groups === 0 &&
    experts / published_groups >= 2
  const groups = kept ? published_groups : 1
  const topGroups = kept ? Number(top) : 1
  return {
    n_routed_experts: experts,
    num_experts_per_tok: Math.min(Number(active), (experts / groups) * topGroups),
    ...(published_groups === undefined ? {} : { n_group: groups, topk_group: topGroups }),
  }
}

const sorted = (config: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(config)
      .map(([key, value]): [string, unknown] => [key, isRecord(value) ? sorted(value) : value])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

/** What other readers insist on as a number with a fraction, even where there is none. */
const FRACTIONS = [
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
const WHOLE_FRACTION = new RegExp(`("(?:${FRACTIONS.join('|')})": \\d+)(?=,?$)`, 'gm')

/** JSON as published files are written: indented, and 1.0 where a fraction is meant. */
export const settingsText = (settings: unknown): string =>
  `${JSON.stringify(settings, undefined, 2).replace(WHOLE_FRACTION, '$1.0')}\n`
