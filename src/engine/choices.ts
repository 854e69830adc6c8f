// Answers: what would each way to store a model's weights take, which of them fit, and which is the best of those?
// It must not know files, nor allocate anything.
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

/** A model and where it is to run. */
export interface Subject {
  readonly spec: ModelSpec
  readonly checkpoint: Checkpoint
  readonly capabilities: Capabilities
  readonly options: RuntimeOptions
  /** Tokens that the KV cache is to have room for. */
  readonly tokens: number
  readonly memory: MemoryRange
}

/** A model in certain formats, with what it takes. */
export interface Rated<C extends QuantizeChoice = QuantizeChoice> {
  readonly quantize: C
  readonly options: RuntimeOptions
  readonly plan: ModelPlan
  readonly atStart: Purposes
  readonly bytes: Purposes // with room for `tokens` tokens
  readonly fits: Fits
}

/** @param plan of the model in these formats; made where there is none. Throws as `planModel` and `footprintOf` do. */
export function rate<C extends QuantizeChoice>(
  { spec, checkpoint, capabilities, options, tokens, memory }: Subject,
  quantize: C,
  plan = planModel(spec, checkpoint, capabilities, quantize),
): Rated<C> {
  const atStart = footprintOf(spec, plan, capabilities, options)
  const bytes = withContext(atStart, spec, capabilities, options, tokens)
  return { quantize, options, plan, atStart, bytes, fits: fitsIn(bytes.total, memory) }
}

/** Every way that this model can be stored in, best first. */
export const rateAll = (subject: Subject): readonly Rated<Quantize>[] =>
  QUANTIZE.flatMap((quantize) => attempt(() => rate(subject, quantize)) ?? [])

/** What an option means for a model, of `all` its ways or as none of them. A model that cannot be stored so says why by throwing as `rate` does. */
export const chosenOf = (
  subject: Subject,
  all: readonly Rated<Quantize>[],
  quantize: QuantizeOption = 'none',
): Rated =>
  (quantize === 'auto' ? best(all, subject.memory) : all.find((each) => each.quantize === quantize)) ??
  rate(subject, quantize === 'auto' ? 'none' : quantize)

/** The same formats with another chunk, where that is possible and leaves as much room: no chunk is worth a smaller context. */
export function inChunks(
  subject: Subject,
  { quantize, plan, fits }: Rated,
  chunk: number,
): Rated | undefined {
  const options = { ...subject.options, chunk: Math.min(chunk, subject.options.contextLength) }
  const rated = attempt(() => rate({ ...subject, options }, quantize, plan))
  return rated?.fits === true || rated?.fits === fits ? rated : undefined
}

/** What `work` gives; undefined, with a note of what is not supported, when that is why it fails. */
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
 * The best that surely fits. If none does: the smallest of those that may fit, or the best where nothing at all is known of the
 * memory, since the GPU itself will tell; and the smallest of all if none can fit.
 */
export function best<C extends QuantizeChoice>(
  rated: readonly Rated<C>[],
  memory: MemoryRange,
): Rated<C> | undefined {
  const sure = rated.find(({ fits }) => fits === true)
  if (sure) return sure
  const possible = rated.filter(({ fits }) => fits === 'unknown')
  if (memory.surely === 0 && possible.length > 0) return possible[0]
  return smallest(possible.length > 0 ? possible : rated)
}

/** Those that take less than `than`, best first. */
export const smaller = <C extends QuantizeChoice>(
  rated: readonly Rated<C>[],
  than: Rated,
): readonly Rated<C>[] => rated.filter(({ bytes }) => bytes.total < than.bytes.total)

/** Whether every weight is to stay as it is in its file. */
export const keepsStored = (quantize: QuantizeChoice): boolean =>
  Object.values(formatsOf(quantize)).every((format) => format === 'none')

const smallest = <C extends QuantizeChoice>(rated: readonly Rated<C>[]): Rated<C> | undefined =>
  rated.toSorted((a, b) => a.bytes.total - b.bytes.total)[0]
