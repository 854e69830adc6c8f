// Loads one model at a time, and unloads it before the next: the state behind `useModel`.
import type { HadalError, LoadedModel, LoadOptions, LoadProgress } from '../index.ts'
import { asHadalError } from '../lib/error.ts'
import { Store } from './store.ts'

/**
 * `recovering`: its GPU device or worker was lost; it is loaded again, and answers go on after that. `lost`:
 * that failed; `reload` tries again.
 */
export type ModelStatus = 'idle' | 'loading' | 'ready' | 'recovering' | 'error' | 'lost'

export interface ModelState {
  readonly status: ModelStatus
  /** The model, while it is ready or recovering. */
  readonly model: LoadedModel | undefined
  /** While loading or recovering, at most one per frame. */
  readonly progress: LoadProgress | undefined
  /** Why loading failed, or the model is or was lost. */
  readonly error: HadalError | undefined
}

/** Starts one load. */
export type StartLoad = (options: {
  readonly signal: AbortSignal
  readonly onProgress: (progress: LoadProgress) => void
  readonly onStatus: NonNullable<LoadOptions['onStatus']>
}) => Promise<LoadedModel>

const IDLE: ModelState = { status: 'idle', model: undefined, progress: undefined, error: undefined }

export class ModelLoader {
  readonly store = new Store(IDLE)
  #abort: AbortController | undefined
  #released: Promise<unknown> = Promise.resolve()

  /** Loads a model in place of the one that is loaded or loading. */
  start(load: StartLoad): void {
    this.end()
    this.#abort = new AbortController()
    this.store.set({ ...IDLE, status: 'loading' })
    void this.#load(load, this.#abort.signal)
  }

  /** Ends the load, or unloads the model. */
  end(): void {
    this.#abort?.abort()
    this.#abort = undefined
    this.#release(this.store.snapshot().model)
    if (this.store.snapshot().status !== 'idle') this.store.set(IDLE)
  }

  async #load(load: StartLoad, signal: AbortSignal): Promise<void> {
    // So that the GPU never holds two models, and a load that is ended at once never starts: React's strict
    // mode does that.
    await this.#released
    if (signal.aborted) return
    const onProgress = (progress: LoadProgress) => {
      if (!signal.aborted) this.store.setSoon({ ...IDLE, status: 'loading', progress })
    }
    const onStatus: LoadOptions['onStatus'] = (status) => {
      const { model } = this.store.snapshot()
      if (signal.aborted || !model || status.state === 'lost') return // `model.lost` tells that
      if (status.state === 'ready') this.store.set({ ...IDLE, status: 'ready', model })
      else
        this.store.setSoon({ status: status.state, model, progress: status.progress, error: status.reason })
    }
    try {
      const model = await load({ signal, onProgress, onStatus })
      if (signal.aborted) return this.#release(model)
      this.store.set({ ...IDLE, status: 'ready', model })
      this.#fail('lost', await model.lost, signal)
    } catch (error) {
      this.#fail('error', asHadalError(error), signal)
    }
  }

  #fail(status: ModelStatus, error: HadalError, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#release(this.store.snapshot().model)
    this.store.set({ ...IDLE, status, error })
  }

  // A model that does not unload is lost already; nobody waits for it.
  #release(model: LoadedModel | undefined): void {
    if (model) this.#released = Promise.allSettled([this.#released, model.unload()])
  }
}
