// Exports a stored model: files as they are, or what Hadal quantized and packed in MLX's layout.
import { type PlannedModelWeights, planUnlimited } from '../engine/load/plan.ts'
import { progressReporter } from '../engine/load/progress.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { planMlxFolder, writeMlxFolder } from '../engine/write/mlx-folder.ts'
import { openDevice } from '../gpu/device.ts'
import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import {
  blobWriter,
  copyFiles,
  type ExportOptions,
  pickedFolderWriter,
  refuseModelIn,
} from '../store/export.ts'
import { notStored } from '../store/not-stored.ts'
import type { StoredSource } from '../store/reader.ts'
import { openStore } from '../store/store.ts'
import type { LoadProgress, StoredSelection } from './protocol.ts'
import { select } from './select-stored.ts'

/** Where the files go: a folder that the user picked, or a function that receives each. */
export type ExportTarget = FileSystemDirectoryHandle | ((name: string, content: Blob) => Promise<void>)

/** Files that are handed over are held in memory, where the browser does not move them to the disk. */
const HANDED_OVER_BYTES = 1e9

interface ExportStoredOptions {
  readonly signal: AbortSignal
  onProgress(progress: LoadProgress): void
}

/**
 * Exports a stored model. What was written is deleted if that fails or is cancelled.
 * Errors: `not_found`; `bad_request` if several forms are stored, or the folder holds a model or cannot be
 * written; `storage_full`.
 */
export async function exportStored(
  selection: StoredSelection,
  target: ExportTarget,
  { signal, onProgress }: ExportStoredOptions,
): Promise<void> {
  const report = progressReporter((progress) => {
    const { bytes, totalBytes } = progress
    onProgress({ ...progress, fraction: totalBytes > 0 ? bytes / totalBytes : 0 })
  })
  const model = await openExport(selection, signal)
  try {
    await exportModel(model, target, { signal, onProgress: (moved) => report('download', moved) })
  } finally {
    await model.source.close()
  }
}

/** A stored model, and its weights if they are packed. Throws `not_found`, or `bad_request` for several. */
async function openExport(selection: StoredSelection, signal: AbortSignal) {
  const store = await openStore()
  const complete = select(await store.list(), selection).filter((model) => model.complete)
  const exact = complete.find(({ key }) => key === selection.key || key === selection.source)
  const [chosen, ...others] = exact ? [exact] : complete
  const source = chosen && (await store.open(chosen.key))
  if (!chosen || !source) throw notStored(selection.source ?? selection.key)
  if (others.length > 0) {
    const keys = complete.map(({ key }) => quoteName(key)).join(', ')
    throw new HadalError('bad_request', `Several forms of this model are stored: ${keys}.`, {
      hint: 'Name one of them by its key.',
    })
  }
  if (chosen.kind !== 'packed') return { source, packed: undefined }
  return { source, packed: planUnlimited(await openConfigured(source, { signal })) }
}

/**
 * Exports a model.
 * @param packed the model with its planned weights, if they are packed
 * Errors: `bad_request` if the folder holds a model or cannot be written; `storage_full`; those of the
 * source.
 */
async function exportModel(
  { source, packed }: { readonly source: StoredSource; readonly packed: PlannedModelWeights | undefined },
  target: ExportTarget,
  options: ExportOptions,
): Promise<void> {
  const isFolder = typeof target !== 'function'
  const writer = isFolder ? pickedFolderWriter(target) : blobWriter(target)
  try {
    if (!packed) return await copyFiles(writer, source, source.paths, options)
    if (isFolder) await refuseModelIn(target)
    const maxShardBytes = isFolder ? undefined : HANDED_OVER_BYTES
    const folder = await planMlxFolder(packed, { maxShardBytes, signal: options.signal })
    await writeMlxFolder(folder, writer, { ...options, openGpu: () => openDevice(navigator.gpu) })
  } catch (error) {
    await writer.discard()
    throw error
  }
}
