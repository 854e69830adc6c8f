// Answers: what is there of a model, if its journal is true? It must not know how the journal is kept, nor fetch anything.
import { spannedBytes } from '../lib/bytes.ts'
import type { JournalRecord, ModelKind, RangeRecord } from './journal.ts'

export interface StoredFile {
  readonly id: number
  readonly path: string
  readonly bytes: number
  readonly sha256: string | undefined
  readonly version: string | undefined
  /** What is there, by its first byte. */
  readonly ranges: Map<number, RangeRecord>
  /** The last saved state of the hash over the file's beginning. */
  hash: string | undefined
  verified: boolean
}

export interface ModelState {
  readonly place: string
  readonly kind: ModelKind
  readonly files: Map<number, StoredFile>
  complete: { readonly ids: readonly number[]; readonly savedAt: number } | undefined
  /** No file ever had this number or a higher one. */
  nextId: number
}

/** What the records say together; nothing when they do not begin with a model. */
export function replay(records: readonly JournalRecord[]): ModelState | undefined {
  const [head, ...rest] = records
  if (head?.type !== 'model') return undefined
  const state: ModelState = {
    place: head.place,
    kind: head.kind,
    files: new Map(),
    complete: undefined,
    nextId: 0,
  }
  for (const record of rest) apply(state, record)
  return state
}

/** Takes one more record in. Records of files that are not there any more, or out of their bounds, change nothing. */
export function apply(state: ModelState, record: JournalRecord): void {
  if (record.type === 'model') return
  if (record.type === 'complete') state.complete = record
  else if (record.type === 'file') addFile(state, record)
  else {
    const file = state.files.get(record.id)
    if (file) applyTo(state, file, record)
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

function applyTo(
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

/** The ranges in order. Two that overlap cannot both be true, and nobody knows which is: neither is believed. */
export function vouched(file: StoredFile): readonly RangeRecord[] {
  const sorted = [...file.ranges.values()].sort((a, b) => a.start - b.start)
  let reach = 0 // the end of all ranges before
  return sorted.filter((range, at) => {
    const alone = range.start >= reach && range.end <= (sorted[at + 1]?.start ?? file.bytes)
    reach = Math.max(reach, range.end)
    return alone
  })
}

/** How many bytes of the file are there. */
export function vouchedBytes(file: StoredFile): number {
  return spannedBytes(vouched(file))
}

/** Whether every byte is there and the whole was found right. */
export function isWhole(file: StoredFile): boolean {
  return file.verified && vouchedBytes(file) === file.bytes
}

/** The files of a model that is wholly there and verified. */
export function completeFiles(state: ModelState): readonly StoredFile[] | undefined {
  const ids = state.complete?.ids
  const files = ids?.map((id) => state.files.get(id)).filter((file) => file !== undefined)
  return files?.length === ids?.length && files?.every(isWhole) ? files : undefined
}

/** The current form of a path: the file that was begun last. */
export function currentFile(state: ModelState, path: string): StoredFile | undefined {
  return [...state.files.values()].findLast((file) => file.path === path)
}
