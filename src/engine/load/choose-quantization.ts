// Estimates the GPU memory of a model for each quantization and picks the best that fits.
import type { Capabilities } from '../../gpu/limits.ts'
import { HadalError } from '../../lib/error.ts'
import { type FitResult, fitsIn, type MemoryRange } from '../../lib/memory-range.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { RuntimeOptions } from '../run/step-graphs.ts'
import type { BytesByPurpose, QuantizeOption } from '../types.ts'
import { footprintWithContext, planFootprint } from './footprint.ts'
import { formatsByClass, QUANTIZATIONS, type Quantize, type QuantizeChoice } from './quantization.ts'
import type { ResolvedCheckpoint } from './resolve-tensors.ts'
import { planWeights, type WeightPlan } from './weight-plan.ts'

/** A model together with the device limits, options and memory it is planned for. */
export interface LoadRequest {
  readonly spec: ModelSpec
  readonly checkpoint: ResolvedCheckpoint
  readonly capabilities: Capabilities
  readonly options: RuntimeOptions
  /** Tokens that the planned KV cache holds. */
  readonly plannedTokens: number
  readonly memory: MemoryRange
}

/** The plan and the GPU bytes of a model in one quantization. */
export interface QuantEstimate<C extends QuantizeChoice = QuantizeChoice> {
  readonly quantize: C
  readonly options: RuntimeOptions
  readonly plan: WeightPlan
  readonly initialBytes: BytesByPurpose // right after loading: a KV cache of one page
  readonly bytes: BytesByPurpose // with a KV cache of the planned length
  readonly fits: FitResult
}

/**
 * Estimates one quantization. Throws what `planWeights` and `planFootprint` throw.
 * @param plan an existing plan of the weights in these formats; made here by default
 */
export function estimateQuantization<C extends QuantizeChoice>(
  { spec, checkpoint, capabilities, options, plannedTokens, memory }: LoadRequest,
  quantize: C,
  plan = planWeights(spec, checkpoint, capabilities, quantize),
): QuantEstimate<C> {
  const initialBytes = planFootprint(spec, plan, capabilities, options)
  const bytes = footprintWithContext(initialBytes, plannedTokens, { spec, capabilities, options })
  return { quantize, options, plan, initialBytes, bytes, fits: fitsIn(bytes.total, memory) }
}

/** Estimates of every quantization that this model supports, most precise first. */
export const estimateAll = (target: LoadRequest): readonly QuantEstimate<Quantize>[] =>
  QUANTIZATIONS.flatMap((quantize) => ifSupported(() => estimateQuantization(target, quantize)) ?? [])

/**
 * The estimate that an option selects, taken from `all` or made here.
 * Throws what `estimateQuantization` throws when the model cannot be stored that way.
 */
export const selectEstimate = (
  target: LoadRequest,
  all: readonly QuantEstimate<Quantize>[],
  quantize: QuantizeOption = 'none',
): QuantEstimate =>
  (quantize === 'auto'
    ? bestEstimate(all, target.memory)
    : all.find((estimate) => estimate.quantize === quantize)) ??
  estimateQuantization(target, quantize === 'auto' ? 'none' : quantize)

/**
 * The same formats with another prefill chunk. Undefined if the device does not support that chunk or if the
 * model would then fit less well: a faster prefill does not justify a smaller context.
 */
export function withPrefillChunk(
  target: LoadRequest,
  { quantize, plan, fits }: QuantEstimate,
  chunk: number,
): QuantEstimate | undefined {
  const options: RuntimeOptions = {
    ...target.options,
    prefillChunk: Math.min(chunk, target.options.contextLength),
  }
  const estimate = ifSupported(() => estimateQuantization({ ...target, options }, quantize, plan))
  return estimate?.fits === true || estimate?.fits === fits ? estimate : undefined
}

/** Runs `work`. Returns undefined, after calling `note`, if it throws an `unsupported` error. */
export function ifSupported<T>(work: () => T, note?: (error: HadalError) => void): T | undefined {
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
export function bestEstimate<C extends QuantizeChoice>(
  estimates: readonly QuantEstimate<C>[],
  memory: MemoryRange,
): QuantEstimate<C> | undefined {
  const fitting = estimates.find(({ fits }) => fits === true)
  if (fitting) return fitting
  const possible = estimates.filter(({ fits }) => fits === 'unknown')
  if (memory.guaranteedBytes === 0 && possible.length > 0) return possible[0]
  return smallest(possible.length > 0 ? possible : estimates)
}

/** The estimates that need fewer bytes than `than`, most precise first. */
export const smallerEstimates = <C extends QuantizeChoice>(
  estimates: readonly QuantEstimate<C>[],
  than: QuantEstimate,
): readonly QuantEstimate<C>[] => estimates.filter(({ bytes }) => bytes.total < than.bytes.total)

/** Whether every weight keeps the format of its file. */
export const keepsStoredFormats = (quantize: QuantizeChoice): boolean =>
  Object.values(formatsByClass(quantize)).every((format) => format === 'none')

const smallest = <C extends QuantizeChoice>(
  estimates: readonly QuantEstimate<C>[],
): QuantEstimate<C> | undefined => estimates.toSorted((a, b) => a.bytes.total - b.bytes.total)[0]
