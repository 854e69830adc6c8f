// Replays a journal into the files and ranges on disk.
import { totalRangeBytes } from '../lib/format.ts'
import type { JournalRecord, ModelKind, RangeRecord } from './journal.ts'

/** A file of a stored model, with what the journal says about it. */
export interface StoredFile {
  readonly id: number
  readonly path: string
  readonly bytes: number
  readonly sha256: string | undefined
  readonly version: string | undefined
  /** Committed ranges, by first byte. */
  readonly ranges: Map<number, RangeRecord>
  /** The last saved state of the hash over the file's beginning. */
  hash: string | undefined
  verified: boolean
}

/** A stored model according to its journal. */
export interface ModelState {
  readonly key: string
  readonly kind: ModelKind
  readonly files: Map<number, StoredFile>
  complete: { readonly ids: readonly number[]; readonly savedAt: number } | undefined
  /** The id of the next new file; ids are never reused. */
  nextId: number
}

/** Replays the records; undefined when they do not begin with a `model` record. */
export function replayJournal(records: readonly JournalRecord[]): ModelState | undefined {
  const [head, ...rest] = records
  if (head?.type !== 'model') return undefined
  const state: ModelState = {
    key: head.place,
    kind: head.kind,
    files: new Map(),
    complete: undefined,
    nextId: 0,
  }
  for (const record of rest) applyRecord(state, record)
  return state
}

/** Applies one record. Records of dropped files, and ranges beyond a file's end, are ignored. */
export function applyRecord(state: ModelState, record: JournalRecord): void {
  if (record.type === 'model') return
  if (record.type === 'complete') state.complete = record
  else if (record.type === 'file') addFile(state, record)
  else {
    const file = state.files.get(record.id)
    if (file) applyToFile(state, file, record)
  }
}

function addFile(state: ModelState, record: Extract<JournalRecord, { type: 'file' }>): void {
  if (record.id < state.nextId) return
  const { id, path, bytes, sha256, version } = record
  state.files.set(id, {
    id,
    path,
    bytes,
    sha256,
    version,
    ranges: new Map(),
    hash: undefined,
    verified: false,
  })
  state.nextId = id + 1
}

function applyToFile(
  state: ModelState,
  file: StoredFile,
  record: Exclude<JournalRecord, { type: 'model' | 'complete' | 'file' }>,
): void {
  switch (record.type) {
    case 'range':
      if (record.end <= file.bytes) file.ranges.set(record.start, record)
      return
    case 'lost':
      file.ranges.delete(record.start)
      file.hash = undefined
      file.verified = false
      return
    case 'hash':
      file.hash = record.state
      return
    case 'verified':
      file.verified = true
      return
    case 'drop':
      state.files.delete(file.id)
  }
}

/** The committed ranges in order. If two overlap, one must be wrong: both are left out. */
export function committedRanges(file: StoredFile): readonly RangeRecord[] {
  const sorted = [...file.ranges.values()].sort((a, b) => a.start - b.start)
  let reachedEnd = 0 // largest end of the ranges before
  return sorted.filter((range, index) => {
    const isDisjoint = range.start >= reachedEnd && range.end <= (sorted[index + 1]?.start ?? file.bytes)
    reachedEnd = Math.max(reachedEnd, range.end)
    return isDisjoint
  })
}

/** How many bytes of the file are committed. */
export function committedBytes(file: StoredFile): number {
  return totalRangeBytes(committedRanges(file))
}

/** Whether every byte is committed and the file was verified. */
export function isComplete(file: StoredFile): boolean {
  return file.verified && committedBytes(file) === file.bytes
}

/** The files of a model that is complete and verified; undefined otherwise. */
export function completeFiles(state: ModelState): readonly StoredFile[] | undefined {
  const ids = state.complete?.ids
  const files = ids?.map((id) => state.files.get(id)).filter((file) => file !== undefined)
  return files?.length === ids?.length && files?.every(isComplete) ? files : undefined
}

/** The current file of a path: the one added last. */
export function currentFile(state: ModelState, path: string): StoredFile | undefined {
  return [...state.files.values()].findLast((file) => file.path === path)
}
