// Serves a stored model as a source, like any other model folder.
import { HadalError } from '../lib/error.ts'
import { checkRange, missingFile, type Source, truncatedFile } from '../weights/source.ts'
import { openAccessHandle, type SyncAccessHandle } from './access.ts'
import { findDataFile, readModelState } from './read-state.ts'
import { completeFiles, type StoredFile } from './state.ts'

/** A stored model. It cannot be removed before `close`. */
export interface StoredSource extends Source {
  /** The files that can be read. */
  readonly paths: readonly string[]
  /** Closes the files once running reads are finished; later reads fail. */
  close(): Promise<void>
}

interface StoredFileHandle {
  readonly file: StoredFile
  readonly handle: FileSystemFileHandle
  /**
   * Undefined if the browser opens a file in one tab only and another tab has it: it is then read as a
   * `File`.
   */
  access: Promise<SyncAccessHandle | undefined> | undefined
}

/**
 * The files of a complete model as a source; undefined when it is not complete or any of its data is missing.
 */
export async function openReader(
  dir: FileSystemDirectoryHandle,
  key: string,
  onClose: () => void,
): Promise<StoredSource | undefined> {
  const state = await readModelState(dir)
  const files = state?.key === key ? completeFiles(state) : undefined
  if (files === undefined) return undefined
  const opened = new Map<string, StoredFileHandle>()
  for (const file of files) {
    const handle = await findDataFile(dir, file)
    if (handle === undefined) return undefined
    opened.set(file.path, { file, handle, access: undefined })
  }
  return createStoredSource(key, opened, onClose)
}

function createStoredSource(
  key: string,
  files: ReadonlyMap<string, StoredFileHandle>,
  onClose: () => void,
): StoredSource {
  let closed = false
  const findFile = (path: string): StoredFileHandle => {
    if (closed) throw new HadalError('bad_request', `${key} was closed.`, { hint: 'Open the model again.' })
    const file = files.get(path)
    if (file === undefined) throw missingFile(key, path)
    return file
  }
  return {
    name: key,
    files,
    paths: [...files.keys()],
    async size(path, signal) {
      checkRange(path, 0, 0, signal)
      return findFile(path).file.bytes
    },
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const bytes = new Uint8Array(end - start)
      await readInto(findFile(path), start, bytes)
      return bytes
    },
    async readInto(path, start, into, { signal, onFilled } = {}) {
      checkRange(path, start, start + into.length, signal)
      await readInto(findFile(path), start, into)
      onFilled?.(into.length)
    },
    async exists(path, signal) {
      checkRange(path, 0, 0, signal)
      return files.has(path)
    },
    async fileInfo(path, signal) {
      checkRange(path, 0, 0, signal)
      const { bytes, sha256, version } = findFile(path).file
      return { bytes, ...(sha256 !== undefined && { sha256 }), ...(version !== undefined && { version }) }
    },
    async close() {
      if (closed) return
      closed = true
      for (const { access } of files.values()) (await access)?.close()
      onClose()
    },
  }
}

async function readInto(
  stored: StoredFileHandle,
  start: number,
  into: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { path, bytes } = stored.file
  const end = start + into.length
  if (end > bytes) throw truncatedFile(path, end, bytes)
  stored.access ??= openAccessHandle(stored.handle, 'read-only', 1).catch(() => undefined)
  const access = await stored.access
  let filled = into.length
  if (access) filled = access.read(into, { at: start })
  else into.set(new Uint8Array(await (await stored.handle.getFile()).slice(start, end).arrayBuffer()))
  if (filled < into.length) throw truncatedFile(path, end, start + filled)
}
