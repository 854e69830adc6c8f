// Answers: which models does this browser keep, and how does one get rid of them, or of a copy into a folder?
// It must not know how they are kept.
import { proxy } from 'comlink'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import type { LoadProgress, StoredModel } from '../worker/protocol.ts'
import { spawnWorker } from './spawn.ts'
import { answerOf, type EngineWorker, openWorker } from './worker.ts'

export interface StoredOptions {
  /** Starts the worker some other way, for example from a script on another path. */
  worker?: () => Worker
}

export interface ExportOptions extends StoredOptions {
  onProgress?: (progress: LoadProgress) => void
  /** Cancels: the promise rejects with `aborted`; files already copied stay. */
  signal?: AbortSignal
}

/** Every model that `loadModel` has kept here (`keep`), the latest first; incomplete ones as well. */
export function storedModels(options: StoredOptions = {}): Promise<readonly StoredModel[]> {
  return ask(options, (worker) => answerOf(worker, worker.remote.storedModels()))
}

/**
 * Deletes what is kept of a model; no error when there is nothing.
 * @throws HadalError `bad_request` while a tab has it open or stores it
 */
export function removeStoredModel(place: string, options: StoredOptions = {}): Promise<void> {
  return ask(options, (worker) => answerOf(worker, worker.remote.removeStored(place)))
}

/**
 * Copies a model that is kept here, complete, into a folder that the person has picked for writing.
 * @throws HadalError `not_found`, `aborted`
 */
export function exportStoredModel(
  place: string,
  folder: FileSystemDirectoryHandle,
  options: ExportOptions = {},
): Promise<void> {
  const { onProgress, signal } = options
  throwIfAborted(signal)
  return ask(options, async (worker) => {
    const cancel = () => void worker.remote.cancelExport()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      await answerOf(worker, worker.remote.exportStored(place, folder, proxy(onProgress ?? (() => {}))))
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  })
}

async function ask<T>(options: StoredOptions, work: (worker: EngineWorker) => Promise<T>): Promise<T> {
  const worker = openWorker(options.worker ?? spawnWorker)
  try {
    return await work(worker)
  } finally {
    worker.close(new HadalError('aborted', 'The store has answered.'))
  }
}
