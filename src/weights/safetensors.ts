// Answers: which tensors does a safetensors file hold, and where? The header is hostile until every number is checked.
// It must not know what the tensors are for.
import { formatShape, quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { parseJson } from './json.ts'
import type { Source } from './source.ts'

const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const

/** Stored element types, by the names the format gives them. */
export type Dtype = keyof typeof elementBytes

/** One stored tensor: row-major `shape`, outermost first; bytes `start` to `end` of `file`, at any alignment. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly file: string
  readonly start: number
  readonly end: number
}

/** Bytes of one stored element. */
export const bytesOf = (dtype: Dtype): number => elementBytes[dtype]

const prefixBytes = 8
const maxHeaderBytes = 100_000_000 // the format's own bound
const maxDepth = 8
const maxMembers = 600_000 // four for each tensor: 150,000 tensors in one file
const firstReadBytes = 128 * 1024 // holds most headers whole, so that they cost one request

/** Reads and checks the header of one file; entries in the order of their bytes. Errors: see `parseHeader`. */
export async function readHeader(
  source: Source,
  file: string,
  signal?: AbortSignal,
): Promise<{ readonly entries: readonly TensorEntry[]; readonly fileBytes: number }> {
  const fileBytes = await source.size(file, signal)
  const first = await source.read(file, 0, Math.min(fileBytes, firstReadBytes), signal)
  const headerEnd = prefixBytes + headerLength(file, fileBytes, first)
  const json = first.subarray(prefixBytes, headerEnd)
  const missing = headerEnd - first.length
  if (missing <= 0) return { entries: parseHeader(file, fileBytes, json), fileBytes }
  const whole = new Uint8Array(headerEnd - prefixBytes)
  whole.set(json)
  whole.set(await source.read(file, first.length, headerEnd, signal), json.length)
  return { entries: parseHeader(file, fileBytes, whole), fileBytes }
}

/** The length of the JSON after the eight bytes that state it, once it is known to be possible. */
function headerLength(file: string, fileBytes: number, first: Uint8Array): number {
  if (fileBytes < prefixBytes) throw broken(file, `is truncated: ${fileBytes} bytes are too few for a header`)
  const length = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true))
  if (length > maxHeaderBytes) {
    throw broken(file, `states a header of ${length} bytes; at most ${maxHeaderBytes} are allowed`)
  }
  if (length > fileBytes - prefixBytes) {
    throw broken(file, `is truncated: its header has ${length} bytes, the whole file ${fileBytes}`)
  }
  return length
}

/**
 * Checks a header completely and returns its tensors in the order of their bytes.
 *
 * The rules are those of the format's own reader: the tensors cover the bytes after the header without overlap, hole
 * or rest, so that a byte has exactly one meaning. `__metadata__` may say anything.
 * @param fileBytes the length of the whole file
 * @param json the header without the eight bytes of its length
 * Errors: `bad_file` names file, tensor and rule; `unsupported` names an element type that is not known.
 */
export function parseHeader(file: string, fileBytes: number, json: Uint8Array): readonly TensorEntry[] {
  if (json[0] !== 0x7b) throw broken(file, 'has a header that does not begin with "{"')
  const header = parseJson(json, { file, maxDepth, maxMembers, uniqueNames: true })
  if (!isRecord(header)) throw broken(file, 'has a header that is no object')
  const dataStart = prefixBytes + json.length
  const entries: TensorEntry[] = []
  for (const [name, value] of Object.entries(header)) {
    if (name !== '__metadata__') entries.push(parseEntry(file, name, value, dataStart))
  }
  entries.sort((a, b) => a.start - b.start || a.end - b.end)
  checkCover(file, fileBytes, dataStart, entries)
  return entries
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number): TensorEntry {
  if (!isRecord(value)) throw broken(file, 'has an entry that is no object', name)
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string') throw broken(file, 'has an entry without a dtype', name)
  if (!isDtype(dtype)) {
    throw new HadalError(
      'unsupported',
      `${file}: tensor ${quote(name)} has the unknown type ${quote(dtype)}.`,
      {
        file,
        tensor: name,
        hint: `Known types are ${Object.keys(elementBytes).join(', ')}.`,
      },
    )
  }
  if (!isCounts(shape)) throw broken(file, 'has a shape that is no list of whole numbers', name)
  if (!isCounts(offsets)) throw broken(file, 'has data_offsets that are no whole numbers', name)
  const [from, to] = offsets
  if (from === undefined || to === undefined || offsets.length !== 2 || from > to) {
    throw broken(file, 'has data_offsets that are no begin and end', name)
  }
  const bytes = spanOf(dtype, shape)
  if (bytes === undefined) throw broken(file, 'has a shape whose size overflows', name)
  if (bytes !== to - from) {
    const expected = `${formatShape(shape)} × ${dtype} is ${bytes} bytes`
    throw broken(file, `does not hold what it states: ${expected}, its span has ${to - from}`, name)
  }
  return { name, dtype, shape, file, start: dataStart + from, end: dataStart + to }
}

function checkCover(
  file: string,
  fileBytes: number,
  dataStart: number,
  entries: readonly TensorEntry[],
): void {
  let end = dataStart
  for (const entry of entries) {
    if (entry.end > fileBytes) {
      throw broken(file, `is truncated: it has ${fileBytes} bytes, a tensor ends at ${entry.end}`, entry.name)
    }
    if (entry.start < end) throw broken(file, 'has a tensor that overlaps the one before it', entry.name)
    if (entry.start > end)
      throw broken(file, `has ${entry.start - end} unclaimed bytes before a tensor`, entry.name)
    end = entry.end
  }
  if (end !== fileBytes) throw broken(file, `has ${fileBytes - end} bytes after its last tensor`)
}

function isDtype(name: string): name is Dtype {
  return Object.hasOwn(elementBytes, name)
}

function isCounts(value: unknown): value is readonly number[] {
  const isCount = (n: unknown) => Number.isSafeInteger(n) && Number(n) >= 0 && !Object.is(n, -0)
  return Array.isArray(value) && value.every(isCount)
}

/** The bytes of a tensor, or nothing when they are no exact number. */
function spanOf(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bytes: number = elementBytes[dtype]
  for (const size of shape) {
    bytes *= size
    if (!Number.isSafeInteger(bytes)) return undefined
  }
  return bytes
}

function broken(file: string, what: string, tensor?: string): HadalError {
  const where = tensor === undefined ? file : `${file} (tensor ${quote(tensor)})`
  return new HadalError('bad_file', `${where} ${what}.`, {
    file,
    ...(tensor === undefined ? {} : { tensor }),
    hint: 'Download or copy this file again; if it stays so, do not trust it.',
  })
}
