// Rotary frequencies and their long-context scaling in f64: YaRN (arXiv 2309.00071) as DeepSeek's
// inference/model.py applies it, and Llama 3's rule. Scaling applies at every length, short prompts included.

/** Frequencies of the rotary pairs. */
export interface Rotary {
  readonly frequencies: readonly number[] // radians per position, one per pair
  readonly magnitude: number // factor on cos and sin
}

/** YaRN's correction of attention for the longer context. */
export interface YarnCorrection {
  readonly magnitude: number // factor on cos and sin
  readonly sharpness: number // factor on attention scores
}

/** Slow pairs are interpolated by `factor`, fast pairs kept, those between blended along a ramp. */
interface Yarn extends YarnCorrection {
  readonly kind: 'yarn'
  readonly factor: number
  readonly betaFast: number // pairs with at least this many turns within the original context are kept
  readonly betaSlow: number // pairs with at most this many turns are interpolated
  readonly originalPositions: number
}

/** As YaRN, with three bands of wavelengths, blended along a ramp over the turns. */
interface Llama3 {
  readonly kind: 'llama3'
  readonly factor: number
  readonly lowTurns: number // fewer turns within the original context: interpolated
  readonly highTurns: number // more turns: kept
  readonly originalPositions: number
}

export type RotaryScaling = Yarn | Llama3

/** YaRN's g(s, m) = 0.1·m·ln s + 1 for s > 1, else 1 (`yarn_get_mscale` in DeepSeek's code). */
export const yarnMscale = (factor: number, mscale: number): number =>
  factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1

/** Frequencies of `dims / 2` pairs: base^(-2i/dims), changed by the scaling. */
export function rotaryOf(dims: number, base: number, scaling: RotaryScaling | undefined): Rotary {
  const plain = Array.from({ length: dims / 2 }, (_, pair) => base ** ((-2 * pair) / dims))
  if (!scaling) return { frequencies: plain, magnitude: 1 }
  const keptFraction = scaling.kind === 'yarn' ? yarnKept(scaling, dims, base) : llama3Kept(scaling)
  const frequencies = plain.map((frequency, pair) => {
    const kept = Math.min(Math.max(keptFraction(pair, frequency), 0), 1)
    return frequency * (kept + (1 - kept) / scaling.factor)
  })
  return { frequencies, magnitude: scaling.kind === 'yarn' ? scaling.magnitude : 1 }
}

/** The fraction of a pair's own frequency that is kept, before clamping to [0, 1]. */
type KeptFraction = (pair: number, frequency: number) => number

function yarnKept(yarn: Yarn, dims: number, base: number): KeptFraction {
  const correction = (beta: number) =>
    (dims * Math.log(yarn.originalPositions / (2 * Math.PI * beta))) / (2 * Math.log(base))
  const low = Math.max(Math.floor(correction(yarn.betaFast)), 0)
  const ceiling = Math.min(Math.ceil(correction(yarn.betaSlow)), dims - 1)
  const high = ceiling === low ? low + 0.001 : ceiling
  return (pair) => 1 - (pair - low) / (high - low)
}

function llama3Kept({ originalPositions, lowTurns, highTurns }: Llama3): KeptFraction {
  return (_, frequency) => {
    const turns = (originalPositions * frequency) / (2 * Math.PI)
    return (turns - lowTurns) / (highTurns - lowTurns)
  }
}

/** Softmax scale: 1 / √headDim, times YaRN's correction of the scores. */
export function softmaxScale(headDim: number, scaling: RotaryScaling | undefined): number {
  return (scaling?.kind === 'yarn' ? scaling.sharpness : 1) / Math.sqrt(headDim)
}

/** Positions per coarse row of the rotary table. */
export const ROTATION_STEP = 256

/**
 * The rotary table, f32 [256 + ⌈positions/256⌉, pairs, (cos, sin)].
 * shaders/shared/rotation.wgsl multiplies two rows into the rotation of a position: rows 0..255 are its low
 * part (with the magnitude), then one row per 256 positions.
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
