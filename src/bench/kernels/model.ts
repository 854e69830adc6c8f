// Answers: of which sizes are the kernels that are measured? Those of DeepSeek-V2-Lite (its config.json), as a spec.
// It must not know any kernel.
import type { LatentAttention, Mixture, ModelSpec } from '../../models/spec.ts'

export const ATTENTION: LatentAttention = {
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

export const MIXTURE: Mixture = {
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

/** Inner width of the first layer, which has no experts. */
export const DENSE_INNER = 10944

export const SPEC: ModelSpec = {
  family: 'deepseek_v2',
  hidden: 2048,
  vocab: 102400,
  epsilon: 1e-6,
  maxPosition: 163840,
  tiedHead: false,
  attention: ATTENTION,
  layers: [{ kind: 'dense', inner: DENSE_INNER }, MIXTURE],
  drafts: 0,
  block: { rows: 128, cols: 128 },
  packed: false,
  bos: undefined,
  eos: [],
}
