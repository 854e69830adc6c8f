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
  /** Cancels: the promise rejects with `aborted`, and what was written into the folder is deleted. */
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

/** Receives one file of an exported model; the next one is made when the returned promise settles. */
export type SaveFile = (name: string, content: Blob) => void | Promise<void>

/**
 * Exports a completely stored model: downloaded files as they are, and quantized weights in MLX's layout,
 * which other programs read too.
 * @param key `StoredModel.key`
 * @param target a folder that the user has picked for writing, or a function for each file where the browser
 * has no such folders
 * @throws HadalError `not_found` if the model is not stored completely, `bad_request` if the folder cannot be
 * written or holds a model, `storage_full`, `aborted`, `unsupported` without a private file system
 */
export function exportStoredModel(
  key: string,
  target: FileSystemDirectoryHandle | SaveFile,
  options: ExportModelOptions = {},
): Promise<void> {
  const { onProgress, signal } = options
  throwIfAborted(signal)
  return withWorker(options, async (worker) => {
    const cancel = () => void worker.remote.cancelExport()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const [folder, save] = typeof target === 'function' ? [undefined, target] : [target, () => {}]
      const reports = [proxy(onProgress ?? (() => {})), proxy(save)] as const
      await unwrapOutcome(worker, worker.remote.exportStored(key, folder, ...reports))
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
