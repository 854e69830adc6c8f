// Reads the header of a safetensors file: which tensors it holds, and at which bytes.
// The header is untrusted until every number is checked.

import { HadalError } from '../lib/error.ts'
import { formatShape, quoteName } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'
import { parseJson } from './json.ts'
import { refusePointer, type Source } from './source.ts'

const ELEMENT_BYTES = {
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

/** Stored element types whose size is known here, as the format names them. */
export type Dtype = keyof typeof ELEMENT_BYTES

/**
 * One stored tensor: row-major `shape`, outermost first; bytes `start` to `end` of `file`, at any alignment.
 */
export interface TensorEntry {
  readonly name: string
  readonly dtype: string // a `Dtype`, or a name in capitals that is not known here
  readonly shape: readonly number[]
  readonly file: string
  readonly start: number
  readonly end: number
}

/** Bytes of one stored element. */
export const bytesPerElement = (dtype: Dtype): number => ELEMENT_BYTES[dtype]

export const elementsOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1)

/** Bytes of a tensor of this type and shape. */
export const tensorBytes = (dtype: Dtype, shape: readonly number[]): number =>
  elementsOf(shape) * bytesPerElement(dtype)

const PREFIX_BYTES = 8
const MAX_HEADER_BYTES = 100_000_000 // the limit of the format itself
const MAX_DEPTH = 8
const MAX_MEMBERS = 600_000 // four per tensor: 150,000 tensors in one file
const FIRST_READ_BYTES = 128 * 1024 // most headers fit, so that they cost one request

/** Reads and checks the header of one file; entries are ordered by their bytes. Errors: see `parseHeader`. */
export async function readHeader(
  source: Source,
  file: string,
  signal?: AbortSignal,
): Promise<{ readonly entries: readonly TensorEntry[]; readonly fileBytes: number }> {
  const fileBytes = await source.size(file, signal)
  const first = await source.read(file, 0, Math.min(fileBytes, FIRST_READ_BYTES), signal)
  refusePointer(file, first)
  const headerEnd = PREFIX_BYTES + headerLength(file, fileBytes, first)
  const json = first.subarray(PREFIX_BYTES, headerEnd)
  const missing = headerEnd - first.length
  if (missing <= 0) return { entries: parseHeader(file, fileBytes, json), fileBytes }
  const whole = new Uint8Array(headerEnd - PREFIX_BYTES)
  whole.set(json)
  whole.set(await source.read(file, first.length, headerEnd, signal), json.length)
  return { entries: parseHeader(file, fileBytes, whole), fileBytes }
}

/** The length of the JSON, from the eight bytes before it, checked against the file's length. */
function headerLength(file: string, fileBytes: number, first: Uint8Array): number {
  if (fileBytes < PREFIX_BYTES)
    throw invalidFile(file, `is truncated: ${fileBytes} bytes are too few for a header`)
  const length = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true))
  if (length > MAX_HEADER_BYTES) {
    throw invalidFile(file, `states a header of ${length} bytes; at most ${MAX_HEADER_BYTES} are allowed`)
  }
  if (length > fileBytes - PREFIX_BYTES) {
    throw invalidFile(file, `is truncated: its header has ${length} bytes, the whole file ${fileBytes}`)
  }
  return length
}

/**
 * Checks a header completely and returns its tensors, ordered by their bytes.
 *
 * The rules are those of the reference reader: the tensors cover the bytes after the header without overlap,
 * gap or remainder, so that every byte has exactly one meaning. `__metadata__` is not checked, nor the shape
 * of a tensor whose element type is not known: the model may not need it.
 * @param fileBytes the length of the whole file
 * @param json the header without the eight bytes of its length
 * Errors: `bad_file` names file, tensor and rule; `unsupported` names what is no element type.
 */
