// Answers: how is a model stored that was made here, such as the quantised form, all at once or not at all?
// It must not know what is in its files.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { checkPath } from '../weights/source.ts'
import type { FileAccess } from './access.ts'
import { type CheckOptions, digestOf } from './check.ts'
import type { ModelFolder } from './folder.ts'
import type { JournalRecord } from './journal.ts'
import { planMissing } from './missing.ts'
import { withSpace } from './space.ts'

/** Writes a model of our own making. Nobody sees it before `commit`; the one that was there before stays until then. */
export interface ModelWriter {
  /** Writes bytes into a file, at any position and in any order. Errors: `storage_full`, `bad_request` for a bad path. */
  write(path: string, at: number, bytes: Uint8Array): Promise<void>
  /** Reads all files once for their checksums and makes them the model. The writer is closed then, also by an error. */
  commit(options?: CheckOptions): Promise<void>
  /** Throws away what was written. */
  cancel(): Promise<void>
}

interface NewFile {
  readonly id: number
  readonly access: FileAccess
}

const rangeBytes = 8 * 2 ** 20
const lineBytes = 256 // of the journal, for a record at most, in general

/** A writer into a folder that the caller has locked; `onClose` gives it back. */
export function createWriter(folder: ModelFolder, onClose: () => Promise<void>): ModelWriter {
  const { state } = folder
  const before = [...state.files.keys()]
  const files = new Map<string, Promise<NewFile>>()
  let isOpen = true
  const begin = async (path: string): Promise<NewFile> => {
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
    if (!isOpen) throw new HadalError('bad_request', `${state.place} has been written already.`)
  }
  return {
    async write(path, at, bytes) {
      checkOpen()
      const file = files.get(path) ?? begin(path)
      files.set(path, file)
      const { access } = await file
      await withSpace(
        path,
        () => bytes.length,
        async () => writeAll(access, bytes, at),
      )
    },
    async commit(options = {}) {
      checkOpen()
      isOpen = false
      try {
        const records: JournalRecord[] = []
        const ids: number[] = []
        await withSpace(
          state.place,
          () => lineBytes * records.length,
          async () => {
            for (const [path, opened] of files) {
              const file = await opened
              ids.push(file.id)
              records.push(...(await describeFile(path, file, options)))
            }
            // The order matters: until `complete` is on the disk, the files before are the model.
            records.push({ type: 'complete', ids, savedAt: Date.now() })
            folder.commit(
              ...records,
              ...before.map((id) => ({ type: 'drop', id, reason: 'replaced' }) as const),
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

function writeAll(access: FileAccess, bytes: Uint8Array, at: number): void {
  const written = access.write(bytes, { at })
  if (written < bytes.length) throw new DOMException('The disk took a part only.', 'QuotaExceededError')
}

/** Puts a file on the disk and vouches for it. */
async function describeFile(
  path: string,
  file: NewFile,
  options: CheckOptions,
): Promise<readonly JournalRecord[]> {
  const { id, access } = file
  access.flush()
  const bytes = access.getSize()
  const records: JournalRecord[] = [{ type: 'file', id, path, bytes }]
  for (const { start, end } of planMissing(bytes, [], rangeBytes)) {
    throwIfAborted(options.signal)
    const piece = new Uint8Array(end - start)
    access.read(piece, { at: start })
    records.push({ type: 'range', id, start, end, sha256: await digestOf(piece) })
    options.onBytes?.(end)
  }
  return [...records, { type: 'verified', id }]
}
