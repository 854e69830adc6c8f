// Encodes and decodes a model's journal: an append-only log of checksummed lines that survives crashes.
import { isJsonObject } from '../lib/json.ts'
import { checkPath } from '../weights/source.ts'
import { checksum } from './checksum.ts'

/**
 * One committed change of a model. The property names are the keys on disk: do not rename them. Files are
 * identified by number, because a path can be stored again after it was dropped.
 */
export type JournalRecord =
  /** The first line: which model this is. */
  | { readonly type: 'model'; readonly format: 1; readonly place: string; readonly kind: ModelKind }
  | FileRecord
  /** These bytes of the file are on the disk; the hash is that of the bytes as they arrived. */
  | RangeRecord
  /** The range that begins here was found corrupt. */
  | { readonly type: 'lost'; readonly id: number; readonly start: number }
  /** A saved state of the SHA-256 of the file's beginning: see `Sha256.save`. */
  | { readonly type: 'hash'; readonly id: number; readonly state: string }
  /** The file is complete and matches the host's hash. */
  | { readonly type: 'verified'; readonly id: number }
  /** The file no longer belongs to this model. */
  | { readonly type: 'drop'; readonly id: number; readonly reason: string }
  /** These files are the complete model since `savedAt`, in milliseconds since 1970. */
  | { readonly type: 'complete'; readonly ids: readonly number[]; readonly savedAt: number }

/** `original`: files as published. `packed`: quantized weights, written here. */
export type ModelKind = 'original' | 'packed'

/** A new file of the model, with none of its bytes stored yet. */
export interface FileRecord {
  readonly type: 'file'
  readonly id: number
  readonly path: string // in the model folder
  readonly bytes: number
  readonly sha256?: string // published by the host, 64 hex digits
  readonly version?: string // the host's name for this content, such as an ETag; see `FileInfo`
}

export interface RangeRecord {
  readonly type: 'range'
  readonly id: number
  readonly start: number
  readonly end: number // exclusive
  readonly sha256: string
}

export interface DecodedJournal {
  readonly records: readonly JournalRecord[]
  /** Where the last valid line ends; what follows is a torn write. */
  readonly validBytes: number
  /** The sequence number of the next line. */
  readonly nextSequence: number
  /**
   * Lines in the middle are missing or invalid. A crash cannot cause that, so ranges may only be trusted
   * after comparing their hashes with the disk.
   */
  readonly corrupt: boolean
}

/** Larger files are not read as journals. A model of 600 GB, committed MiB by MiB, needs this much. */
export const MAX_JOURNAL_BYTES = 128 * 2 ** 20
/** Records of longer ranges are invalid, because a range is read into memory to be checked. */
export const MAX_RANGE_BYTES = 64 * 2 ** 20

const CHECKSUM_DIGITS = 16
/** Decoding stops after this many invalid lines: a file of nothing but line ends must not take minutes. */
const MAX_INVALID_LINES = 1000
const NEWLINE = 10
const decoder = new TextDecoder()

/** Encodes records, one per line: `checksum sequence json`. The checksum covers the rest of the line. */
export function encodeRecords(
  records: readonly JournalRecord[],
  firstSequence: number,
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const lines = records.map((record, at) => {
    const line = `${firstSequence + at} ${JSON.stringify(record)}`
    return `${checksum(encoder.encode(line))} ${line}\n`
  })
  return encoder.encode(lines.join(''))
}

/** Decodes a journal up to the first line that is torn, changed, out of sequence or not a valid record. */
export function decodeJournal(bytes: Uint8Array): DecodedJournal {
  const records: JournalRecord[] = []
  let nextSequence = 0
  let validBytes = 0
  let invalidLines = 0
  let corrupt = bytes.length > MAX_JOURNAL_BYTES
  for (let start = 0; start < bytes.length && !corrupt; ) {
    const end = bytes.indexOf(NEWLINE, start)
    if (end < 0) break
    const line = decodeLine(bytes.subarray(start, end))
    start = end + 1
    if (line === undefined) {
      invalidLines++
      corrupt = invalidLines > MAX_INVALID_LINES
      continue
    }
    // A valid line after an invalid one, or out of sequence, means corruption rather than a torn write at the
    // end.
    corrupt = invalidLines > 0 || line.sequence !== nextSequence
    if (corrupt) break
    records.push(line.record)
    nextSequence++
    validBytes = start
  }
  return { records, validBytes, nextSequence, corrupt }
}

function decodeLine(line: Uint8Array): { sequence: number; record: JournalRecord } | undefined {
  const body = line.subarray(CHECKSUM_DIGITS + 1)
  const head = String.fromCharCode(...line.subarray(0, CHECKSUM_DIGITS + 1))
  if (head !== `${checksum(body)} `) return undefined
  const text = decoder.decode(body)
  const space = text.indexOf(' ')
  try {
    const record = readRecord(JSON.parse(text.slice(space + 1)))
    return record && { sequence: Number(text.slice(0, space)), record }
  } catch {
    return undefined
  }
}

/** The record; undefined when a member is missing or has the wrong type. */
function readRecord(value: unknown): JournalRecord | undefined {
  if (!isJsonObject(value) || typeof value.type !== 'string') return undefined
  const check = Object.hasOwn(RECORD_CHECKS, value.type)
    ? RECORD_CHECKS[value.type as JournalRecord['type']]
    : undefined
  return check?.(value) ? (value as unknown as JournalRecord) : undefined
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isHash = (value: unknown) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const isText = (value: unknown) => typeof value === 'string'

const RECORD_CHECKS: Readonly<Record<JournalRecord['type'], (value: Record<string, unknown>) => boolean>> = {
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
    end - start <= MAX_RANGE_BYTES &&
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
