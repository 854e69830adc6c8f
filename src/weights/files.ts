// Reads picked or dropped `File` objects in place, as a model folder.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { checkRange, missingFile, type Source, truncatedFile } from './source.ts'

/**
 * A folder of `File` objects. After a folder pick, `webkitRelativePath` begins with the folder's own name,
 * which is dropped. Errors: `bad_request` when two files then have the same path.
 */
export function openFiles(files: readonly File[], name?: string): Source {
  const byPath = new Map<string, File>()
  for (const file of files) {
    const path = file.webkitRelativePath ? file.webkitRelativePath.split('/').slice(1).join('/') : file.name
    if (byPath.has(path)) {
      throw new HadalError('bad_request', `Two of the chosen files are called ${path}.`, {
        file: path,
        hint: 'Choose one folder with one model.',
      })
    }
    byPath.set(path, file)
  }
  const folderName = name ?? (files[0]?.webkitRelativePath?.split('/')[0] || 'the chosen files')
  const findFile = (path: string): File => {
    const file = byPath.get(path)
    if (file === undefined) throw missingFile(folderName, path)
    return file
  }
  return {
    name: folderName,
    files: byPath,
    async size(path, signal) {
      checkRange(path, 0, 0, signal)
      return findFile(path).size
    },
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const file = findFile(path)
      if (end > file.size) throw truncatedFile(path, end, file.size)
      const bytes = await readSlice(file, path, start, end)
      throwIfAborted(signal)
      return bytes
    },
    async exists(path, signal) {
      checkRange(path, 0, 0, signal)
      return byPath.has(path)
    },
  }
}

async function readSlice(
  file: File,
  path: string,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: ArrayBuffer
  try {
    bytes = await file.slice(start, end).arrayBuffer()
  } catch (cause) {
    // A File is a snapshot: browsers refuse to read it once the file on disk has changed.
    throw new HadalError('bad_file', `${path} was changed or removed after it was chosen.`, {
      file: path,
      hint: 'Choose the folder again.',
      cause,
    })
  }
  if (bytes.byteLength !== end - start) throw truncatedFile(path, end, start + bytes.byteLength)
  return new Uint8Array(bytes)
}
