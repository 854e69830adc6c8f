// Answers: by which angle does each rotary pair turn, and how does a longer context change that? Pure f64; YaRN (arXiv 2309.00071) as
// DeepSeek's inference/model.py applies it, and Llama 3's rule: at every length, short prompts included.
// It must not know how rotations are stored or applied, nor any config key.

/** Frequencies in radians per position, one per pair, and the factor on cos and sin. */
export interface Rotary {
  readonly frequencies: readonly number[]
  readonly magnitude: number
}

/** Slow pairs are interpolated by `factor`, fast ones kept, those between blended along a ramp over the pairs. */
export interface Yarn {
  readonly kind: 'yarn'
  readonly factor: number
  readonly betaFast: number // turns within the original context from which on a pair is kept
  readonly betaSlow: number // turns up to which a pair is interpolated
  readonly originalPositions: number
  readonly magnitude: number // on cos and sin
  readonly sharpness: number // on attention scores
}

/** The same idea with three bands of wavelengths, blended along a ramp over the turns. */
export interface Llama3 {
  readonly kind: 'llama3'
  readonly factor: number
  readonly lowTurns: number // fewer turns within the original context: interpolated
  readonly highTurns: number // more turns: kept
  readonly originalPositions: number
}

export type RotaryScaling = Yarn | Llama3

/** YaRN's g(s, m) = 0.1·m·ln s + 1 for s > 1, else 1. */
export const yarnFactor = (factor: number, mscale: number): number =>
  factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1

/** Frequencies of `dims / 2` pairs: base^(-2i/dims), changed by the scaling. */
export function rotaryOf(dims: number, base: number, scaling: RotaryScaling | undefined): Rotary {
  const plain = Array.from({ length: dims / 2 }, (_, pair) => base ** ((-2 * pair) / dims))
  if (!scaling) return { frequencies: plain, magnitude: 1 }
  const kept = scaling.kind === 'yarn' ? yarnKept(scaling, dims, base) : llama3Kept(scaling)
  const frequencies = plain.map((frequency, pair) => {
    const share = Math.min(Math.max(kept(pair, frequency), 0), 1)
    return frequency * (share + (1 - share) / scaling.factor)
  })
  return { frequencies, magnitude: scaling.kind === 'yarn' ? scaling.magnitude : 1 }
}

/** How much of a pair's own frequency is kept, before it is clamped to [0, 1]. */
type Kept = (pair: number, frequency: number) => number

function yarnKept(yarn: Yarn, dims: number, base: number): Kept {
  const correction = (beta: number) =>
    (dims * Math.log(yarn.originalPositions / (2 * Math.PI * beta))) / (2 * Math.log(base))
  const low = Math.max(Math.floor(correction(yarn.betaFast)), 0)
  const ceiling = Math.min(Math.ceil(correction(yarn.betaSlow)), dims - 1)
  const high = ceiling === low ? low + 0.001 : ceiling
  return (pair) => 1 - (pair - low) / (high - low)
}

function llama3Kept({ originalPositions, lowTurns, highTurns }: Llama3): Kept {
  return (_, frequency) => {
    const turns = (originalPositions * frequency) / (2 * Math.PI)
    return (turns - lowTurns) / (highTurns - lowTurns)
  }
}

/** Softmax scale: D^-½, times what the scaling asks for. */
export function softmaxScale(headDim: number, scaling: RotaryScaling | undefined): number {
  return (scaling?.kind === 'yarn' ? scaling.sharpness : 1) / Math.sqrt(headDim)
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
