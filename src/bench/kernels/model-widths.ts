// Model sizes for kernel benchmarks; the default is DeepSeek-V2-Lite (from its config.json).
import type { DenseLayer, MlaAttention, ModelSpec, MoeLayer } from '../../models/spec.ts'

/** Sizes of an MLA model like V2-Lite: no q_lora_rank, one shared expert, all widths multiples of 32. */
export interface ModelWidths {
  readonly spec: ModelSpec
  readonly attention: MlaAttention
  readonly mixture: MoeLayer
  readonly dense: DenseLayer
  /** Shapes tried for the matmul ceiling. */
  readonly matmulShapes: readonly MatmulShape[]
}

/** Shape of a matmul: [tokens, cols] × [rows, cols]ᵀ → [tokens, rows]. All are multiples of 32. */
export interface MatmulShape {
  readonly tokens: number
  readonly rows: number
  readonly cols: number
}

const ATTENTION: MlaAttention = {
  kind: 'latent',
  heads: 16,
  qLoraRank: 0,
  kvLoraRank: 512,
  qkNopeDim: 128,
  qkRopeDim: 64,
  vHeadDim: 128,
  softmaxScale: 192 ** -0.5,
  ropeInterleaved: true,
  latentNormEps: 1e-6,
  rotary: {
    frequencies: Array.from({ length: 32 }, (_, pair) => 10000 ** (-pair / 32)),
    attentionFactor: 1,
  },
}

const MIXTURE: MoeLayer = {
  kind: 'mixture',
  experts: 64,
  expertsPerToken: 6,
  intermediateSize: 1408,
  sharedIntermediateSize: 2816,
  scoringFunc: 'softmax',
  expertGroups: 1,
  topkGroups: 1,
  groupScore: 'max',
  correctionBias: false,
  normTopkProb: false,
  routedScalingFactor: 1,
}

/** The first layer, which is dense. */
const DENSE: DenseLayer = { kind: 'dense', intermediateSize: 10944 }

const SPEC: ModelSpec = {
  family: 'deepseek_v2',
  hiddenSize: 2048,
  vocabSize: 102400,
  naming: 'llama',
  rmsNormEps: 1e-6,
  embeddingFactor: 1,
  logitsFactor: 1,
  maxPositionEmbeddings: 163840,
  tieWordEmbeddings: false,
  attention: ATTENTION,
  layers: [DENSE, MIXTURE],
  mtpLayers: 0,
  quantization: { method: 'none' },
  bosTokenId: undefined,
  eosTokenIds: [],
}

export const V2_LITE: ModelWidths = {
  spec: SPEC,
  attention: ATTENTION,
  mixture: MIXTURE,
  dense: DENSE,
  // One square shape, and one whose input fits a CPU's cache.
  matmulShapes: [
    { tokens: 256, rows: 2048, cols: 2048 },
    { tokens: 64, rows: 8192, cols: 2048 },
  ],
}
