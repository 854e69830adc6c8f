// Completes and validates the settings of the KV-cache benchmark.
import { HadalError } from '../lib/error.ts'
import { type CacheKind, cacheKindsOf } from '../models/cache-layout.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { BenchSettings } from './result.ts'

const MAX_TOKENS = 2 ** 24
const MAX_STEPS = 1000

/** Complete settings, with contexts ascending. Throws `bad_request` that names the field. */
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
    refuse('caches', `this model has no cache "${unknown}"`, `Choose from ${kinds.join(', ')}.`)
  if (caches.length === 0) refuse('caches', 'at least one is needed')
  if (contexts.length === 0) refuse('contexts', 'at least one is needed')
  const invalid = contexts.find((context) => !isCount(context, MAX_TOKENS))
  if (invalid !== undefined) refuse('contexts', `${invalid} is not a whole number from 1 to ${MAX_TOKENS}`)
  if (!isCount(steps, MAX_STEPS)) refuse('steps', `${steps} is not a whole number from 1 to ${MAX_STEPS}`)
  if (numbers !== 'f16' && numbers !== 'f32') refuse('numbers', `"${numbers}" is neither f16 nor f32`)
  return {
    contexts: [...new Set(contexts)].sort((a, b) => a - b),
    caches: kinds.filter((kind) => caches.includes(kind)),
    numbers,
    steps,
  }
}

const isCount = (value: number, max: number) => Number.isInteger(value) && value >= 1 && value <= max

function refuse(field: string, problem: string, hint = ''): never {
  throw new HadalError('bad_request', `${field}: ${problem}.`, { hint })
}
