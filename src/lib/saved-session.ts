// The file of a saved session: a header, the messages, token ids, and pages of keys and values.
import { HadalError } from './error.ts'
import { Fields } from './fields.ts'
import { quoteName } from './format.ts'
import { isJsonObject } from './json.ts'

// magic (8 bytes), version (u32), hash (32), header length (u32), header, conversation, ids (u32 each),
// pages; numbers are little-endian. The hash is the SHA-256 of the SHA-256s of all blocks of what follows it,
// so that neither side needs the whole file in memory.
const MAGIC = new TextEncoder().encode('HADALSES')
const VERSION = 1
const HASH_BYTES = 32
const CONTENT = MAGIC.length + 4 + HASH_BYTES
const HEADER = CONTENT + 4
const BLOCK_BYTES = 4 << 20
const MAX_HEADER_BYTES = 1 << 16
const MAX_COUNT = 2 ** 40

const TEXTS = ['model', 'architecture', 'quantize', 'cache', 'fingerprint'] as const
const COUNTS = ['layers', 'pageBytes', 'conversationBytes', 'tokens', 'pages'] as const

/** What a saved session says of itself. */
export type SavedHeader = Readonly<
  Record<(typeof TEXTS)[number], string> & Record<(typeof COUNTS)[number], number>
>

/** The parts of a saved session. They may still be of another model. */
export interface SavedSession {
  readonly header: SavedHeader
  /** JSON. */
  readonly conversation: Blob
  /** u32 for each token. */
  readonly ids: Blob
  /** [layers, pages, pageBytes]. */
  readonly pages: Blob
}

/** The error for a file that was not written as it is. */
export const damagedSession = (what: string, cause?: unknown): HadalError =>
  new HadalError('bad_file', `The saved session is damaged: ${what}.`, {
    hint: 'Begin the conversation again, or restore another save.',
    cause,
  })

/** Makes the file. @param parts ids and pages, as `SavedSession` has them */
export async function writeSavedSession(
  fields: Omit<SavedHeader, 'conversationBytes'>,
  conversation: string,
  parts: readonly BlobPart[],
): Promise<Blob> {
  const messages = new Blob([conversation])
  const header = new TextEncoder().encode(JSON.stringify({ ...fields, conversationBytes: messages.size }))
  const content = new Blob([u32(header.length), header, messages, ...parts])
  return new Blob([MAGIC, u32(VERSION), await hashOf(content), content])
}

/**
 * Finds the parts of a file. Only the header is read, and `checkHash` tells whether the rest is as written.
 * @throws HadalError `bad_file`: no saved session, one of another version, or a damaged one
 */
export async function openSavedSession(file: Blob): Promise<SavedSession> {
  const head = await bytesOf(file.slice(0, HEADER))
  if (head.length < HEADER || MAGIC.some((byte, index) => head[index] !== byte))
    throw damagedSession('it does not begin as one')
  const view = new DataView(head.buffer)
  const version = view.getUint32(MAGIC.length, true)
  if (version !== VERSION)
    throw new HadalError('bad_file', `The saved session has version ${version}, not ${VERSION}.`, {
      hint: 'It was saved by another version of Hadal. Begin the conversation again.',
    })
  const headerBytes = view.getUint32(CONTENT, true)
  if (headerBytes > MAX_HEADER_BYTES) throw damagedSession('its header is too long')
  let start = HEADER
  const next = (bytes: number): Blob => {
    start += bytes
    return file.slice(start - bytes, start)
  }
  const header = readHeader(await readJson(next(headerBytes)))
  const { layers, pageBytes, conversationBytes, tokens, pages } = header
  const parts = { conversation: next(conversationBytes), ids: next(4 * tokens) }
  const session = { header, ...parts, pages: next(layers * pages * pageBytes) }
  if (start !== file.size) throw damagedSession(`it has ${file.size} bytes instead of ${start}`)
  return session
}

/** Throws `bad_file` if a file is not as it was written. @param signal ends the work with its reason */
export async function checkHash(file: Blob, signal?: AbortSignal): Promise<void> {
  const written = await bytesOf(file.slice(CONTENT - HASH_BYTES, CONTENT))
  const hash = await hashOf(file.slice(CONTENT), signal)
  if (hash.some((byte, index) => written[index] !== byte)) throw damagedSession('its bytes have changed')
}

/** The JSON of a part. Throws `bad_file`. */
export async function readJson(part: Blob): Promise<unknown> {
  const bytes = await bytesOf(part)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw damagedSession('it has something else where JSON should be', error)
  }
}

/** The bytes of a part. Throws `bad_file` if the disk does not give them. */
export async function bytesOf(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await part.arrayBuffer())
  } catch (error) {
    throw damagedSession('it cannot be read', error)
  }
}

function readHeader(json: unknown): SavedHeader {
  if (!isJsonObject(json)) throw damagedSession('its header is no object')
  const fields = new Fields(json, (path, rule) => damagedSession(`${quoteName(path)} of its header ${rule}`))
  const texts = TEXTS.map((key) => {
    const value = fields.get(key)
    if (typeof value === 'string') return [key, value]
    throw fields.error(key, 'must be a text', value)
  })
  const counts = COUNTS.map((key) => [key, fields.count(key, 0, MAX_COUNT)])
  return Object.fromEntries([...texts, ...counts]) as SavedHeader
}

async function hashOf(content: Blob, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const digest = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const blocks = Math.ceil(content.size / BLOCK_BYTES)
  const hashes = new Uint8Array(blocks * HASH_BYTES)
  for (let block = 0; block < blocks; block++) {
    signal?.throwIfAborted()
    const bytes = await bytesOf(content.slice(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES))
    hashes.set(await digest(bytes), block * HASH_BYTES)
  }
  return digest(hashes)
}

const u32 = (value: number): ArrayBuffer => {
  const bytes = new DataView(new ArrayBuffer(4))
  bytes.setUint32(0, value, true)
  return bytes.buffer
}
