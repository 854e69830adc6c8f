// Writes the files of an exported model into a folder that the user picked, or hands them over one by one.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import type { FolderWriter } from '../weights/folder-writer.ts'
import { checkPath, type Source } from '../weights/source.ts'
import type { StreamProgress } from '../weights/stream.ts'
import { isDomException } from './access.ts'

export interface ExportOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: StreamProgress) => void) | undefined
}

const CHUNK_BYTES = 8 * 2 ** 20

/** Copies files of a source. Errors: those of the source and of the writer. */
export async function copyFiles(
  writer: FolderWriter,
  source: Source,
  paths: readonly string[],
  { signal, onProgress }: ExportOptions,
): Promise<void> {
  const sizes = await Promise.all(paths.map((path) => source.size(path, signal)))
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0)
  let copied = 0
  for (const [index, path] of paths.entries()) {
    const fileTotalBytes = sizes[index] ?? 0
    for (let start = 0; start < fileTotalBytes; start += CHUNK_BYTES) {
      throwIfAborted(signal)
      const end = Math.min(fileTotalBytes, start + CHUNK_BYTES)
      await writer.write(path, start, await source.read(path, start, end, signal))
      copied += end - start
      onProgress?.({ file: path, bytes: copied, totalBytes, fileBytes: end, fileTotalBytes })
    }
    await writer.finish(path)
  }
}

/**
 * A writer into a folder that the user picked, creating subfolders as needed. A file appears, or replaces one
 * of the same name, only once it is complete. Errors: `storage_full`; `bad_request` if the folder cannot be
 * written.
 */
export function pickedFolderWriter(folder: FileSystemDirectoryHandle): FolderWriter {
  const open = new Map<string, Promise<FileSystemWritableFileStream>>()
  const finished: string[] = []
  const close = async (path: string) => {
    await (await open.get(path))?.close()
    open.delete(path)
    finished.push(path)
  }
  return {
    write: (path, position, data) =>
      explained(path, async () => {
        const stream = open.get(path) ?? createFile(folder, path)
        open.set(path, stream)
        await (await stream).write({ type: 'write', position, data })
      }),
    finish: (path) => explained(path, () => close(path)),
    async discard() {
      for (const stream of open.values()) await stream.then((opened) => opened.abort()).catch(() => {})
      for (const path of finished) {
        const [name = '', ...parents] = checkPath(path).toReversed()
        await parentOf(folder, parents.toReversed())
          .then((parent) => parent.removeEntry(name))
          .catch(() => {})
      }
    },
  }
}

/**
 * A writer that hands over each file when it is complete. Browsers move blobs to the disk when they are many.
 * @param onFile the next file is begun when its promise settles
 */
export function blobWriter(onFile: (name: string, content: Blob) => Promise<void>): FolderWriter {
  const pieces = new Map<number, Blob>()
  return {
    async write(_, at, bytes) {
      pieces.set(at, await new Response(bytes.slice()).blob())
    },
    async finish(path) {
      const parts = [...pieces].sort(([a], [b]) => a - b).map(([, blob]) => blob)
      pieces.clear()
      await onFile(checkPath(path).at(-1) ?? path, new Blob(parts))
    },
    async discard() {
      pieces.clear()
    },
  }
}

/** Throws `bad_request` if the folder already holds a model: two of them in one folder cannot be read. */
export async function refuseModelIn(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of folder.keys()) {
    if (name !== 'config.json' && !name.endsWith('.safetensors')) continue
    throw new HadalError('bad_request', `The folder ${folder.name} already holds a model (${name}).`, {
      hint: 'Pick an empty folder.',
    })
  }
}

async function createFile(
  folder: FileSystemDirectoryHandle,
  path: string,
): Promise<FileSystemWritableFileStream> {
  const [name = path, ...parents] = checkPath(path).toReversed()
  const parent = await parentOf(folder, parents.toReversed())
  return (await parent.getFileHandle(name, { create: true })).createWritable()
}

async function parentOf(folder: FileSystemDirectoryHandle, parents: readonly string[]) {
  let parent = folder
  for (const part of parents) parent = await parent.getDirectoryHandle(part, { create: true })
  return parent
}

/** Runs `work`; what the browser refuses becomes an error with a hint. */
async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause
    const full = isDomException(cause, 'QuotaExceededError')
    throw new HadalError(full ? 'storage_full' : 'bad_request', `Cannot write ${path}: ${cause.message}`, {
      file: path,
      hint: full
        ? 'Free some space, or pick a folder on another disk.'
        : 'Pick a folder that can be written.',
      cause,
    })
  }
}
