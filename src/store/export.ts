// Copies a stored model into a folder that the user picked.
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

const CHUNK_BYTES = 8 * 2 ** 20

/**
 * Copies files of a source into a folder, creating subfolders as needed. A file of the same name is replaced
 * only once its copy is complete. Errors: those of the source; the browser's own when the folder cannot be
 * written.
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
      for (let start = 0, bytes = sizes[at] ?? 0; start < bytes; start += CHUNK_BYTES) {
        throwIfAborted(options.signal)
        const chunk = await source.read(path, start, Math.min(bytes, start + CHUNK_BYTES), options.signal)
        await out.write(chunk)
        copied += chunk.length
        options.onProgress?.({ file: path, bytes: copied, totalBytes })
      }
    } catch (error) {
      await out.abort().catch(() => undefined) // the first error is the one to report
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
