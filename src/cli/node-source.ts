// Answers: how is a model folder on disk read in Node? It must not know what is in its files.
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { checkPath, checkRange, missingFile, type Source, shortFile } from '../weights/source.ts'

/** A folder on disk; every file that is read stays open until `close`. */
export interface FolderSource extends Source {
  close(): Promise<void>
}

interface OpenFile {
  readonly handle: FileHandle
  readonly bytes: number
}

/** Opens a folder on disk. Links are followed: download caches keep the large files behind them. */
export function openFolder(dir: string): FolderSource {
  const opened = new Map<string, Promise<OpenFile>>()
  const find = (path: string): Promise<OpenFile> => {
    const file = opened.get(path) ?? openFile(dir, path)
    opened.set(path, file)
    return file
  }
  const findUpTo = async (path: string, end: number): Promise<FileHandle> => {
    const file = await find(path)
    if (end > file.bytes) throw shortFile(path, end, file.bytes)
    return file.handle
  }
  return {
    name: dir,
    async size(path, signal) {
      checkRange(path, 0, 0, signal)
      return (await find(path)).bytes
    },
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const handle = await findUpTo(path, end)
      const bytes = new Uint8Array(end - start)
      await readAt(handle, path, start, bytes, signal)
      return bytes
    },
    async readInto(path, start, into, signal) {
      checkRange(path, start, start + into.length, signal)
      await readAt(await findUpTo(path, start + into.length), path, start, into, signal)
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

async function openFile(dir: string, path: string): Promise<OpenFile> {
  const place = join(dir, ...checkPath(path))
  try {
    // Asked first: to open a pipe would wait for whoever writes into it.
    const found = await stat(place)
    if (found.isFile()) return { handle: await open(place), bytes: found.size }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') throw missingFile(dir, path, cause)
    throw unreadable(path, cause)
  }
  throw unreadable(path, 'it is no file')
}

async function readAt(
  handle: FileHandle,
  path: string,
  start: number,
  into: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  let filled = 0
  while (filled < into.length) {
    throwIfAborted(signal)
    const { bytesRead } = await handle
      .read(into, filled, into.length - filled, start + filled)
      .catch((cause: unknown) => Promise.reject(unreadable(path, cause)))
    if (bytesRead === 0) throw shortFile(path, start + into.length, start + filled)
    filled += bytesRead
  }
}

function unreadable(path: string, cause: unknown): HadalError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new HadalError('bad_file', `${path} cannot be read: ${why}.`, {
    file: path,
    hint: 'Check that it is a file and that you may read it.',
    cause,
  })
}
