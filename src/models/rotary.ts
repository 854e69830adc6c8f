// Rotary frequencies and their long-context scaling in f64: YaRN (arXiv 2309.00071) as DeepSeek's
// inference/model.py applies it, Llama 3's rule, linear interpolation and dynamic NTK as transformers applies
// them (modeling_rope_utils.py). Scaling applies at every length, short prompts included, except dynamic NTK.
import { assertNever } from '../lib/error.ts'

/** Frequencies of the rotary pairs. */
export interface Rotary {
  readonly frequencies: readonly number[] // radians per position, one per pair
  readonly attentionFactor: number // factor on cos and sin
  readonly dynamic?: DynamicNtk & { readonly base: number } // replaces the frequencies in longer contexts
}

/** YaRN's correction of attention for the longer context. */
export interface YarnCorrection {
  readonly attentionFactor: number // factor on cos and sin
  readonly scoreFactor: number // factor on attention scores
}

/** Slow pairs are interpolated by `factor`, fast pairs kept, those between blended along a ramp. */
interface Yarn extends YarnCorrection {
  readonly kind: 'yarn'
  readonly factor: number
  readonly betaFast: number // pairs with at least this many turns within the original context are kept
  readonly betaSlow: number // pairs with at most this many turns are interpolated
  readonly originalMaxPositionEmbeddings: number
  readonly truncate: boolean // whether the ramp begins and ends at whole pairs
}

/** As YaRN, with three bands of wavelengths, blended along a ramp over the turns. */
interface Llama3 {
  readonly kind: 'llama3'
  readonly factor: number
  readonly lowFreqFactor: number // fewer turns within the original context: interpolated
  readonly highFreqFactor: number // more turns: kept
  readonly originalMaxPositionEmbeddings: number
}

/** Linear interpolation: all frequencies are divided by `factor`. */
interface Linear {
  readonly kind: 'linear'
  readonly factor: number
}

/** Dynamic NTK: a context longer than `maxPositionEmbeddings` raises the base. */
export interface DynamicNtk {
  readonly kind: 'dynamic'
  readonly factor: number
  readonly maxPositionEmbeddings: number
}

export type RotaryScaling = Yarn | Llama3 | Linear | DynamicNtk

/** YaRN's g(s, m) = 0.1·m·ln s + 1 for s > 1, else 1 (`yarn_get_mscale` in DeepSeek's code). */
export const yarnMscale = (factor: number, mscale: number): number =>
  factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1

/** Frequencies of `dims / 2` pairs without scaling: base^(-2i/dims). */
const plainFrequencies = (dims: number, base: number): number[] =>
  Array.from({ length: dims / 2 }, (_, pair) => base ** ((-2 * pair) / dims))

/** Frequencies of `dims / 2` pairs, changed by the scaling. */
export function computeRotary(dims: number, base: number, scaling: RotaryScaling | undefined): Rotary {
  const plain = plainFrequencies(dims, base)
  if (!scaling) return { frequencies: plain, attentionFactor: 1 }
  if (scaling.kind === 'dynamic')
    return { frequencies: plain, attentionFactor: 1, dynamic: { ...scaling, base } }
  const keptFraction = keptFractionOf(scaling, dims, base)
  const frequencies = plain.map((frequency, pair) => {
    const kept = Math.min(Math.max(keptFraction(pair, frequency), 0), 1)
    return frequency * (kept + (1 - kept) / scaling.factor)
  })
  return { frequencies, attentionFactor: scaling.kind === 'yarn' ? scaling.attentionFactor : 1 }
}

/** The fraction of a pair's own frequency that is kept, before clamping to [0, 1]. */
type KeptFraction = (pair: number, frequency: number) => number

function keptFractionOf(
  scaling: Exclude<RotaryScaling, DynamicNtk>,
  dims: number,
  base: number,
): KeptFraction {
  switch (scaling.kind) {
    case 'yarn':
      return yarnKept(scaling, dims, base)
    case 'llama3':
      return llama3Kept(scaling)
    case 'linear':
      return () => 0
    default:
      return assertNever(scaling, 'rotary scaling')
  }
}

function yarnKept(yarn: Yarn, dims: number, base: number): KeptFraction {
  const correction = (beta: number) =>
    (dims * Math.log(yarn.originalMaxPositionEmbeddings / (2 * Math.PI * beta))) / (2 * Math.log(base))
  const [floor, ceil] = yarn.truncate ? [Math.floor, Math.ceil] : [Number, Number]
  const low = Math.max(floor(correction(yarn.betaFast)), 0)
  const ceiling = Math.min(ceil(correction(yarn.betaSlow)), dims - 1)
  const high = ceiling === low ? low + 0.001 : ceiling
  return (pair) => 1 - (pair - low) / (high - low)
}

function llama3Kept({ originalMaxPositionEmbeddings, lowFreqFactor, highFreqFactor }: Llama3): KeptFraction {
  return (_, frequency) => {
    const turns = (originalMaxPositionEmbeddings * frequency) / (2 * Math.PI)
    return (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor)
  }
}

/** Softmax scale: 1 / √headDim, times YaRN's correction of the scores. */
export function softmaxScale(headDim: number, scaling: RotaryScaling | undefined): number {
  return (scaling?.kind === 'yarn' ? scaling.scoreFactor : 1) / Math.sqrt(headDim)
}

/** Positions per coarse row of the rotary table. */
export const ROTARY_TABLE_STEP = 256

/** The frequencies of a context of so many positions. Only dynamic NTK changes them. */
function frequenciesFor({ frequencies, dynamic }: Rotary, positions: number): readonly number[] {
  if (!dynamic || positions <= dynamic.maxPositionEmbeddings) return frequencies
  const dims = 2 * frequencies.length
  const growth = (dynamic.factor * positions) / dynamic.maxPositionEmbeddings - (dynamic.factor - 1)
  return plainFrequencies(dims, dynamic.base * growth ** (dims / (dims - 2)))
}

/**
 * The rotary table, f32 [256 + ⌈positions/256⌉, pairs, (cos, sin)].
 * shaders/shared/rotation.wgsl multiplies two rows into the rotation of a position: rows 0..255 are its low
 * part (with the magnitude), then one row per 256 positions.
 */
export function computeRotaryTable(rotary: Rotary, positions: number): Float32Array<ArrayBuffer> {
  const frequencies = frequenciesFor(rotary, positions)
  const pairs = frequencies.length
  const rows = ROTARY_TABLE_STEP + Math.ceil(positions / ROTARY_TABLE_STEP)
  const table = new Float32Array(rows * pairs * 2)
  for (let row = 0; row < rows; row++) {
    const low = row < ROTARY_TABLE_STEP
    const position = low ? row : (row - ROTARY_TABLE_STEP) * ROTARY_TABLE_STEP
    const magnitude = low ? rotary.attentionFactor : 1
    frequencies.forEach((frequency, pair) => {
      table[(row * pairs + pair) * 2] = magnitude * Math.cos(position * frequency)
      table[(row * pairs + pair) * 2 + 1] = magnitude * Math.sin(position * frequency)
    })
  }
  return table
}
