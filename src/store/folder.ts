// Answers: how does a model lie in its folder of the private file system? A journal and one data file for each file.
// It must not know where the bytes come from.
import { HadalError, present } from '../lib/error.ts'
import { type FileAccess, openAccess, orMissing } from './access.ts'
import { findDamaged, writeThrough } from './check.ts'
import {
  decodeJournal,
  encodeRecords,
  type JournalRecord,
  type ModelKind,
  maxJournalBytes,
} from './journal.ts'
import { apply, type ModelState, replay, type StoredFile, vouched } from './state.ts'

const journalName = 'journal'
const dataName = (id: number) => `${id}.bin`

/** A model that nobody else writes to: the caller holds its lock. */
export interface ModelFolder {
  readonly state: ModelState
  /** Makes records true: appended, flushed, taken into the state. What they vouch for must have been flushed before. */
  commit(...records: readonly JournalRecord[]): void
  open(id: number): Promise<FileAccess>
  /** How much of a file's data lies there, whatever it may be. */
  size(id: number): Promise<number>
  /** Gives a file's data this size; returns the size before. */
  resize(id: number, bytes: number): Promise<number>
  /** Removes data of files that the journal does not know, as far as no tab reads them. */
  sweep(): Promise<void>
  close(): void
}

/** What a folder's journal says, beside whoever writes to it. A doubtful journal says of no model that it is complete. */
export async function readState(dir: FileSystemDirectoryHandle): Promise<ModelState | undefined> {
  const handle = await orMissing(dir.getFileHandle(journalName))
  const file = await handle?.getFile()
  if (file === undefined || file.size > maxJournalBytes) return undefined
  const journal = decodeJournal(new Uint8Array(await file.arrayBuffer()))
  const state = replay(journal.records)
  if (state && journal.doubtful) state.complete = undefined
  return state
}

/** A complete file's data; nothing when it is missing or has another length. */
export async function dataFile(
  dir: FileSystemDirectoryHandle,
  file: StoredFile,
): Promise<FileSystemFileHandle | undefined> {
  const handle = await orMissing(dir.getFileHandle(dataName(file.id)))
  return (await handle?.getFile())?.size === file.bytes ? handle : undefined
}

/**
 * Opens a model's folder, or makes it. A journal that cannot be read counts as none. Of a journal with damage inside only
 * the ranges that are still on the disk as they arrived are believed.
 * Errors: `bad_request` when another kind of model lies there.
 */
export async function openFolder(
  dir: FileSystemDirectoryHandle,
  place: string,
  kind: ModelKind,
  signal?: AbortSignal,
): Promise<ModelFolder> {
  const access = await openAccess(await dir.getFileHandle(journalName, { create: true }), 'readwrite')
  try {
    const folder = openedFolder(dir, access, await settle(dir, access, { place, kind, signal }))
    await loseWhatIsShort(folder)
    return folder
  } catch (error) {
    access.close()
    throw error
  }
}

/** A state that can be believed, and the journal cut to just that. */
async function settle(
  dir: FileSystemDirectoryHandle,
  access: FileAccess,
  model: { readonly place: string; readonly kind: ModelKind; readonly signal: AbortSignal | undefined },
): Promise<{ state: ModelState; next: number }> {
  const bytes = new Uint8Array(Math.min(access.getSize(), maxJournalBytes + 1))
  access.read(bytes, { at: 0 })
  const journal = decodeJournal(bytes)
  const found = replay(journal.records)
  const known = found?.place === model.place ? found : undefined
  if (known && known.kind !== model.kind) {
    throw new HadalError('bad_request', `${model.place} is already stored as ${known.kind}.`, {
      hint: 'Remove the stored model first, or keep this one under another name.',
    })
  }
  if (known && !journal.doubtful) {
    access.truncate(journal.goodBytes)
    return { state: known, next: journal.next }
  }
  const head: JournalRecord = { type: 'model', format: 1, place: model.place, kind: model.kind }
  const records = [head, ...(known ? await stillThere(dir, known, model.signal) : [])]
  access.truncate(0)
  writeThrough(access, encodeRecords(records, 0), 0)
  return { state: present(replay(records), 'a journal that begins with a model'), next: records.length }
}

function openedFolder(
  dir: FileSystemDirectoryHandle,
  journal: FileAccess,
  settled: { readonly state: ModelState; readonly next: number },
): ModelFolder {
  const { state } = settled
  let next = settled.next
  const open = async (id: number) =>
    await openAccess(await dir.getFileHandle(dataName(id), { create: true }), 'readwrite')
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
      writeThrough(journal, encodeRecords(records, next), journal.getSize())
      next += records.length
      for (const record of records) apply(state, record)
    },
    async size(id) {
      const handle = await orMissing(dir.getFileHandle(dataName(id)))
      return (await handle?.getFile())?.size ?? 0
    },
    async sweep() {
      const known = new Set([journalName, ...[...state.files.keys()].map(dataName)])
      for await (const name of dir.keys()) {
        // A tab that still reads it holds it: the next sweep will take it.
        if (!known.has(name)) await dir.removeEntry(name, { recursive: true }).catch(() => undefined)
      }
    },
    close: () => journal.close(),
  }
}

/** The records of what is on the disk as the state says. */
async function stillThere(
  dir: FileSystemDirectoryHandle,
  state: ModelState,
  signal: AbortSignal | undefined,
): Promise<readonly JournalRecord[]> {
  const records: JournalRecord[] = []
  for (const file of state.files.values()) {
    const { id, path, bytes, sha256, version } = file
    const handle = await orMissing(dir.getFileHandle(dataName(id)))
    if (!handle) continue
    const access = await openAccess(handle, 'read-only')
    try {
      const damaged = new Set(await findDamaged(access, vouched(file), { signal }))
      records.push({ type: 'file', id, path, bytes, ...(sha256 && { sha256 }), ...(version && { version }) })
      records.push(...vouched(file).filter((range) => !damaged.has(range)))
    } finally {
      access.close()
    }
  }
  return records
}

/** Data files may have been cut or removed behind the journal's back. */
async function loseWhatIsShort(folder: ModelFolder): Promise<void> {
  for (const file of folder.state.files.values()) {
    const size = await folder.size(file.id)
    const gone = [...file.ranges.values()].filter(({ end }) => end > size)
    folder.commit(...gone.map(({ id, start }) => ({ type: 'lost', id, start }) as const))
  }
}
