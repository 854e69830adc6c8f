// Small sizes for testing the benchmark's cases; no tile divides them evenly where a kernel allows that.
import { V2_LITE, type Widths } from '../../src/bench/kernels/model.ts'

const frequencies = Array.from({ length: 8 }, (_, pair) => 10000 ** (-pair / 8))
const ATTENTION: Widths['attention'] = {
  ...V2_LITE.attention,
  heads: 4,
  latent: 48,
  nope: 32,
  rope: 16,
  value: 32,
  scale: 48 ** -0.5,
  rotary: { frequencies, magnitude: 1 },
}
const MOE: Widths['mixture'] = { ...V2_LITE.mixture, experts: 8, active: 3, inner: 64, sharedInner: 96 }
const DENSE: Widths['dense'] = { kind: 'dense', inner: 160 }

export const SMALL_WIDTHS: Widths = {
  spec: { ...V2_LITE.spec, hidden: 96, vocab: 1024, attention: ATTENTION, layers: [DENSE, MOE] },
  attention: ATTENTION,
  mixture: MOE,
  dense: DENSE,
  products: [
    { tokens: 32, rows: 64, cols: 96 },
    { tokens: 64, rows: 32, cols: 64 },
  ],
}

/** Rows, context and rounds for these widths. */
export const SMALL = {
  widths: SMALL_WIDTHS,
  tokens: 1,
  prefillTokens: 37,
  products: 'f32',
  context: 150,
  roundBytes: 1 << 16,
} as const
