// Answers: by which angle does each rotary pair turn, and how does YaRN change that? Pure f64; formulas of the YaRN paper
// (arXiv 2309.00071) as DeepSeek's inference/model.py applies them: at every length, short prompts included.
// It must not know how rotations are stored or applied.

/** Frequencies in radians per position, one per pair, and the factor on cos and sin. */
export interface Rotary {
  readonly frequencies: readonly number[]
  readonly magnitude: number
}

export interface Yarn {
  readonly factor: number
  readonly betaFast: number
  readonly betaSlow: number
  readonly originalPositions: number
  readonly mscale: number
  readonly mscaleAllDim: number
}

/** g(s, m) = 0.1·m·ln s + 1 for s > 1, else 1. */
const attentionFactor = (factor: number, mscale: number) =>
  factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1

/** Frequencies of `dims / 2` pairs: base^(-2i/dims), blended by YaRN between interpolated and original. */
export function rotaryOf(dims: number, base: number, yarn: Yarn | undefined): Rotary {
  const plain = Array.from({ length: dims / 2 }, (_, pair) => base ** ((-2 * pair) / dims))
  if (!yarn) return { frequencies: plain, magnitude: 1 }
  const correction = (beta: number) =>
    (dims * Math.log(yarn.originalPositions / (2 * Math.PI * beta))) / (2 * Math.log(base))
  const low = Math.max(Math.floor(correction(yarn.betaFast)), 0)
  const ceiling = Math.min(Math.ceil(correction(yarn.betaSlow)), dims - 1)
  const high = ceiling === low ? low + 0.001 : ceiling
  const frequencies = plain.map((frequency, pair) => {
    const ramp = Math.min(Math.max((pair - low) / (high - low), 0), 1)
    return frequency * (1 - ramp + ramp / yarn.factor)
  })
  return {
    frequencies,
    magnitude: attentionFactor(yarn.factor, yarn.mscale) / attentionFactor(yarn.factor, yarn.mscaleAllDim),
  }
}

/** Softmax scale: D^-½, times g(factor, mscale_all_dim)² under YaRN. */
export function softmaxScale(headDim: number, yarn: Yarn | undefined): number {
  return (yarn ? attentionFactor(yarn.factor, yarn.mscaleAllDim) ** 2 : 1) / Math.sqrt(headDim)
}

/** Positions per coarse row of the rotation table. */
export const ROTATION_STEP = 256

/**
 * The table that shaders/shared/rotation.wgsl multiplies from: rows 0..255 for the low part of a position (with the magnitude), then one
 * row per 256 positions. f32 pairs (cos, sin), [256 + ⌈positions/256⌉, pairs, 2].
 */
export function rotationTable(rotary: Rotary, positions: number): Float32Array<ArrayBuffer> {
  const pairs = rotary.frequencies.length
  const rows = ROTATION_STEP + Math.ceil(positions / ROTATION_STEP)
  const table = new Float32Array(rows * pairs * 2)
  for (let row = 0; row < rows; row++) {
    const low = row < ROTATION_STEP
    const position = low ? row : (row - ROTATION_STEP) * ROTATION_STEP
    const magnitude = low ? rotary.magnitude : 1
    rotary.frequencies.forEach((frequency, pair) => {
      table[(row * pairs + pair) * 2] = magnitude * Math.cos(position * frequency)
      table[(row * pairs + pair) * 2 + 1] = magnitude * Math.sin(position * frequency)
    })
  }
  return table
}
