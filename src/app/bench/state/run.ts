// Answers: what is measured now, and what has been found? Signals for the screen, and the actions that change them.
// It must not know how anything is measured, nor how it looks.
import { computed, signal } from '@preact/signals'
import {
  type BenchProgress,
  type BenchResult,
  type BenchSettings,
  CACHE_KINDS,
  type CacheKind,
} from '../../../bench/result.ts'
import type { ModelInfo } from '../../../index.ts'
import type { Failure } from '../../state/chat.ts'
import { failureOf, load } from '../../state/opening.ts'
import type { Clock } from './clock.ts'
import { proposed } from './settings.ts'

export type Run =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly progress: BenchProgress | undefined; readonly clock: Clock }
  | { readonly phase: 'stopping' }
  | { readonly phase: 'failed'; readonly failure: Failure }

export const run = signal<Run>({ phase: 'idle' })
/** What the latest run has found so far. */
export const found = signal<BenchResult | undefined>(undefined)
/** What was chosen; what nobody chose is proposed for the device. */
export const chosen = signal<Partial<BenchSettings>>({})
export const info = computed<ModelInfo | undefined>(() =>
  load.value.phase === 'ready' ? load.value.model.info : undefined,
)
/** The ways in which the loaded model's keys and values can be kept. */
export const kinds = computed<readonly CacheKind[]>(() =>
  CACHE_KINDS.filter((kind) => (kind === 'grouped') === (info.value?.attention === 'grouped')),
)
/** What a run would be asked. */
export const settings = computed<BenchSettings>(() => {
  const base = {
    ...proposed(/swiftshader|llvmpipe|software/i.test(info.value?.adapter ?? '')),
    ...chosen.value,
  }
  const caches = kinds.value.filter((kind) => base.caches.includes(kind))
  return { ...base, caches: caches.length > 0 ? caches : kinds.value }
})
export const busy = computed(() => run.value.phase === 'running' || run.value.phase === 'stopping')

let current: AbortController | undefined

/** Measures. What an earlier run has found makes room. */
export async function start(): Promise<void> {
  if (load.value.phase !== 'ready' || busy.value) return
  const { model } = load.value
  const own = new AbortController()
  current = own
  found.value = undefined
  const begun = performance.now()
  let done = 0
  let clock: Clock = { begun, partDone: begun }
  run.value = { phase: 'running', progress: undefined, clock }
  try {
    for await (const { progress, result } of model.benchmark(settings.value, { signal: own.signal })) {
      found.value = result
      if (progress.done > done) clock = { begun, partDone: performance.now() }
      done = progress.done
      if (!own.signal.aborted) run.value = { phase: 'running', progress, clock }
    }
    run.value = { phase: 'idle' }
  } catch (error) {
    const failure = failureOf(error)
    run.value = failure.code === 'aborted' ? { phase: 'idle' } : { phase: 'failed', failure }
  }
}

/** Stops; what was found stays. */
export function stop(): void {
  if (run.value.phase !== 'running') return
  run.value = { phase: 'stopping' }
  current?.abort()
}
