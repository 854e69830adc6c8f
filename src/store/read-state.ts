// Reads what a model's folder in the origin private file system holds, without locking it.
import { undefinedIfMissing } from './access.ts'
import { decodeJournal, MAX_JOURNAL_BYTES } from './journal.ts'
import { type ModelState, replayJournal, type StoredFile } from './state.ts'

export const JOURNAL_NAME = 'journal'
export const dataFileName = (id: number): string => `${id}.bin`

/**
 * The state according to the journal; safe beside a writer. With a corrupt journal the model is never
 * complete.
 */
export async function readModelState(dir: FileSystemDirectoryHandle): Promise<ModelState | undefined> {
  const handle = await undefinedIfMissing(dir.getFileHandle(JOURNAL_NAME))
  const file = await handle?.getFile()
  if (file === undefined || file.size > MAX_JOURNAL_BYTES) return undefined
  const journal = decodeJournal(new Uint8Array(await file.arrayBuffer()))
  const state = replayJournal(journal.records)
  if (state && journal.corrupt) state.complete = undefined
  return state
}

/** The data file of a complete file; undefined when it is missing or has another length. */
export async function findDataFile(
  dir: FileSystemDirectoryHandle,
  file: StoredFile,
): Promise<FileSystemFileHandle | undefined> {
  const handle = await undefinedIfMissing(dir.getFileHandle(dataFileName(file.id)))
  return (await handle?.getFile())?.size === file.bytes ? handle : undefined
}
