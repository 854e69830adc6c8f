// Answers: what is to be measured, when little or nothing was said? It must not know how it is measured.
import { HadalError } from '../lib/error.ts'
import { type CacheKind, cacheKindsOf } from '../models/cache-form.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { BenchSettings } from './result.ts'

const MOST_TOKENS = 2 ** 24
const MOST_STEPS = 1000

/** Complete settings, contexts ascending. Throws `bad_request` naming the field. */
export function benchSettings(
  { attention }: Pick<ModelSpec, 'attention'>,
  {
    contexts = [1024, 4096],
    caches = cacheKindsOf(attention),
    numbers = 'f16',
    steps = 16,
  }: Partial<BenchSettings>,
): BenchSettings {
  const kinds = cacheKindsOf(attention)
  const unknown = caches.find((kind: CacheKind) => !kinds.includes(kind))
  if (unknown !== undefined)
    refuse('caches', `this model has no cache "${unknown}"`, `It has: ${kinds.join(', ')}.`)
  if (caches.length === 0) refuse('caches', 'at least one is needed')
  if (contexts.length === 0) refuse('contexts', 'at least one is needed')
  const odd = contexts.find((context) => !isCount(context, MOST_TOKENS))
  if (odd !== undefined) refuse('contexts', `${odd} is no whole number from 1 to ${MOST_TOKENS}`)
  if (!isCount(steps, MOST_STEPS)) refuse('steps', `${steps} is no whole number from 1 to ${MOST_STEPS}`)
  if (numbers !== 'f16' && numbers !== 'f32') refuse('numbers', `"${numbers}" is neither f16 nor f32`)
  return {
    contexts: [...new Set(contexts)].sort((a, b) => a - b),
    caches: kinds.filter((kind) => caches.includes(kind)),
    numbers,
    steps,
  }
}

const isCount = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most

function refuse(field: string, problem: string, hint = ''): never {
  throw new HadalError('bad_request', `${field}: ${problem}.`, { hint })
}
