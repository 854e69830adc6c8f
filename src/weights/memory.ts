// Serves bytes that are already in memory as a model folder.
import { checkRange, missingFile, type Source, truncatedFile } from './source.ts'

/** A folder of named byte arrays; strings are stored as UTF-8. Reads are copies. */
export function openMemory(files: Readonly<Record<string, Uint8Array | string>>, name = 'memory'): Source {
  const encoder = new TextEncoder()
  const stored = new Map(
    Object.entries(files).map(([path, data]) => [
      path,
      typeof data === 'string' ? encoder.encode(data) : data,
    ]),
  )
  const findBytes = (path: string): Uint8Array => {
    const bytes = stored.get(path)
    if (bytes === undefined) throw missingFile(name, path)
    return bytes
  }
  return {
    name,
    files: stored,
    async size(path, signal) {
      checkRange(path, 0, 0, signal)
      return findBytes(path).length
    },
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const bytes = findBytes(path)
      if (end > bytes.length) throw truncatedFile(path, end, bytes.length)
      return bytes.slice(start, end)
    },
    async exists(path, signal) {
      checkRange(path, 0, 0, signal)
      return stored.has(path)
    },
  }
}
