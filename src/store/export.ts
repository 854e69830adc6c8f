// Answers: how does a stored model get into a folder that the user picked? It must not know how the folder was picked.
import { throwIfAborted } from '../lib/error.ts'
import { checkPath, type Source } from '../weights/source.ts'

export interface ExportOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: {
    readonly file: string
    readonly bytes: number
    readonly totalBytes: number
  }) => void
}

const pieceBytes = 8 * 2 ** 20

/**
 * Copies files of a source into a folder, making the folders in between; files of the same name are replaced once their
 * copy is whole. Errors: those of the source; the browser's own when the folder refuses.
 */
export async function copyTo(
  folder: FileSystemDirectoryHandle,
  source: Source,
  paths: readonly string[],
  options: ExportOptions,
): Promise<void> {
  const sizes = await Promise.all(paths.map((path) => source.size(path)))
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0)
  let copied = 0
  for (const [at, path] of paths.entries()) {
    const out = await createFile(folder, path)
    try {
      for (let start = 0, bytes = sizes[at] ?? 0; start < bytes; start += pieceBytes) {
        throwIfAborted(options.signal)
        const piece = await source.read(path, start, Math.min(bytes, start + pieceBytes), options.signal)
        await out.write(piece)
        copied += piece.length
        options.onProgress?.({ file: path, bytes: copied, totalBytes })
      }
    } catch (error) {
      await out.abort().catch(() => undefined) // its own failure says less than the first one
      throw error
    }
    await out.close()
  }
}

async function createFile(
  folder: FileSystemDirectoryHandle,
  path: string,
): Promise<FileSystemWritableFileStream> {
  const parts = checkPath(path)
  let dir = folder
  for (const part of parts.slice(0, -1)) dir = await dir.getDirectoryHandle(part, { create: true })
  const file = await dir.getFileHandle(parts.at(-1) ?? path, { create: true })
  return await file.createWritable()
}