export function parseHeader(file: string, fileBytes: number, json: Uint8Array): readonly TensorEntry[] {
  if (json[0] !== 0x7b) throw invalidFile(file, 'has a header that does not begin with "{"')
  const header = parseJson(json, { file, maxDepth: MAX_DEPTH, maxMembers: MAX_MEMBERS, uniqueNames: true })
  if (!isJsonObject(header)) throw invalidFile(file, 'has a header that is not an object')
  const dataStart = PREFIX_BYTES + json.length
  const entries: TensorEntry[] = []
  for (const [name, value] of Object.entries(header)) {
    if (name !== '__metadata__') entries.push(parseEntry(file, name, value, dataStart))
  }
  entries.sort((a, b) => a.start - b.start || a.end - b.end)
  checkCoverage(file, fileBytes, dataStart, entries)
  return entries
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number): TensorEntry {
  if (!isJsonObject(value)) throw invalidFile(file, 'has an entry that is not an object', name)
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string') throw invalidFile(file, 'has an entry without a dtype', name)
  if (!isDtype(dtype) && !/^[A-Z][A-Z0-9_]{0,15}$/.test(dtype)) {
    throw new HadalError(
      'unsupported',
      `${file}: tensor ${quoteName(name)} has the unknown type ${quoteName(dtype)}.`,
      { file, tensor: name, hint: `Known types are ${Object.keys(ELEMENT_BYTES).join(', ')}.` },
    )
  }
  if (!isWholeNumberList(shape))
    throw invalidFile(file, 'has a shape that is not a list of whole numbers', name)
  if (!isWholeNumberList(offsets))
    throw invalidFile(file, 'has data_offsets that are not whole numbers', name)
  const [from, to] = offsets
  if (from === undefined || to === undefined || offsets.length !== 2 || from > to) {
    throw invalidFile(file, 'has data_offsets that are not a begin and end', name)
  }
  const entry = { name, dtype, shape, file, start: dataStart + from, end: dataStart + to }
  if (!isDtype(dtype)) return entry
  const bytes = safeBytes(dtype, shape)
  if (bytes === undefined) throw invalidFile(file, 'has a shape whose size overflows', name)
  if (bytes !== to - from) {
    const expected = `${formatShape(shape)} × ${dtype} is ${bytes} bytes`
    throw invalidFile(file, `does not hold what it states: ${expected}, its span has ${to - from}`, name)
  }
  return entry
}

function checkCoverage(
  file: string,
  fileBytes: number,
  dataStart: number,
  entries: readonly TensorEntry[],
): void {
  let end = dataStart
  for (const entry of entries) {
    if (entry.end > fileBytes) {
      throw invalidFile(
        file,
        `is truncated: it has ${fileBytes} bytes, a tensor ends at ${entry.end}`,
        entry.name,
      )
    }
    if (entry.start < end) throw invalidFile(file, 'has a tensor that overlaps the one before it', entry.name)
    if (entry.start > end)
      throw invalidFile(file, `has ${entry.start - end} unclaimed bytes before a tensor`, entry.name)
    end = entry.end
  }
  if (end !== fileBytes) throw invalidFile(file, `has ${fileBytes - end} bytes after its last tensor`)
}

function isDtype(name: string): name is Dtype {
  return Object.hasOwn(ELEMENT_BYTES, name)
}

function isWholeNumberList(value: unknown): value is readonly number[] {
  const isWholeNumber = (n: unknown) => Number.isSafeInteger(n) && Number(n) >= 0 && !Object.is(n, -0)
  return Array.isArray(value) && value.every(isWholeNumber)
}

/** As `tensorBytes` for a shape that may be hostile; undefined where a product is not a safe integer. */
function safeBytes(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bytes: number = ELEMENT_BYTES[dtype]
  for (const size of shape) {
    bytes *= size
    if (!Number.isSafeInteger(bytes)) return undefined
  }
  return bytes
}

function invalidFile(file: string, what: string, tensor?: string): HadalError {
  const where = tensor === undefined ? file : `${file} (tensor ${quoteName(tensor)})`
  return new HadalError('bad_file', `${where} ${what}.`, {
    file,
    ...(tensor === undefined ? {} : { tensor }),
    hint: 'Download or copy this file again. If the error stays, do not trust the file.',
  })
}
