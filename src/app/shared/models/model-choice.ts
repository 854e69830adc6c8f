// Loads the chosen model and switches to another one.
import { computed, signal } from '@preact/signals'
import type { ModelStatus } from '../../../api/status.ts'
import { type GpuBytes, loadModel } from '../../../index.ts'
import { asHadalError } from '../../../lib/error.ts'
import { saveModelOffline, waitForServiceWorker } from '../../offline/register.ts'
import { LatestTask } from '../latest-task.ts'
import { findBundledModel } from './catalogue.ts'
import { noteSpeed } from './device-facts.ts'
import { recordError } from './error-log.ts'
import { lastModel, rememberModel } from './last-model.ts'
import { noteUse } from './last-used.ts'
import { type LoadState, type ModelChoice, missingWebGpu } from './load-state.ts'
import { forgetLosses, noteLoss } from './smaller-settings.ts'

export const loadState = signal<LoadState>({ phase: 'starting' })
export const gpuBytes = signal<GpuBytes>({})
/** While the loaded model is lost and loaded again; its answers wait for that. */
export const recovery = signal<Extract<ModelStatus, { state: 'recovering' }> | undefined>(undefined)
/** False for a loaded model that is neither bundled nor stored: it cannot be opened offline. */
export const modelSaved = computed(() => {
  const state = loadState.value
  return state.phase !== 'ready' || state.choice.bundled || state.choice.options.keep !== undefined
})

const loading = new LatestTask()

/**
 * Loads the last used model if it is saved here, else the bundled one. Ends in `ready`, `failed` or
 * `no-webgpu`.
 */
export async function loadInitialModel(): Promise<void> {
  loadState.value = { phase: 'starting' }
  const missing = await missingWebGpu()
  if (missing) {
    loadState.value = { phase: 'no-webgpu', missing }
    return
  }
  await waitForServiceWorker()
  const last = await lastModel()
  await (last ? openModel(last) : openBundledModel())
}

/** Loads the bundled model. */
export async function openBundledModel(): Promise<void> {
  try {
    await openModel({ ...(await findBundledModel()), bundled: true, options: {} })
  } catch (error) {
    loadState.value = { phase: 'failed', choice: undefined, failure: asHadalError(error) }
  }
}

/** Loads a model in place of the current one, whose memory is freed first. */
export async function openModel(choice: ModelChoice): Promise<void> {
  const before = loadState.value
  const { signal, isLatest } = loading.start()
  const show = (state: LoadState) => {
    if (isLatest()) loadState.value = state
  }
  let bytesPerSecond = 0
  const onStatus = (status: ModelStatus) => {
    if (!isLatest()) return
    if (status.state === 'recovering' && !status.progress) {
      recordError(status.reason)
      noteLoss()
    }
    recovery.value = status.state === 'recovering' ? status : undefined
  }
  recovery.value = undefined
  forgetLosses()
  show({ phase: 'loading', choice, progress: undefined })
  if (before.phase === 'ready') await before.model.unload()
  try {
    const model = await loadModel(choice.source, {
      ...choice.options,
      signal,
      onStatus,
      onProgress(progress) {
        if (progress.phase === 'download') bytesPerSecond = progress.bytesPerSecond
        show({ phase: 'loading', choice, progress })
      },
    })
    if (!isLatest()) return await model.unload()
    show({ phase: 'ready', choice, model })
    gpuBytes.value = await model.gpuBytes()
    void model.lost.then((error) => {
      recordError(error)
      show({ phase: 'failed', choice, failure: asHadalError(error) })
      return model.unload()
    })
    rememberModel(choice)
    if (!choice.bundled && !Array.isArray(choice.source)) noteUse(String(choice.source))
    noteSpeed(bytesPerSecond)
    if (choice.bundled) void saveModelOffline()
  } catch (error) {
    const failure = asHadalError(error)
    recordError(failure)
    show(
      failure.code === 'no_webgpu'
        ? { phase: 'no-webgpu', missing: 'adapter' }
        : { phase: 'failed', choice, failure },
    )
  }
}

/** Cancels the load in progress; what it has stored stays. */
export function cancelLoad(): void {
  loading.abort()
}
