// Answers: how is a stored model read like any other folder? It must not know how it came into the store.
import { HadalError } from '../lib/error.ts'
import { checkRange, missingFile, type Source, shortFile } from '../weights/source.ts'
import { type FileAccess, openAccess } from './access.ts'
import { dataFile, readState } from './folder.ts'
import { completeFiles, type StoredFile } from './state.ts'

/** A stored model. It cannot be removed before `close`. */
export interface StoredSource extends Source {
  /** What there is to read. */
  readonly paths: readonly string[]
  /** Lets go of the files; what is being read is finished first, later reads fail. */
  close(): Promise<void>
}

interface OpenFile {
  readonly file: StoredFile
  readonly handle: FileSystemFileHandle
  /** Nothing in a browser that gives a file to one tab only, when that is another one: then it is read as a `File`. */
  access: Promise<FileAccess | undefined> | undefined
}

/** The files of a complete model as a source; nothing when there is none, or any of its data is missing. */
export async function openReader(
  dir: FileSystemDirectoryHandle,
  place: string,
  onClose: () => void,
): Promise<StoredSource | undefined> {
  const state = await readState(dir)
  const files = state?.place === place ? completeFiles(state) : undefined
  if (files === undefined) return undefined
  const opened = new Map<string, OpenFile>()
  for (const file of files) {
    const handle = await dataFile(dir, file)
    if (handle === undefined) return undefined
    opened.set(file.path, { file, handle, access: undefined })
  }
  return sourceOf(place, opened, onClose)
}

function sourceOf(place: string, files: ReadonlyMap<string, OpenFile>, onClose: () => void): StoredSource {
  let closed = false
  const find = (path: string): OpenFile => {
    if (closed) throw new HadalError('bad_request', `${place} was closed.`, { hint: 'Open the model again.' })
    const file = files.get(path)
    if (file === undefined) throw missingFile(place, path)
    return file
  }
  return {
    name: place,
    paths: [...files.keys()],
    async size(path, signal) {
      checkRange(path, 0, 0, signal)
      return find(path).file.bytes
    },
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const bytes = new Uint8Array(end - start)
      await readInto(find(path), start, bytes)
      return bytes
    },
    async readInto(path, start, into, signal, onFilled) {
      checkRange(path, start, start + into.length, signal)
      await readInto(find(path), start, into)
      onFilled?.(into.length)
    },
    async exists(path, signal) {
      checkRange(path, 0, 0, signal)
      return files.has(path)
    },
    async facts(path, signal) {
      checkRange(path, 0, 0, signal)
      const { bytes, sha256, version } = find(path).file
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

async function readInto(found: OpenFile, start: number, into: Uint8Array<ArrayBuffer>): Promise<void> {
  const { path, bytes } = found.file
  const end = start + into.length
  if (end > bytes) throw shortFile(path, end, bytes)
  found.access ??= openAccess(found.handle, 'read-only', 1).catch(() => undefined)
  const access = await found.access
  let filled = into.length
  if (access) filled = access.read(into, { at: start })
  else into.set(new Uint8Array(await (await found.handle.getFile()).slice(start, end).arrayBuffer()))
  if (filled < into.length) throw shortFile(path, end, start + filled)
}
