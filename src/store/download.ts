// Downloads a model's files into its folder, resuming where the last attempt ended.

import { expectDefined, throwIfAborted } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'
import { forEachParallel } from '../lib/parallel.ts'
import type { FileInfo, Source } from '../weights/source.ts'
import type { DownloadOptions } from './download-options.ts'
import { fetchFile, type OnArrived } from './fetch-file.ts'
import type { ModelFolder } from './folder.ts'
import { checkSpace, withSpace } from './space.ts'
import { committedBytes, completeFiles, currentFile, isComplete, type StoredFile } from './state.ts'

/** Files whose size and hash are requested at once. */
const PARALLEL_INFO_REQUESTS = 4
/** Bytes arrive in thousands of chunks a second; progress is reported less often. */
const PROGRESS_INTERVAL_MS = 100

/**
 * Downloads `files` of `source` into the folder, verifies them and records that in the journal. What is
 * already stored is not fetched again.
 * Errors: those of `Source`; `storage_full`; `bad_file` when the bytes do not match the hash the host
 * publishes.
 */
export async function downloadInto(
  folder: ModelFolder,
  source: Source,
  files: readonly string[],
  options: DownloadOptions,
): Promise<void> {
  const paths = [...new Set(files)]
  const fileInfos = await fetchFileInfos(source, paths, options.signal)
  const storedFiles = paths.map((path) =>
    registerFile(folder, path, fileInfos.get(path) ?? { bytes: 0 }, options),
  )
  await folder.sweep()
  const missing = storedFiles.filter((file) => !isComplete(file))
  const needed = () => unallocatedBytes(folder, missing)
  await checkSpace(await needed(), source.name)
  await withSpace(source.name, needed, async () => {
    await allocateFiles(folder, missing)
    for (const file of missing) {
      const onArrived = progressReporter(storedFiles, file, options.onProgress)
      await fetchFile({ folder, source, file, options, onArrived })
    }
    commitComplete(folder)
  })
}

/**
 * Allocates the space for all files at once, so that a full disk is reported before hours of download, not
 * after. On failure all files get their old size back.
 */
async function allocateFiles(folder: ModelFolder, files: readonly StoredFile[]): Promise<void> {
  const grown: { readonly id: number; readonly before: number }[] = []
  try {
    for (const { id, bytes } of files) {
      const before = await folder.resize(id, bytes)
      grown.push({ id, before })
    }
  } catch (error) {
    for (const { id, before } of grown) await folder.resize(id, before)
    throw error
  }
}

/** Reports the progress of all files together while `file` is downloaded. */
function progressReporter(
  files: readonly StoredFile[],
  file: StoredFile,
  onProgress: DownloadOptions['onProgress'],
): OnArrived {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let totalArrived = files.reduce((sum, stored) => sum + committedBytes(stored), 0)
  const arrivedByRange = new Map<number, number>() // by the range's first byte
  let reportedAt = Number.NEGATIVE_INFINITY
  const report = () => {
    if (performance.now() - reportedAt < PROGRESS_INTERVAL_MS && totalArrived < totalBytes) return
    reportedAt = performance.now()
    onProgress?.({ phase: 'download', file: file.path, bytes: totalArrived, totalBytes })
  }
  report()
  return (start, bytes) => {
    totalArrived += bytes - (arrivedByRange.get(start) ?? 0)
    arrivedByRange.set(start, bytes)
    report()
  }
}

/** Records in the journal that all complete files are the model, unless it already says so. */
function commitComplete(folder: ModelFolder): void {
  const completeIds = [...folder.state.files.values()].filter(isComplete).map(({ id }) => id)
  const stored = new Set(completeFiles(folder.state)?.map(({ id }) => id))
  if (completeIds.every((id) => stored.has(id))) return
  folder.commit({ type: 'complete', ids: completeIds, savedAt: Date.now() })
}

async function fetchFileInfos(
  source: Source,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, FileInfo>> {
  const fileInfos = new Map<string, FileInfo>()
  await forEachParallel(paths, { parallel: PARALLEL_INFO_REQUESTS, signal }, async (path, stop) => {
    fileInfos.set(path, (await source.fileInfo?.(path, stop)) ?? { bytes: await source.size(path, stop) })
  })
  throwIfAborted(signal)
  return fileInfos
}

/** The stored file for this host file: the existing one if it still matches, otherwise a new empty one. */
function registerFile(
  folder: ModelFolder,
  path: string,
  fileInfo: FileInfo,
  options: DownloadOptions,
): StoredFile {
  const { state } = folder
  const stored = currentFile(state, path)
  const reason = stored && changeReason(stored, fileInfo)
  if (stored && !reason) return stored
  if (stored && reason) {
    folder.commit({ type: 'drop', id: stored.id, reason })
    options.onDrop?.(path, reason)
  }
  const { bytes, sha256, version } = fileInfo
  folder.commit({
    type: 'file',
    id: state.nextId,
    path,
    bytes,
    ...(sha256 !== undefined && { sha256 }),
    ...(version !== undefined && { version }),
  })
  return expectDefined(currentFile(state, path), path)
}

/**
 * Why the stored file differs from the one on the host; undefined if it does not. Equal hashes outweigh
 * different versions, because a new commit changes few files.
 */
function changeReason(stored: StoredFile, fileInfo: FileInfo): string | undefined {
  if (stored.bytes !== fileInfo.bytes) {
    return `Its size on the host changed from ${formatBytes(stored.bytes)} to ${formatBytes(fileInfo.bytes)}.`
  }
  if (stored.sha256 !== undefined && fileInfo.sha256 !== undefined) {
    return stored.sha256 === fileInfo.sha256 ? undefined : 'The host now publishes a different hash.'
  }
  const changed =
    stored.version !== undefined && fileInfo.version !== undefined && stored.version !== fileInfo.version
  return changed ? 'It changed on the host.' : undefined
}

async function unallocatedBytes(folder: ModelFolder, files: readonly StoredFile[]): Promise<number> {
  const sizes = await Promise.all(files.map(({ id }) => folder.size(id)))
  return files.reduce((sum, { bytes }, index) => sum + Math.max(0, bytes - (sizes[index] ?? 0)), 0)
}
