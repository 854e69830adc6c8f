// The model families as data: what config.json need not say because the family's modelling code fixes it.
import type { YarnStyle } from './describe-rotary.ts'
import type { Mixture } from './spec.ts'

/** Multi-head latent attention: its config keys say everything. */
interface LatentTraits {
  readonly kind: 'latent'
}

/** Multi-head or grouped-query attention. */
export interface GroupedTraits {
  readonly kind: 'grouped'
  readonly bias: boolean // on queries, keys and values
  readonly headNorm: boolean // RMSNorm of each query and key head (QK norm)
}

/** What a value of `topk_method` means: how groups of experts are scored, or that there is one group only. */
export type GroupRule = Mixture['groupScore'] | 'one group'

export interface RoutingTraits {
  readonly scoring: Mixture['scoring']
  /** Rule by `topk_method`; the first is the default. */
  readonly methods: Readonly<Record<string, GroupRule>>
  readonly bias: boolean
  /** Whether weights may be normalised; if so, the config must have `norm_topk_prob`. */
  readonly normalises: boolean
  /** Whether the released code multiplies by `routed_scaling_factor`. */
  readonly scales: boolean
}

export interface Family {
  readonly attention: LatentTraits | GroupedTraits
  readonly routing: RoutingTraits | undefined // undefined: all layers are dense
  readonly yarn: YarnStyle
  readonly tied: boolean // default of tie_word_embeddings
  readonly unused: readonly string[] // keys that its modelling code does not read
}

const NOAUX: RoutingTraits = {
  scoring: 'sigmoid',
  methods: { noaux_tc: 'top2' },
  bias: true,
  normalises: true,
  scales: true,
}

const V3: Family = { attention: { kind: 'latent' }, routing: NOAUX, yarn: 'scores', tied: false, unused: [] }

const YOUTU: Family = { ...V3, routing: undefined, tied: true }

const dense = (attention: Omit<GroupedTraits, 'kind'>): Family => ({
  attention: { kind: 'grouped', ...attention },
  routing: undefined,
  yarn: 'rotations',
  tied: false,
  unused: [],
})

/** Qwen's configs name a window that `use_sliding_window: false` leaves unused. */
const WINDOW = ['sliding_window', 'max_window_layers']

/** The families that run, by `model_type`. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map([
  [
    'deepseek',
    {
      ...dense({ bias: false, headNorm: false }),
      routing: {
        scoring: 'softmax',
        methods: { greedy: 'one group' },
        bias: false,
        normalises: true,
        scales: false,
      },
    },
  ],
  [
    'deepseek_v2',
    {
      ...V3,
      routing: {
        scoring: 'softmax',
        // "gready" is how DeepSeek's configuration file spells the default.
        methods: { greedy: 'one group', gready: 'one group', group_limited_greedy: 'max' },
        bias: false,
        // Implementations disagree about norm_topk_prob here: scale as well, do not scale, or ignore it.
        normalises: false,
        scales: true,
      },
    },
  ],
  ['deepseek_v3', V3],
  ['kimi_k2', V3],
  ['glm4_moe_lite', V3],
  ['youtu', YOUTU],
  ['youtu_llm', YOUTU], // the name in the first release
  ['qwen2', { ...dense({ bias: true, headNorm: false }), unused: WINDOW }],
  ['qwen3', { ...dense({ bias: false, headNorm: true }), unused: WINDOW }],
  ['llama', dense({ bias: false, headNorm: false })],
] satisfies [string, Family][])

/** Related families that are recognised, with what is missing to run them. */
export const NOT_YET: ReadonlyMap<string, string> = new Map([
  ['deepseek_v32', 'its sparse attention (lightning indexer) has no kernels here'],
  ['deepseek_v4', 'its compressed attention, hyper-connections and FP4 experts have no kernels here'],
  ['deepseek_vl_v2', 'it reads images, and its vision encoder is not supported'],
  ['glm_moe_dsa', 'its sparse attention has no kernels here'],
  ['kimi_k25', 'it reads images, and its experts are stored as 4-bit integers, which are not supported'],
  ['minicpm3', 'its scaled residuals and its rotary scaling are not supported'],
])
