// Settings with which a model takes less GPU memory, and when to offer them.
import { signal } from '@preact/signals'
import type { ModelInfo } from '../../../index.ts'
import type { ModelChoice } from './load-state.ts'

type Options = ModelChoice['options']

/** One way to take less memory: a shorter context, FP8 latents, or weights in 4 bits. */
export interface SmallerSetting {
  readonly kind: 'context' | 'fp8' | 'q4'
  readonly options: Options
}

const MIN_CONTEXT = 2048
const MAX_CONTEXT = 8192

/** What is left to make smaller. `info`: of the loaded model; without it its attention is unknown. */
export function smallerSettings(
  options: Options,
  info?: Pick<ModelInfo, 'contextLength' | 'attention' | 'quantize'>,
): SmallerSetting[] {
  const tokens = info?.contextLength ?? options.contextLength ?? 2 * MAX_CONTEXT
  const contextLength = Math.max(MIN_CONTEXT, Math.min(MAX_CONTEXT, Math.floor(tokens / 2)))
  const isPacked = options.keep === 'packed' // its weights are as they are
  const isSmall = (info?.quantize ?? options.quantize) === 'q4'
  return [
    ...(tokens > contextLength ? [{ kind: 'context', options: { ...options, contextLength } } as const] : []),
    ...(info?.attention === 'latent' && options.cache !== 'fp8'
      ? [{ kind: 'fp8', options: { ...options, cache: 'fp8' } } as const]
      : []),
    ...(isPacked || isSmall ? [] : [{ kind: 'q4', options: { ...options, quantize: 'q4' } } as const]),
  ]
}

/** All of them together; undefined if nothing is left. */
export function smallestSettings(options: Options): Options | undefined {
  const ways = smallerSettings(options)
  if (ways.length === 0) return undefined
  const changed = ways.map(({ kind, options }) =>
    kind === 'q4' ? { quantize: options.quantize } : { contextLength: options.contextLength },
  )
  return Object.assign({}, options, ...changed)
}

const OFTEN_MS = 60_000
let lossTimes: readonly number[] = []

/** True after the second loss within a minute, until a choice is made. */
export const lostOften = signal(false)

/** Counts that the model was lost. */
export function noteLoss(now = performance.now()): void {
  lossTimes = [...lossTimes, now].filter((time) => now - time <= OFTEN_MS)
  if (lossTimes.length > 1) lostOften.value = true
}

/** A choice was made, or another model is loaded. */
export function forgetLosses(): void {
  lossTimes = []
  lostOften.value = false
}
