// Model sizes for kernel benchmarks; the default is DeepSeek-V2-Lite (from its config.json).
import type { Dense, LatentAttention, Mixture, ModelSpec } from '../../models/spec.ts'

/** Sizes of an MLA model like V2-Lite: no q_lora_rank, one shared expert, all widths multiples of 32. */
export interface Widths {
  readonly spec: ModelSpec
  readonly attention: LatentAttention
  readonly mixture: Mixture
  readonly dense: Dense
  /** Shapes tried for the matmul ceiling. */
  readonly products: readonly MatmulShape[]
}

/** Shape of a matmul: [tokens, cols] × [rows, cols]ᵀ → [tokens, rows]. All are multiples of 32. */
export interface MatmulShape {
  readonly tokens: number
  readonly rows: number
  readonly cols: number
}

const ATTENTION: LatentAttention = {
  kind: 'latent',
  heads: 16,
  queryRank: 0,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  scale: 192 ** -0.5,
  halfSplit: false,
  latentEpsilon: 1e-6,
  rotary: {
    frequencies: Array.from({ length: 32 }, (_, pair) => 10000 ** (-pair / 32)),
    magnitude: 1,
  },
}

const MIXTURE: Mixture = {
  kind: 'mixture',
  experts: 64,
  active: 6,
  inner: 1408,
  sharedInner: 2816,
  scoring: 'softmax',
  groups: 1,
  topGroups: 1,
  groupScore: 'max',
  bias: false,
  normalise: false,
  scaling: 1,
}

/** The first layer, which is dense. */
const DENSE: Dense = { kind: 'dense', inner: 10944 }

const SPEC: ModelSpec = {
  family: 'deepseek_v2',
  hidden: 2048,
  vocab: 102400,
  epsilon: 1e-6,
  maxPosition: 163840,
  tiedHead: false,
  attention: ATTENTION,
  layers: [DENSE, MIXTURE],
  drafts: 0,
  block: { rows: 128, cols: 128 },
  packed: false,
  bos: undefined,
  eos: [],
}

export const V2_LITE: Widths = {
  spec: SPEC,
  attention: ATTENTION,
  mixture: MIXTURE,
  dense: DENSE,
  // One square shape, and one whose input fits a CPU's cache.
  products: [
    { tokens: 256, rows: 2048, cols: 2048 },
    { tokens: 64, rows: 8192, cols: 2048 },
  ],
}
