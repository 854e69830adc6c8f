// Small sizes for testing the benchmark's cases; no tile divides them evenly where a kernel allows that.
import { type ModelWidths, V2_LITE } from '../../src/bench/kernels/model-widths.ts'

const frequencies = Array.from({ length: 8 }, (_, pair) => 10000 ** (-pair / 8))
const ATTENTION: ModelWidths['attention'] = {
  ...V2_LITE.attention,
  heads: 4,
  kvLoraRank: 48,
  qkNopeDim: 32,
  qkRopeDim: 16,
  vHeadDim: 32,
  softmaxScale: 48 ** -0.5,
  rotary: { frequencies, attentionFactor: 1 },
}
const MOE: ModelWidths['mixture'] = {
  ...V2_LITE.mixture,
  experts: 8,
  expertsPerToken: 3,
  intermediateSize: 64,
  sharedIntermediateSize: 96,
}
const DENSE: ModelWidths['dense'] = { kind: 'dense', intermediateSize: 160 }

export const SMALL_WIDTHS: ModelWidths = {
  spec: { ...V2_LITE.spec, hiddenSize: 96, vocabSize: 1024, attention: ATTENTION, layers: [DENSE, MOE] },
  attention: ATTENTION,
  mixture: MOE,
  dense: DENSE,
  matmulShapes: [
    { tokens: 32, rows: 64, cols: 96 },
    { tokens: 64, rows: 32, cols: 64 },
  ],
}

/** Rows, context and rounds for these widths. */
export const SMALL_CASES = {
  widths: SMALL_WIDTHS,
  tokens: 1,
  prefillTokens: 37,
  matmulPrecision: 'f32',
  context: 150,
  roundBytes: 1 << 16,
} as const
