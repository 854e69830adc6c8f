// Exports a stored model: files as they are, or what Hadal quantized and packed in MLX's layout.
import type { PlannedModelWeights } from '../engine/load/plan.ts'
import { planMlxFolder, writeMlxFolder } from '../engine/write/mlx-folder.ts'
import { openDevice } from '../gpu/device.ts'
import {
  blobWriter,
  copyFiles,
  type ExportOptions,
  pickedFolderWriter,
  refuseModelIn,
} from '../store/export.ts'
import type { StoredSource } from '../store/reader.ts'

/** Where the files go: a folder that the user picked, or a function that receives each. */
export type ExportTarget = FileSystemDirectoryHandle | ((name: string, content: Blob) => Promise<void>)

/** Files that are handed over are held in memory, where the browser does not move them to the disk. */
const HANDED_OVER_BYTES = 1e9

/**
 * Exports a model. What was written is deleted if that fails or is cancelled.
 * @param packed the model with its planned weights, if they are packed
 * Errors: `bad_request` if the folder holds a model or cannot be written; `storage_full`; those of the
 * source.
 */
export async function exportModel(
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
