// Lists, deletes and exports the models that this browser has stored.
import { proxy } from 'comlink'
import { throwIfAborted } from '../lib/error.ts'
import type { LoadProgress, StoredModel } from '../worker/protocol.ts'
import { spawnWorker } from '../worker/spawn.ts'
import { type EngineWorker, startWorker, unwrapOutcome } from './worker.ts'

export interface StoredModelOptions {
  /** Starts the worker in another way, for example from a script on another path. */
  worker?: () => Worker
}

export interface ExportModelOptions extends StoredModelOptions {
  /** Called often while copying: bytes, bytes per second, seconds left. */
  onProgress?: (progress: LoadProgress) => void
  /** Cancels: the promise rejects with `aborted`; files already copied stay. */
  signal?: AbortSignal
}

/**
 * Lists every model that `loadModel` has stored here (`keep`), the latest first, incomplete ones included.
 * @throws HadalError `unsupported` if this browser has no private file system
 */
export function storedModels(options: StoredModelOptions = {}): Promise<readonly StoredModel[]> {
  return withWorker(options, (worker) => unwrapOutcome(worker, worker.remote.storedModels()))
}

/**
 * Deletes a stored model. Does nothing if there is none.
 * @param key `StoredModel.key`
 * @throws HadalError `bad_request` while a tab has the model open or is storing it; `unsupported` without a
 * private file system
 */
export function removeStoredModel(key: string, options: StoredModelOptions = {}): Promise<void> {
  return withWorker(options, (worker) => unwrapOutcome(worker, worker.remote.removeStored(key)))
}

/**
 * Copies a completely stored model into a folder that the user has picked for writing.
 * @param key `StoredModel.key`
 * @throws HadalError `not_found` if the model is not stored completely, `aborted`, `unsupported` without a
 * private file system
 */
export function exportStoredModel(
  key: string,
  folder: FileSystemDirectoryHandle,
  options: ExportModelOptions = {},
): Promise<void> {
  const { onProgress, signal } = options
  throwIfAborted(signal)
  return withWorker(options, async (worker) => {
    const cancel = () => void worker.remote.cancelExport()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      await unwrapOutcome(worker, worker.remote.exportStored(key, folder, proxy(onProgress ?? (() => {}))))
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  })
}

async function withWorker<T>(
  options: StoredModelOptions,
  work: (worker: EngineWorker) => Promise<T>,
): Promise<T> {
  const worker = startWorker(options.worker ?? spawnWorker)
  try {
    return await work(worker)
  } finally {
    worker.close()
  }
}
