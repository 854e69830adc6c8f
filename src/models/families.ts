// Answers: how do the families differ? Each as data: what its config.json need not say, because its modelling code fixes it.
// It must not know how a key is read, nor any size.
import type { YarnStyle } from './describe-rotary.ts'
import type { Mixture } from './spec.ts'

export interface GroupedTraits {
  readonly bias: boolean // on queries, keys and values
  readonly headNorm: boolean
}

/** What a value of `topk_method` means: which groups of experts compete. */
export type GroupRule = Mixture['groupScore'] | 'one group'

export interface RoutingTraits {
  readonly scoring: Mixture['scoring']
  /** By topk_method; the first is meant where a config has none. */
  readonly methods: Readonly<Record<string, GroupRule>>
  readonly bias: boolean
  /** Whether weights may be normalised: then norm_topk_prob must say so. */
  readonly normalises: boolean
  /** Whether the released code multiplies by routed_scaling_factor. */
  readonly scales: boolean
}

export interface Family {
  readonly attention: 'latent' | GroupedTraits
  readonly routing: RoutingTraits | undefined // undefined: all layers are dense
  readonly yarn: YarnStyle
  readonly tied: boolean // where tie_word_embeddings is left out
  readonly meaningless: readonly string[] // keys that its modelling code does not read
}

const NOAUX: RoutingTraits = {
  scoring: 'sigmoid',
  methods: { noaux_tc: 'top2' },
  bias: true,
  normalises: true,
  scales: true,
}

const V3: Family = { attention: 'latent', routing: NOAUX, yarn: 'scores', tied: false, meaningless: [] }

const YOUTU: Family = { ...V3, routing: undefined, tied: true }

const dense = (attention: GroupedTraits): Family => ({
  attention,
  routing: undefined,
  yarn: 'rotations',
  tied: false,
  meaningless: [],
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
        // "gready" is how the default is spelt in DeepSeek's configuration file.
        methods: { greedy: 'one group', gready: 'one group', group_limited_greedy: 'max' },
        bias: false,
        // Implementations disagree about what norm_topk_prob does here: scale as well, not scale, or nothing at all.
        normalises: false,
        scales: true,
      },
    },
  ],
  ['deepseek_v3', V3],
  ['kimi_k2', V3],
  ['glm4_moe_lite', V3],
  ['youtu', YOUTU],
  ['youtu_llm', YOUTU], // as the model was first published
  ['qwen2', { ...dense({ bias: true, headNorm: false }), meaningless: WINDOW }],
  ['qwen3', { ...dense({ bias: false, headNorm: true }), meaningless: WINDOW }],
  ['llama', dense({ bias: false, headNorm: false })],
] satisfies [string, Family][])

/** Relatives that are recognised: what is missing to run them. */
export const NOT_YET: ReadonlyMap<string, string> = new Map([
  ['deepseek_v32', 'its sparse attention, chosen by the lightning indexer, has no kernels here'],
  ['deepseek_v4', 'its compressed attention, hyper-connections and FP4 experts have no kernels here'],
  ['deepseek_vl_v2', 'it reads images, and its vision encoder is not run here'],
  ['glm_moe_dsa', 'its sparse attention has no kernels here'],
  ['kimi_k25', 'it reads images, and its experts are stored as 4-bit integers, which are not read here'],
  ['minicpm3', 'its scaled residuals and its rotary scaling are not run here'],
])
