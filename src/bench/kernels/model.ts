// Answers: of which sizes are the kernels that are measured? Those of DeepSeek-V2-Lite (its config.json), unless others are given.
// It must not know any kernel.
import type { Dense, LatentAttention, Mixture, ModelSpec } from '../../models/spec.ts'

/** Sizes of a model of latents, as V2-Lite is: queries without a rank of their own, a shared expert, all widths multiples of 32. */
export interface Widths {
  readonly spec: ModelSpec
  readonly attention: LatentAttention
  readonly mixture: Mixture
  readonly dense: Dense
  /** At which the best product is sought. */
  readonly products: readonly ProductShape[]
}

/** A product tokens × cols → rows, each a multiple of 32. */
export interface ProductShape {
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

/** The first layer, which has no experts. */
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
  // A square one, and one whose input stays in a CPU's cache.
  products: [
    { tokens: 256, rows: 2048, cols: 2048 },
    { tokens: 64, rows: 8192, cols: 2048 },
  ],
}
