// The model families as data: what the family's modelling code fixes, whatever config.json says.
import type { YarnStyle } from './describe-rotary.ts'
import type { MoeLayer, TensorNaming } from './spec.ts'

/** Multi-head latent attention: its config keys say everything. */
interface MlaTraits {
  readonly kind: 'latent'
}

/** Multi-head or grouped-query attention. */
export interface GqaTraits {
  readonly kind: 'grouped'
  readonly qkvBias: boolean // on queries, keys and values
  readonly qkNorm: boolean // RMSNorm of each query and key head (QK norm)
  readonly multiplier?: boolean // `attention_multiplier` is the softmax scale
  readonly unrotated?: boolean // `no_rope_layers` lists with zeros which layers are not rotated
}

/** What a value of `topk_method` means: how groups of experts are scored, or that there is one group only. */
export type GroupRule = MoeLayer['groupScore'] | 'one group'

export interface RoutingTraits {
  readonly scoringFunc: MoeLayer['scoringFunc']
  /** Rule by `topk_method`; the first is the default. */
  readonly methods: Readonly<Record<string, GroupRule>>
  readonly correctionBias: boolean
  /** Whether weights are normalised: as `norm_topk_prob` says, if a token has several experts, or never. */
  readonly normTopkProb: 'config' | 'several' | 'never'
  /** The key that names the scoring function, if it may be left out only where nothing else is possible. */
  readonly scoringKey?: 'score_function'
  /** Whether the released code multiplies by `routed_scaling_factor`. */
  readonly hasRoutedScalingFactor: boolean
  /** Which layers have experts: all from one on, or every so many but those of a list. */
  readonly placement: 'first_k_dense_replace' | 'decoder_sparse_step'
}

export interface Family {
  readonly attention: MlaTraits | GqaTraits
  readonly routing: RoutingTraits | undefined // undefined: all layers are dense
  readonly yarn: YarnStyle
  readonly multipliers?: boolean // of embedding, residuals and logits
  readonly naming: TensorNaming
  readonly unused: readonly string[] // keys that its modelling code does not read
  readonly fixed?: Readonly<Record<string, boolean>> // keys that can only have this value
}

const NOAUX: RoutingTraits = {
  scoringFunc: 'sigmoid',
  methods: { noaux_tc: 'top2' },
  correctionBias: true,
  normTopkProb: 'config',
  hasRoutedScalingFactor: true,
  placement: 'first_k_dense_replace',
}

const SOFTMAX: RoutingTraits = {
  scoringFunc: 'softmax',
  methods: { greedy: 'one group' },
  correctionBias: false,
  normTopkProb: 'config',
  hasRoutedScalingFactor: false,
  placement: 'first_k_dense_replace',
}

const V3: Family = {
  attention: { kind: 'latent' },
  routing: NOAUX,
  yarn: 'scores',
  naming: 'llama',
  unused: [],
}

const YOUTU: Family = { ...V3, routing: undefined }

const dense = (attention: Omit<GqaTraits, 'kind'>): Family => ({
  attention: { kind: 'grouped', ...attention },
  routing: undefined,
  yarn: 'rotations',
  naming: 'llama',
  unused: [],
})

/** Qwen's configs name a window that `use_sliding_window: false` leaves unused. */
const WINDOW = ['sliding_window', 'max_window_layers']

const QWEN3: Family = { ...dense({ qkvBias: false, qkNorm: true }), unused: WINDOW }

/**
 * Ling and Ring 2.0: modeling_bailing_moe_v2.py of inclusionAI/Ling-V2. Ling 1 has the same `model_type` and
 * no `score_function`.
 */
const LING2: Family = {
  ...dense({ qkvBias: false, qkNorm: true }),
  routing: { ...NOAUX, normTopkProb: 'several', scoringKey: 'score_function' },
  naming: 'ling',
  unused: ['embedding_dropout', 'output_dropout', 'mtp_loss_scaling_factor', 'router_dtype'],
  fixed: {
    moe_router_enable_expert_bias: true,
    moe_router_enable_routed_scaling: true,
    moe_router_enable_shared_expert: true,
    norm_head: false,
    norm_softmax: false,
    use_bias: false,
    use_qk_norm: true,
    use_qkv_bias: false,
    use_rmsnorm: true,
  },
}

/** The families that run, by `model_type`. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map([
  [
    'deepseek',
    {
      ...dense({ qkvBias: false, qkNorm: false }),
      routing: SOFTMAX,
    },
  ],
  [
    'deepseek_v2',
    {
      ...V3,
      routing: {
        ...SOFTMAX,
        // "gready" is how DeepSeek's configuration file spells the default.
        methods: { greedy: 'one group', gready: 'one group', group_limited_greedy: 'max' },
        // Implementations disagree about norm_topk_prob here: scale as well, do not scale, or ignore it.
        normTopkProb: 'never',
        hasRoutedScalingFactor: true,
      },
    },
  ],
  ['deepseek_v3', V3],
  ['kimi_k2', V3],
  ['glm4_moe_lite', V3],
  ['youtu', YOUTU],
  ['youtu_llm', YOUTU], // the name in the first release
  ['qwen2', { ...dense({ qkvBias: true, qkNorm: false }), unused: [...WINDOW, 'attention_bias'] }],
  ['qwen3', QWEN3],
  ['qwen3_moe', { ...QWEN3, routing: { ...SOFTMAX, placement: 'decoder_sparse_step' } }],
  ['llama', dense({ qkvBias: false, qkNorm: false })],
  ['bailing_moe', LING2],
  ['bailing_moe_v2', LING2],
  ['smollm3', dense({ qkvBias: false, qkNorm: false, unrotated: true })],
  ['granite', { ...dense({ qkvBias: false, qkNorm: false, multiplier: true }), multipliers: true }],
] satisfies [string, Family][])

/** Related families that are recognised, with what is missing to run them. */
export const NOT_YET: ReadonlyMap<string, string> = new Map([
  ['deepseek_v32', 'its sparse attention (lightning indexer) has no kernels here'],
  ['deepseek_v4', 'its compressed attention, hyper-connections and FP4 experts have no kernels here'],
  ['deepseek_vl_v2', 'it reads images, and its vision encoder is not supported'],
  ['glm_moe_dsa', 'its sparse attention has no kernels here'],
  ['kimi_k25', 'its text_config is of no type that runs'],
  ['kimi_vl', 'its text_config is of no type that runs'],
  ['minicpm3', 'its scaled residuals and its rotary scaling are not supported'],
])
