// Downloads models into this browser, and lists, deletes and exports them.
import { proxy } from 'comlink'
import { badField, definedFields } from '../lib/check.ts'
import { throwIfAborted } from '../lib/error.ts'
import {
  type LoadProgress,
  type Outcome,
  type StoredModel,
  type StoredSelection,
  storeKey,
} from '../worker/protocol.ts'
import { spawnWorker } from '../worker/spawn.ts'
import {
  explainSource,
  type ModelSource,
  type ModelSourceOptions,
  resolveSource,
  workerLoadRequest,
} from './model-source.ts'
import { type EngineWorker, startWorker, unwrapOutcome } from './worker.ts'

export interface StoredModelOptions {
  /** Starts the worker in another way, for example from a script on another path. */
  worker?: () => Worker
}

export interface DownloadModelOptions
  extends StoredModelOptions,
    Pick<ModelSourceOptions, 'token' | 'endpoint'> {
  /** Called often while downloading: bytes, bytes per second, seconds left; `fraction` is of the bytes. */
  onProgress?: (progress: LoadProgress) => void
  /** Pauses: the promise rejects with `aborted`, and the bytes that have arrived stay. */
  signal?: AbortSignal
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

/** A model that can be stored: not the user's own files, which are never copied. */
export type DownloadSource = Exclude<ModelSource, readonly File[]>

/**
 * Downloads the files of a model into this browser without loading it, so that `loadModel` needs no network
 * for it later. What is stored already is not downloaded again: a download that was interrupted or aborted
 * goes on where it stopped. Waits for another tab that downloads the same model.
 * @throws HadalError `not_found`, `no_access`, `network`, `storage_full`, `aborted`, `bad_request`;
 * `bad_file`, `bad_config` or `unsupported`, before the weights, for a model that Hadal does not run, and
 * `unsupported` without a private file system
 */
export async function downloadModel(
  source: DownloadSource,
  options: DownloadModelOptions = {},
): Promise<void> {
  const { token, endpoint, onProgress = () => {} } = options
  const request = workerLoadRequest(source, definedFields({ token, endpoint }))
  if ('files' in request.modelSource)
    throw badField('source', 'is a list of files', 'They lie on this device already.')
  // Workers cannot request this. Not awaited: Firefox asks the user, who may never answer.
  void navigator.storage?.persist?.().catch(() => false)
  try {
    await cancellable(options, ({ remote }) => remote.downloadModel(request, proxy(onProgress)))
  } catch (error) {
    throw explainSource(error, source)
  }
}

/** A stored model: the one, its key, or what `loadModel` took, which names every form of the model. */
export type StoredModelName = StoredModel | DownloadSource

/**
 * Deletes a stored model. Does nothing if there is none.
 * @param model with what `loadModel` took, files and quantized weights alike are deleted
 * @throws HadalError `bad_request` while a tab has the model open or is storing it; `unsupported` without a
 * private file system
 */
export async function removeStoredModel(
  model: StoredModelName,
  options: StoredModelOptions = {},
): Promise<void> {
  const selection = selectionOf(model)
  return withWorker(options, (worker) => unwrapOutcome(worker, worker.remote.removeStored(selection)))
}

function selectionOf(model: StoredModelName): StoredSelection {
  if (typeof model === 'object' && 'key' in model) return { key: model.key }
  const key = String(model)
  // The key of a quantized form, such as "hf:org/name#q4", names that form only.
  if (key.includes('#')) return { key }
  const source = storeKey(resolveSource(model))
  return { key, ...definedFields<Pick<StoredSelection, 'source'>>({ source }) }
}

/** Receives one file of an exported model; the next one is made when the returned promise settles. */
export type SaveFile = (name: string, content: Blob) => void | Promise<void>

/**
 * Exports a completely stored model: downloaded files as they are, and quantized weights in MLX's layout,
 * which other programs read too.
 * @param target a folder that the user has picked for writing, or a function for each file where the browser
 * has no such folders
 * @throws HadalError `not_found` if the model is not stored completely, `bad_request` if several forms of it
 * are, or if the folder cannot be written or holds a model, `storage_full`, `aborted`, `unsupported` without
 * a private file system
 */
export async function exportStoredModel(
  model: StoredModelName,
  target: FileSystemDirectoryHandle | SaveFile,
  options: ExportModelOptions = {},
): Promise<void> {
  const { onProgress = () => {} } = options
  const selection = selectionOf(model)
  const [folder, save] = typeof target === 'function' ? [undefined, target] : [target, () => {}]
  await cancellable(options, ({ remote }) =>
    remote.exportStored(selection, folder, proxy(onProgress), proxy(save)),
  )
}

/** Runs a call in a worker of its own; the signal ends it. */
async function cancellable(
  options: ExportModelOptions,
  call: (worker: EngineWorker) => Promise<Outcome<void>>,
): Promise<void> {
  const { signal } = options
  throwIfAborted(signal)
  return withWorker(options, async (worker) => {
    const cancel = () => void worker.remote.cancelStoreTask()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      await unwrapOutcome(worker, call(worker))
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
