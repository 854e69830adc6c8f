// A model's folder in the origin private file system: a journal, and one data file per file of the model.
import { expectDefined, HadalError } from '../lib/error.ts'
import { openAccessHandle, type SyncAccessHandle, undefinedIfMissing } from './access.ts'
import { findDamaged, writeAndFlush } from './hash-check.ts'
import {
  decodeJournal,
  encodeRecords,
  type JournalRecord,
  MAX_JOURNAL_BYTES,
  type ModelKind,
} from './journal.ts'
import { dataFileName, JOURNAL_NAME } from './read-state.ts'
import { applyRecord, committedRanges, type ModelState, replayJournal } from './state.ts'

/** A model's folder, open for writing; the caller holds its write lock. */
export interface ModelFolder {
  readonly state: ModelState
  /**
   * Appends records, flushes the journal and updates the state. The bytes they describe must be flushed
   * before.
   */
  commit(...records: readonly JournalRecord[]): void
  open(id: number): Promise<SyncAccessHandle>
  /** The size of a file's data file, whatever is in it. */
  size(id: number): Promise<number>
  /** Resizes a file's data file; returns the size before. */
  resize(id: number, bytes: number): Promise<number>
  /** Deletes data files that the journal does not list, except those that a tab is reading. */
  sweep(): Promise<void>
  close(): void
}

/**
 * Opens a model's folder for writing, or creates it. An unreadable journal counts as empty. If the journal is
 * corrupt, only ranges whose hash still matches the disk are kept.
 * Errors: `bad_request` when the folder holds another kind of model.
 */
export async function openModelFolder(
  dir: FileSystemDirectoryHandle,
  key: string,
  kind: ModelKind,
  signal?: AbortSignal,
): Promise<ModelFolder> {
  const access = await openAccessHandle(await dir.getFileHandle(JOURNAL_NAME, { create: true }), 'readwrite')
  try {
    const folder = createModelFolder(dir, access, await recoverJournal(dir, access, { key, kind, signal }))
    await commitTruncatedAsLost(folder)
    return folder
  } catch (error) {
    access.close()
    throw error
  }
}

/**
 * Recovers the journal: drops a torn last line, or rewrites a corrupt journal with the ranges found intact.
 */
async function recoverJournal(
  dir: FileSystemDirectoryHandle,
  access: SyncAccessHandle,
  model: { readonly key: string; readonly kind: ModelKind; readonly signal: AbortSignal | undefined },
): Promise<{ state: ModelState; nextSequence: number }> {
  const bytes = new Uint8Array(Math.min(access.getSize(), MAX_JOURNAL_BYTES + 1))
  access.read(bytes, { at: 0 })
  const journal = decodeJournal(bytes)
  const found = replayJournal(journal.records)
  const known = found?.key === model.key ? found : undefined
  if (known && known.kind !== model.kind) {
    throw new HadalError('bad_request', `${model.key} is already stored as ${known.kind}.`, {
      hint: 'Remove the stored model first, or store this one under another name.',
    })
  }
  if (known && !journal.corrupt) {
    access.truncate(journal.validBytes)
    return { state: known, nextSequence: journal.nextSequence }
  }
  const head: JournalRecord = { type: 'model', format: 1, place: model.key, kind: model.kind }
  const records = [head, ...(known ? await intactRecords(dir, known, model.signal) : [])]
  access.truncate(0)
  writeAndFlush(access, encodeRecords(records, 0), 0)
  return {
    state: expectDefined(replayJournal(records), 'a journal that begins with a model'),
    nextSequence: records.length,
  }
}

function createModelFolder(
  dir: FileSystemDirectoryHandle,
  journal: SyncAccessHandle,
  recovered: { readonly state: ModelState; readonly nextSequence: number },
): ModelFolder {
  const { state } = recovered
  let { nextSequence } = recovered
  const open = async (id: number) =>
    await openAccessHandle(await dir.getFileHandle(dataFileName(id), { create: true }), 'readwrite')
  return {
    state,
    open,
    async resize(id, bytes) {
      const access = await open(id)
      const before = access.getSize()
      try {
        if (before !== bytes) access.truncate(bytes)
      } finally {
        access.close()
      }
      return before
    },
    commit(...records) {
      if (records.length === 0) return
      writeAndFlush(journal, encodeRecords(records, nextSequence), journal.getSize())
      nextSequence += records.length
      for (const record of records) applyRecord(state, record)
    },
    async size(id) {
      const handle = await undefinedIfMissing(dir.getFileHandle(dataFileName(id)))
      return (await handle?.getFile())?.size ?? 0
    },
    async sweep() {
      const known = new Set([JOURNAL_NAME, ...[...state.files.keys()].map(dataFileName)])
      for await (const name of dir.keys()) {
        // Fails while a tab reads it; the next sweep deletes it.
        if (!known.has(name)) await dir.removeEntry(name, { recursive: true }).catch(() => undefined)
      }
    },
    close: () => journal.close(),
  }
}

/** Records of the files and ranges of the state that are intact on the disk. */
async function intactRecords(
  dir: FileSystemDirectoryHandle,
  state: ModelState,
  signal: AbortSignal | undefined,
): Promise<readonly JournalRecord[]> {
  const records: JournalRecord[] = []
  for (const file of state.files.values()) {
    const { id, path, bytes, sha256, version } = file
    const handle = await undefinedIfMissing(dir.getFileHandle(dataFileName(id)))
    if (!handle) continue
    const access = await openAccessHandle(handle, 'read-only')
    try {
      const damaged = new Set(await findDamaged(access, committedRanges(file), { signal }))
      records.push({ type: 'file', id, path, bytes, ...(sha256 && { sha256 }), ...(version && { version }) })
      records.push(...committedRanges(file).filter((range) => !damaged.has(range)))
    } finally {
      access.close()
    }
  }
  return records
}

/** Marks ranges as lost whose data file was truncated or removed outside of the store. */
async function commitTruncatedAsLost(folder: ModelFolder): Promise<void> {
  for (const file of folder.state.files.values()) {
    const size = await folder.size(file.id)
    const truncated = [...file.ranges.values()].filter(({ end }) => end > size)
    folder.commit(...truncated.map(({ id, start }) => ({ type: 'lost', id, start }) as const))
  }
}
