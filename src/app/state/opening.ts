// Answers: which model is loaded, and how does the page change to another one? It must not know the chat.
import { signal } from '@preact/signals'
import { type GpuBytes, HadalError, loadModel } from '../../index.ts'
import { controlled, keepModel } from '../offline/register.ts'
import { findModel } from './catalogue.ts'
import type { Failure } from './chat.ts'
import { lastModel, rememberModel } from './last-model.ts'
import { type LoadState, missingWebGpu, type Opening } from './loading.ts'

export const load = signal<LoadState>({ phase: 'starting' })
export const gpuBytes = signal<GpuBytes>({})

let current: AbortController | undefined

/** Loads the model of last time if this browser keeps it, else the bundled one. Ends in `ready`, `failed` or `no-webgpu`. */
export async function start(): Promise<void> {
  load.value = { phase: 'starting' }
  const missing = await missingWebGpu()
  if (missing) {
    load.value = { phase: 'no-webgpu', missing }
    return
  }
  await controlled()
  const last = await lastModel()
  await (last ? open(last) : openBundled())
}

/** Loads the bundled model. */
export async function openBundled(): Promise<void> {
  try {
    await open({ ...(await findModel()), bundled: true, options: {} })
  } catch (error) {
    load.value = { phase: 'failed', entry: undefined, failure: failureOf(error) }
  }
}

/** Loads a model in place of the present one, whose memory is given back first. */
export async function open(entry: Opening): Promise<void> {
  const before = load.value
  current?.abort()
  const own = new AbortController()
  current = own
  const show = (state: LoadState) => {
    if (current === own) load.value = state
  }
  show({ phase: 'loading', entry, progress: undefined })
  if (before.phase === 'ready') await before.model.unload()
  try {
    const model = await loadModel(entry.place, {
      ...entry.options,
      signal: own.signal,
      onProgress: (progress) => show({ phase: 'loading', entry, progress }),
    })
    if (current !== own) return await model.unload()
    show({ phase: 'ready', entry, model })
    gpuBytes.value = await model.gpuBytes()
    void model.lost.then((error) => {
      show({ phase: 'failed', entry, failure: failureOf(error) })
      return model.unload()
    })
    rememberModel(entry)
    if (entry.bundled) void keepModel()
  } catch (error) {
    const failure = failureOf(error)
    show(
      failure.code === 'no_webgpu'
        ? { phase: 'no-webgpu', missing: 'adapter' }
        : { phase: 'failed', entry, failure },
    )
  }
}

/** Gives up the load in progress; what was stored of it stays. */
export function cancelLoad(): void {
  current?.abort()
}

export function failureOf(error: unknown): Failure {
  if (error instanceof HadalError) return error
  return {
    code: 'internal',
    message: String(error),
    hint: 'Reload the page; if that does not help, please report it.',
  }
}
