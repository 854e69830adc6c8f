// Answers: how does a model's journal lie in its file, and which of its lines can be believed after a crash or a failing disk?
// It must not know what the records mean together.
import { isRecord } from '../lib/record.ts'
import { checkPath } from '../weights/source.ts'
import { checksum } from './checksum.ts'

/** What the journal says of one model, in the order in which it became true. Files are known by number: paths come back. */
export type JournalRecord =
  /** The first line: whose journal this is. */
  | { readonly type: 'model'; readonly format: 1; readonly place: string; readonly kind: ModelKind }
  | FileRecord
  /** These bytes lie in the file and on the disk; the hash is that of the bytes as they arrived. */
  | RangeRecord
  /** The range that begins here was found damaged. */
  | { readonly type: 'lost'; readonly id: number; readonly start: number }
  /** A hash under way over the file's beginning: see `Sha256.save`. */
  | { readonly type: 'hash'; readonly id: number; readonly state: string }
  /** Everything is there and is what the host published. */
  | { readonly type: 'verified'; readonly id: number }
  /** The file is none of this model any more. */
  | { readonly type: 'drop'; readonly id: number; readonly reason: string }
  /** These files are the whole model. */
  | { readonly type: 'complete'; readonly ids: readonly number[]; readonly savedAt: number }

export type ModelKind = 'original' | 'packed'

export interface FileRecord {
  readonly type: 'file'
  readonly id: number
  readonly path: string
  readonly bytes: number
  readonly sha256?: string
  readonly version?: string
}

export interface RangeRecord {
  readonly type: 'range'
  readonly id: number
  readonly start: number
  readonly end: number
  readonly sha256: string
}

export interface Journal {
  readonly records: readonly JournalRecord[]
  /** Where the last good line ends: what follows was being written when the process died. */
  readonly goodBytes: number
  /** The number of the next line. */
  readonly next: number
  /** Lines in the middle are missing or broken. A crash does not do that: only what is read again may be believed. */
  readonly doubtful: boolean
}

/** Larger journals are none of ours: a model of 600 GB that came over a slow line, MiB by MiB, needs this much. */
export const maxJournalBytes = 128 * 2 ** 20
/** Longer ranges are none of ours: they are read into memory to be checked. */
export const maxRangeBytes = 64 * 2 ** 20

const checksumDigits = 16
/** After so many broken lines nobody looks for a good one: a file of nothing but line ends must not take minutes. */
const mostBroken = 1000
const newline = 10
const decoder = new TextDecoder()

/** The lines of records of which the first is number `next`: `checksum number json`, the checksum being over the rest. */
export function encodeRecords(records: readonly JournalRecord[], next: number): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const lines = records.map((record, at) => {
    const line = `${next + at} ${JSON.stringify(record)}`
    return `${checksum(encoder.encode(line))} ${line}\n`
  })
  return encoder.encode(lines.join(''))
}

/** What a journal file says. Lines that are torn, changed, repeated or make no sense are left out, never believed. */
export function decodeJournal(bytes: Uint8Array): Journal {
  const records: JournalRecord[] = []
  let next = 0
  let goodBytes = 0
  let broken = 0
  let doubtful = bytes.length > maxJournalBytes
  for (let start = 0; start < bytes.length && !doubtful; ) {
    const end = bytes.indexOf(newline, start)
    if (end < 0) break
    const line = decodeLine(bytes.subarray(start, end))
    start = end + 1
    if (line === undefined) {
      broken++
      doubtful = broken > mostBroken
      continue
    }
    // A good line after a broken one, or out of turn, shows that this is no unfinished write at the end.
    doubtful = broken > 0 || line.number !== next
    if (doubtful) break
    records.push(line.record)
    next++
    goodBytes = start
  }
  return { records, goodBytes, next, doubtful }
}

function decodeLine(line: Uint8Array): { number: number; record: JournalRecord } | undefined {
  const body = line.subarray(checksumDigits + 1)
  const head = String.fromCharCode(...line.subarray(0, checksumDigits + 1))
  if (head !== `${checksum(body)} `) return undefined
  const text = decoder.decode(body)
  const space = text.indexOf(' ')
  try {
    const record = readRecord(JSON.parse(text.slice(space + 1)))
    return record && { number: Number(text.slice(0, space)), record }
  } catch {
    return undefined
  }
}

/** The record, or nothing where a member is missing or of another kind. */
function readRecord(value: unknown): JournalRecord | undefined {
  if (!isRecord(value) || typeof value.type !== 'string') return undefined
  const check = Object.hasOwn(shapes, value.type) ? shapes[value.type as JournalRecord['type']] : undefined
  return check?.(value) ? (value as unknown as JournalRecord) : undefined
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isHash = (value: unknown) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const isText = (value: unknown) => typeof value === 'string'

const shapes: Readonly<Record<JournalRecord['type'], (value: Record<string, unknown>) => boolean>> = {
  model: ({ format, place, kind }) =>
    format === 1 && isText(place) && (kind === 'original' || kind === 'packed'),
  file: (value) =>
    isCount(value.id) &&
    isPath(value.path) &&
    isCount(value.bytes) &&
    (value.sha256 === undefined || isHash(value.sha256)) &&
    (value.version === undefined || isText(value.version)),
  range: ({ id, start, end, sha256 }) =>
    isCount(id) &&
    isCount(start) &&
    isCount(end) &&
    start < end &&
    end - start <= maxRangeBytes &&
    isHash(sha256),
  lost: ({ id, start }) => isCount(id) && isCount(start),
  hash: ({ id, state }) => isCount(id) && isText(state),
  verified: ({ id }) => isCount(id),
  drop: ({ id, reason }) => isCount(id) && isText(reason),
  complete: ({ ids, savedAt }) => Array.isArray(ids) && ids.every(isCount) && isCount(savedAt),
}

function isPath(value: unknown): boolean {
  try {
    return typeof value === 'string' && checkPath(value).length > 0
  } catch {
    return false
  }
}
