// Writes a locally made model, such as a quantized form, into the store: all of it or nothing.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { checkPath } from '../weights/source.ts'
import type { SyncAccessHandle } from './access.ts'
import type { ModelFolder } from './folder.ts'
import { digestHex, type HashCheckOptions } from './hash-check.ts'
import type { JournalRecord } from './journal.ts'
import { planMissingRanges } from './missing-ranges.ts'
import { withSpace } from './space.ts'

/**
 * Writes a locally made model. It becomes visible with `commit`; until then the one stored before stays in
 * place.
 */
export interface ModelWriter {
  /**
   * Writes bytes into a file, at any offset and in any order. Errors: `storage_full`; `bad_request` for a bad
   * path.
   */
  write(path: string, offset: number, bytes: Uint8Array): Promise<void>
  /**
   * Reads all files once to hash them, then commits them as the model. Closes the writer, also on an error.
   */
  commit(options?: HashCheckOptions): Promise<void>
  /** Discards what was written. */
  cancel(): Promise<void>
}

interface NewFile {
  readonly id: number
  readonly access: SyncAccessHandle
}

const RANGE_BYTES = 8 * 2 ** 20
const RECORD_BYTES = 256 // of a journal record, generously

/** A writer into a folder that the caller has locked; `onClose` releases it. */
export function createWriter(folder: ModelFolder, onClose: () => Promise<void>): ModelWriter {
  const { state } = folder
  const replacedIds = [...state.files.keys()]
  const files = new Map<string, Promise<NewFile>>()
  let isOpen = true
  const createFile = async (path: string): Promise<NewFile> => {
    checkPath(path)
    const id = state.nextId + files.size
    const access = await folder.open(id)
    access.truncate(0)
    return { id, access }
  }
  const close = async () => {
    isOpen = false
    for (const opened of await Promise.allSettled(files.values())) {
      if (opened.status === 'fulfilled') opened.value.access.close()
    }
    await folder.sweep()
    await onClose()
  }
  const checkOpen = () => {
    if (!isOpen) throw new HadalError('bad_request', `${state.key} has already been written.`)
  }
  return {
    async write(path, offset, bytes) {
      checkOpen()
      const file = files.get(path) ?? createFile(path)
      files.set(path, file)
      const { access } = await file
      await withSpace(
        path,
        () => bytes.length,
        async () => writeAll(access, bytes, offset),
      )
    },
    async commit(options = {}) {
      checkOpen()
      isOpen = false
      try {
        const records: JournalRecord[] = []
        const ids: number[] = []
        await withSpace(
          state.key,
          () => RECORD_BYTES * records.length,
          async () => {
            for (const [path, opened] of files) {
              const file = await opened
              ids.push(file.id)
              records.push(...(await recordsOfFile(path, file, options)))
            }
            // The order matters: until `complete` is on the disk, the earlier files are the model.
            records.push({ type: 'complete', ids, savedAt: Date.now() })
            folder.commit(
              ...records,
              ...replacedIds.map((id) => ({ type: 'drop', id, reason: 'replaced' }) as const),
            )
          },
        )
      } finally {
        await close()
      }
    },
    async cancel() {
      if (isOpen) await close()
    },
  }
}

function writeAll(access: SyncAccessHandle, bytes: Uint8Array, offset: number): void {
  const written = access.write(bytes, { at: offset })
  if (written < bytes.length)
    throw new DOMException('Only part of the bytes could be written.', 'QuotaExceededError')
}

/** Flushes a file and returns the records that describe it. */
async function recordsOfFile(
  path: string,
  file: NewFile,
  options: HashCheckOptions,
): Promise<readonly JournalRecord[]> {
  const { id, access } = file
  access.flush()
  const bytes = access.getSize()
  const records: JournalRecord[] = [{ type: 'file', id, path, bytes }]
  for (const { start, end } of planMissingRanges(bytes, [], RANGE_BYTES)) {
    throwIfAborted(options.signal)
    const bytesOfRange = new Uint8Array(end - start)
    access.read(bytesOfRange, { at: start })
    records.push({ type: 'range', id, start, end, sha256: await digestHex(bytesOfRange) })
    options.onBytes?.(end)
  }
  return [...records, { type: 'verified', id }]
}
