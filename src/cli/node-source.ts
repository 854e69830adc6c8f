// Reads a model folder on disk in Node.
import { readdirSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { checkPath, checkRange, missingFile, type Source, truncatedFile } from '../weights/source.ts'

/** A folder on disk. Files stay open after the first read until `close`. */
export interface FolderSource extends Source {
  close(): Promise<void>
}

interface FolderFile {
  readonly handle: FileHandle
  readonly bytes: number
}

/** Opens a folder on disk. Symbolic links are followed: download caches store large files behind them. */
export function openFolder(dir: string): FolderSource {
  const opened = new Map<string, Promise<FolderFile>>()
  const find = (path: string): Promise<FolderFile> => {
    const file = opened.get(path) ?? openFile(dir, path)
    opened.set(path, file)
    return file
  }
  const openUpTo = async (path: string, end: number): Promise<FileHandle> => {
    const file = await find(path)
    if (end > file.bytes) throw truncatedFile(path, end, file.bytes)
    return file.handle
  }
  return {
    name: dir,
    get files() {
      return new Map(namesIn(dir).map((name) => [name, undefined]))
    },
    async size(path, signal) {
      checkRange(path, 0, 0, signal)
      return (await find(path)).bytes
    },
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const handle = await openUpTo(path, end)
      const bytes = new Uint8Array(end - start)
      await readAt({ handle, path, start, into: bytes, signal })
      return bytes
    },
    async readInto(path, start, into, { signal } = {}) {
      checkRange(path, start, start + into.length, signal)
      const handle = await openUpTo(path, start + into.length)
      await readAt({ handle, path, start, into, signal })
    },
    async exists(path, signal) {
      throwIfAborted(signal)
      const found = await stat(join(dir, ...checkPath(path))).catch(() => undefined)
      return found?.isFile() ?? false
    },
    async close() {
      const files = await Promise.allSettled(opened.values())
      opened.clear()
      await Promise.all(
        files.map((file) => (file.status === 'fulfilled' ? file.value.handle.close() : undefined)),
      )
    },
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

async function openFile(dir: string, path: string): Promise<FolderFile> {
  const fullPath = join(dir, ...checkPath(path))
  try {
    // Check first: opening a named pipe would block until something writes to it.
    const found = await stat(fullPath)
    if (found.isFile()) return { handle: await open(fullPath), bytes: found.size }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') throw missingFile(dir, path, cause)
    throw unreadableError(path, cause)
  }
  throw unreadableError(path, 'it is not a file')
}

interface FileRead {
  readonly handle: FileHandle
  readonly path: string
  readonly start: number
  readonly into: Uint8Array
  readonly signal: AbortSignal | undefined
}

/** Fills `into` from byte `start` of the file. Throws `bad_file` if the file is shorter or unreadable. */
async function readAt({ handle, path, start, into, signal }: FileRead): Promise<void> {
  let filled = 0
  while (filled < into.length) {
    throwIfAborted(signal)
    const { bytesRead } = await handle
      .read(into, filled, into.length - filled, start + filled)
      .catch((cause: unknown) => Promise.reject(unreadableError(path, cause)))
    if (bytesRead === 0) throw truncatedFile(path, start + into.length, start + filled)
    filled += bytesRead
  }
}

function unreadableError(path: string, cause: unknown): HadalError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new HadalError('bad_file', `Cannot read ${path}: ${why}.`, {
    file: path,
    hint: 'Check that it is a file and that you have permission to read it.',
    cause,
  })
}
