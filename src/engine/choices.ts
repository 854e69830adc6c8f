// Estimates the GPU memory of a model for each quantization and picks the best that fits.
import type { Capabilities } from '../gpu/limits.ts'
import { HadalError } from '../lib/error.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { footprintOf, withContext } from './footprint.ts'
import { type Fits, fitsIn, type MemoryRange } from './memory-range.ts'
import { type ModelPlan, planModel } from './plan.ts'
import { formatsOf, QUANTIZE, type Quantize, type QuantizeChoice } from './quantize.ts'
import type { RuntimeOptions } from './steps.ts'
import type { Purposes, QuantizeOption } from './types.ts'

/** A model together with the device limits, options and memory it is planned for. */
export interface Subject {
  readonly spec: ModelSpec
  readonly checkpoint: Checkpoint
  readonly capabilities: Capabilities
  readonly options: RuntimeOptions
  /** Tokens that the planned KV cache holds. */
  readonly tokens: number
  readonly memory: MemoryRange
}

/** The plan and the GPU bytes of a model in one quantization. */
export interface Rated<C extends QuantizeChoice = QuantizeChoice> {
  readonly quantize: C
  readonly options: RuntimeOptions
  readonly plan: ModelPlan
  readonly atStart: Purposes // right after loading: a KV cache of one page
  readonly bytes: Purposes // with a KV cache of the planned length
  readonly fits: Fits
}

/**
 * Estimates one quantization. Throws what `planWeights` and `planFootprint` throw.
 * @param plan an existing plan of the weights in these formats; made here by default
 */
export function rate<C extends QuantizeChoice>(
  { spec, checkpoint, capabilities, options, tokens, memory }: Subject,
  quantize: C,
  plan = planModel(spec, checkpoint, capabilities, quantize),
): Rated<C> {
  const atStart = footprintOf(spec, plan, capabilities, options)
  const bytes = withContext(atStart, tokens, { spec, capabilities, options })
  return { quantize, options, plan, atStart, bytes, fits: fitsIn(bytes.total, memory) }
}

/** Estimates of every quantization that this model supports, most precise first. */
export const rateAll = (target: Subject): readonly Rated<Quantize>[] =>
  QUANTIZE.flatMap((quantize) => attempt(() => rate(target, quantize)) ?? [])

/**
 * The estimate that an option selects, taken from `all` or made here.
 * Throws what `estimateQuantization` throws when the model cannot be stored that way.
 */
export const chosenOf = (
  target: Subject,
  all: readonly Rated<Quantize>[],
  quantize: QuantizeOption = 'none',
): Rated =>
  (quantize === 'auto' ? best(all, target.memory) : all.find((estimate) => estimate.quantize === quantize)) ??
  rate(target, quantize === 'auto' ? 'none' : quantize)

/**
 * The same formats with another prefill chunk. Undefined if the device does not support that chunk or if the
 * model would then fit less well: a faster prefill does not justify a smaller context.
 */
export function inChunks(target: Subject, { quantize, plan, fits }: Rated, chunk: number): Rated | undefined {
  const options: RuntimeOptions = { ...target.options, chunk: Math.min(chunk, target.options.contextLength) }
  const estimate = attempt(() => rate({ ...target, options }, quantize, plan))
  return estimate?.fits === true || estimate?.fits === fits ? estimate : undefined
}

/** Runs `work`. Returns undefined, after calling `note`, if it throws an `unsupported` error. */
export function attempt<T>(work: () => T, note?: (error: HadalError) => void): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof HadalError) || error.code !== 'unsupported') throw error
    note?.(error)
    return undefined
  }
}

/**
 * The most precise estimate that certainly fits. Otherwise the smallest that may fit, or, if nothing is known
 * about the memory, the most precise one: the allocation then shows whether it fits. If none can, the
 * smallest.
 */
export function best<C extends QuantizeChoice>(
  estimates: readonly Rated<C>[],
  memory: MemoryRange,
): Rated<C> | undefined {
  const fitting = estimates.find(({ fits }) => fits === true)
  if (fitting) return fitting
  const possible = estimates.filter(({ fits }) => fits === 'unknown')
  if (memory.surely === 0 && possible.length > 0) return possible[0]
  return smallest(possible.length > 0 ? possible : estimates)
}

/** The estimates that need fewer bytes than `than`, most precise first. */
export const smaller = <C extends QuantizeChoice>(
  estimates: readonly Rated<C>[],
  than: Rated,
): readonly Rated<C>[] => estimates.filter(({ bytes }) => bytes.total < than.bytes.total)

/** Whether every weight keeps the format of its file. */
export const keepsStored = (quantize: QuantizeChoice): boolean =>
  Object.values(formatsOf(quantize)).every((format) => format === 'none')

const smallest = <C extends QuantizeChoice>(estimates: readonly Rated<C>[]): Rated<C> | undefined =>
  estimates.toSorted((a, b) => a.bytes.total - b.bytes.total)[0]
