// The check of one dispatch: random operands, and the numbers that f64 loops expect in its outputs.
import type { Step } from '../../kernels/step.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Dispatch, GridSize, Resource } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'

/**
 * Largest error of a check, relative to the sum of absolute terms. Correct f32 sums, fast decoders included,
 * are off by less than a tenth of this; a wrong lane or code is off by more than ten times as much.
 */
export const TOLERANCE = 1e-4

/**
 * An expected number in f64. `magnitude` is the sum of the absolute terms, which the tolerance scales with:
 * rounding errors grow with the terms, even when they cancel out. With magnitude 0 the number must be exact.
 */
export interface ExpectedSum {
  readonly value: number
  readonly magnitude: number
}

/** An expected number at an index of an output. */
export interface ExpectedNumber extends ExpectedSum {
  readonly at: number
}

/** An output of a dispatch. */
export interface OutputCheck {
  readonly buffer: Resource
  readonly words: number // to read from its start
  /** Turns the words into numbers; without it they are f32. */
  readonly decode?: (words: Uint32Array<ArrayBuffer>) => ArrayLike<number>
  /** Fills the remaining operands with random values and returns the numbers expected at some indices. */
  expected(): readonly ExpectedNumber[]
}

/** The check of one dispatch: its operands and step, and what must come out. */
export interface KernelCheck {
  readonly operands: Readonly<Record<string, Resource>>
  readonly step: Partial<Step>
  readonly outputs: readonly OutputCheck[]
  readonly grid?: GridSize // if not all workgroups of the dispatch need to run
  readonly tolerance?: number // instead of TOLERANCE
}

/** How many tokens a check uses: no multiples of a tile, and a context longer than a tile of keys. */
export interface CheckSize {
  readonly tokens: number // of a prefill step; its last token is the last of the context
  readonly context: number
}

export const SMALL_CHECK: CheckSize = { tokens: 19, context: 150 }

/** Tokens that kernels with a workgroup per token are checked on. */
export const FEW_TOKENS = 3

/** Builds the check of a dispatch from its constants and imports. */
export type CheckBuilder = (buffers: TempBuffers, dispatch: Dispatch, checkSize: CheckSize) => KernelCheck

export type NumberArray = ArrayLike<number>

/** a · b, over the length of the shorter. */
export function dot(a: NumberArray, b: NumberArray): ExpectedSum {
  const length = Math.min(a.length, b.length)
  let [value, magnitude] = [0, 0]
  for (let i = 0; i < length; i++) {
    const term = (a[i] as number) * (b[i] as number)
    value += term
    magnitude += Math.abs(term)
  }
  return { value, magnitude }
}

/** Σ weight · row. */
export function weightedSum(rows: readonly NumberArray[], weights: NumberArray): ExpectedSum[] {
  const cols = rows[0]?.length ?? 0
  const [values, magnitudes] = [new Float64Array(cols), new Float64Array(cols)]
  for (let i = 0; i < weights.length; i++) {
    const [row, weight] = [rows[i] as NumberArray, weights[i] as number]
    for (let col = 0; col < cols; col++) {
      const term = weight * (row[col] as number)
      values[col] = (values[col] as number) + term
      magnitudes[col] = (magnitudes[col] as number) + Math.abs(term)
    }
  }
  return Array.from(values, (value, i) => ({ value, magnitude: magnitudes[i] ?? 0 }))
}

/** A number whose error is measured relative to itself. */
export const close = (value: number): ExpectedSum => ({ value, magnitude: Math.abs(value) })

export const closeAll = (numbers: NumberArray): ExpectedSum[] => Array.from(numbers, close)

/** A number that must be exact. */
export const exact = (value: number): ExpectedSum => ({ value, magnitude: 0 })

/** A sum plus what was there before. */
export const plus = (sum: ExpectedSum, before: number): ExpectedSum => ({
  value: sum.value + before,
  magnitude: sum.magnitude + Math.abs(before),
})

/** silu(gate) · up. */
export const swiglu = (gate: ExpectedSum, up: ExpectedSum): ExpectedSum => ({
  value: (gate.value / (1 + Math.exp(-gate.value))) * up.value,
  magnitude: gate.magnitude * up.magnitude,
})

/** A sum times a factor. */
export const times = ({ value, magnitude }: ExpectedSum, factor: number): ExpectedSum => ({
  value: value * factor,
  magnitude: magnitude * Math.abs(factor),
})

/** x · weight / rms(x). */
export function rmsNorm(x: NumberArray, weight: NumberArray, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x).value / x.length + epsilon)
  const normed = new Float64Array(x)
  for (let i = 0; i < normed.length; i++) normed[i] = (normed[i] as number) * scale * (weight[i] as number)
  return normed
}

/** Numbers from index `first` on. */
export const from = (first: number, sums: readonly ExpectedSum[]): ExpectedNumber[] =>
  sums.map((sum, i) => ({ at: first + i, ...sum }))

/** Indices below `count` to check: the first, more than the 64 that one workgroup computes, and the last. */
export const edges = (count: number, first = 66): number[] =>
  Array.from({ length: Math.min(count, first + 3) }, (_, i) => (i < first ? i : count + first - 1 - i))

/** A third of all outputs of a product, of every row and of every column: enough to see each lane. */
export const inSample = (row: number, column: number): boolean => (row + column) % 3 === 0

/** `count` random numbers from -limit to limit. */
export function numbersWithin(limit: number, count: number, seed: number): Float32Array<ArrayBuffer> {
  const numbers = randomNumbers(count, seed)
  for (let i = 0; i < count; i++) numbers[i] = limit * (numbers[i] as number)
  return numbers
}

/** Random numbers as an operand, and as the values that a kernel which writes there must replace or keep. */
export function randomOutput(buffers: TempBuffers, words: number) {
  const before = randomNumbers(words, words)
  return { before, buffer: buffers.upload(before) }
}
