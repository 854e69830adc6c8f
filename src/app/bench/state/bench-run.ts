// State of the benchmark run, and the actions that start and stop it.

import { computed, signal } from '@preact/signals'
import {
  type BenchProgress,
  type BenchResult,
  type BenchSettings,
  CACHE_KINDS,
  type CacheKind,
} from '../../../bench/result.ts'
import type { ModelInfo } from '../../../index.ts'
import { asHadalError, isAborted } from '../../../lib/error.ts'
import type { Failure } from '../../shared/failure.ts'
import { LatestTask } from '../../shared/latest-task.ts'
import { loadState } from '../../shared/models/model-choice.ts'
import { defaultSettings } from './run-settings.ts'
import type { RunClock } from './time-left.ts'

export type BenchRunState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly progress: BenchProgress | undefined; readonly clock: RunClock }
  | { readonly phase: 'stopping' }
  | { readonly phase: 'failed'; readonly failure: Failure }

export const runState = signal<BenchRunState>({ phase: 'idle' })
/** Result of the latest run so far. */
export const latestResult = signal<BenchResult | undefined>(undefined)
/** Settings that the user changed; the rest are defaults for the device. */
export const chosenSettings = signal<Partial<BenchSettings>>({})
export const modelInfo = computed<ModelInfo | undefined>(() =>
  loadState.value.phase === 'ready' ? loadState.value.model.info : undefined,
)
/** Cache layouts that the loaded model can run with. */
export const cacheKinds = computed<readonly CacheKind[]>(() =>
  CACHE_KINDS.filter((kind) => (kind === 'grouped') === (modelInfo.value?.attention === 'grouped')),
)
/** The settings of the next run. */
export const settings = computed<BenchSettings>(() => {
  const base = {
    ...defaultSettings(/swiftshader|llvmpipe|software/i.test(modelInfo.value?.adapter ?? '')),
    ...chosenSettings.value,
  }
  const caches = cacheKinds.value.filter((kind) => base.caches.includes(kind))
  return { ...base, caches: caches.length > 0 ? caches : cacheKinds.value }
})
export const busy = computed(() => runState.value.phase === 'running' || runState.value.phase === 'stopping')

const current = new LatestTask()

/** Runs the benchmark. The result of the previous run is dropped unless it was kept. */
export async function startRun(): Promise<void> {
  if (loadState.value.phase !== 'ready' || busy.value) return
  const { model } = loadState.value
  const { signal } = current.start()
  latestResult.value = undefined
  const begun = performance.now()
  let done = 0
  let clock: RunClock = { begun, partDone: begun }
  runState.value = { phase: 'running', progress: undefined, clock }
  try {
    for await (const { progress, result } of model.benchmark(settings.value, { signal })) {
      latestResult.value = result
      if (progress.done > done) clock = { begun, partDone: performance.now() }
      done = progress.done
      if (!signal.aborted) runState.value = { phase: 'running', progress, clock }
    }
    runState.value = { phase: 'idle' }
  } catch (error) {
    runState.value = isAborted(error) ? { phase: 'idle' } : { phase: 'failed', failure: asHadalError(error) }
  }
}

/** Stops the run and keeps its result so far. */
export function stopRun(): void {
  if (runState.value.phase !== 'running') return
  runState.value = { phase: 'stopping' }
  current.abort()
}
