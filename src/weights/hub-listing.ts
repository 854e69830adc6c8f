// Answers: what does the Hub say that a model consists of? Every answer is a stranger's: checked and bounded.
// It must not know how the files are read.
import { formatBytes, quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { checkStatus, type Exchange, exchange, type Host, isHtml } from './exchange.ts'
import { formatHubName, type HubName } from './hub-name.ts'
import { parseJson } from './json.ts'
import { type RetryPolicy, withRetries } from './retry.ts'
import { checkPath, type FileFacts } from './source.ts'

export interface HubListing {
  /** The commit that the revision stood for when it was asked: 40 hex digits (64 in repositories with SHA-256). */
  readonly commit: string
  readonly files: ReadonlyMap<string, FileFacts>
}

/** Whom to ask, and about which model. */
export interface HubQuestion {
  readonly host: Host
  /** The Hub's address, ending with a slash. */
  readonly endpoint: URL
  readonly name: HubName
  readonly retry: RetryPolicy
  readonly signal: AbortSignal | undefined
}

/** What a model may need, with room: the largest of today have some hundred files, 1000 of which make a page of 400 kB. */
const maxAnswerBytes = 8 * 2 ** 20
const maxFiles = 50_000
const maxPages = 200
const rules = { maxDepth: 100, maxMembers: 1_000_000, uniqueNames: true }

/**
 * Asks which commit a revision is, then which files it has. Errors: `not_found` for a model or a revision; `no_access`;
 * `network` when the Hub cannot be reached, is not one, or lists what cannot be.
 */
export async function askListing(question: HubQuestion): Promise<HubListing> {
  const { org, name, revision } = question.name
  const model = `api/models/${org}/${name}`
  const commit = await askCommit(question, `${model}/revision/${encodeURIComponent(revision)}`)
  const files = new Map<string, FileFacts>()
  let next: URL | undefined = new URL(`${model}/tree/${commit}?recursive=true`, question.endpoint)
  for (let pages = 1; next; pages++) {
    if (pages > maxPages) throw malformed(question, `it has more than ${maxPages} pages`)
    const { value, link } = await askJson(question, next)
    if (!Array.isArray(value)) throw malformed(question, 'a page of it is no list')
    for (const item of value) addEntry(question, files, item)
    if (files.size > maxFiles) throw malformed(question, `it has more than ${maxFiles} files`)
    next = nextPage(question, next, link)
  }
  return { commit, files }
}

async function askCommit(question: HubQuestion, path: string): Promise<string> {
  const { value } = await askJson(question, new URL(path, question.endpoint))
  const sha = isRecord(value) ? value.sha : undefined
  if (typeof sha === 'string' && /^(?:[\da-f]{40}|[\da-f]{64})$/.test(sha)) return sha
  throw malformed(question, 'it names no commit')
}

/** Reads one answer as JSON, with its Link header. */
async function askJson(
  question: HubQuestion,
  url: URL,
): Promise<{ readonly value: unknown; readonly link: string }> {
  const { host, retry, signal } = question
  const what = listingOf(question)
  return await withRetries(retry, what, signal, async () => {
    const answer = await exchange(host, what, url, { method: 'GET' }, signal)
    try {
      const { response } = answer
      if (response.ok && isHtml(response)) throw malformed(question, 'the answer is a web page')
      if (response.status === 404) throw unknownModel(question, response)
      checkStatus(host, what, response)
      const bytes = await readBody(question, answer)
      return { value: parse(question, bytes), link: response.headers.get('link') ?? '' }
    } finally {
      answer.cancel()
    }
  })
}

async function readBody(question: HubQuestion, answer: Exchange): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const piece = await answer.next(question.signal)
    if (piece === undefined) break
    pieces.push(piece)
    length += piece.length
    if (length > maxAnswerBytes)
      throw malformed(question, `an answer is longer than ${formatBytes(maxAnswerBytes)}`)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

function parse(question: HubQuestion, bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, { ...rules, file: 'an answer' })
  } catch (cause) {
    throw malformed(
      question,
      cause instanceof HadalError ? cause.message.replace(/\.$/, '') : 'no JSON',
      cause,
    )
  }
}

/** The page that a Link header names. It must be the Hub's own: it would be sent the token. */
function nextPage(question: HubQuestion, current: URL, link: string): URL | undefined {
  const target = /<([^<>]*)>\s*;[^,<]*\brel="?next\b/i.exec(link)?.[1]
  if (target === undefined) return undefined
  const next = URL.canParse(target, current) ? new URL(target, current) : undefined
  if (next?.origin === question.endpoint.origin) return next
  throw malformed(question, 'its next page lies on another host')
}

function addEntry(question: HubQuestion, files: Map<string, FileFacts>, item: unknown): void {
  if (!isRecord(item) || typeof item.path !== 'string' || typeof item.type !== 'string') {
    throw malformed(question, 'an entry has no path or no type')
  }
  const { path, type, size, oid, lfs } = item
  if (path.startsWith('/') || path.split('/').some((part) => /^\.{0,2}$/.test(part))) {
    throw malformed(question, `${quote(path)} leads out of the folder`)
  }
  if (type !== 'file') return
  if (files.has(path)) throw malformed(question, `it names ${quote(path)} twice`)
  if (!isSize(size)) throw malformed(question, `${quote(path)} has no possible size`)
  if (isReadable(path))
    files.set(path, { bytes: size, ...contentOf(question, path, size, lfs), ...versionOf(oid) })
}

/** Files with names that no model needs, such as `a:b.png`, are left out rather than refused: nobody can ask for them. */
function isReadable(path: string): boolean {
  try {
    return checkPath(path).length > 0
  } catch {
    return false
  }
}

/** Large files are kept beside the repository, under the hash of their content. */
function contentOf(
  question: HubQuestion,
  path: string,
  size: number,
  lfs: unknown,
): Pick<FileFacts, 'sha256'> {
  if (lfs === undefined || lfs === null) return {}
  const sha256 = isRecord(lfs) && lfs.size === size ? lfs.oid : undefined
  if (typeof sha256 === 'string' && /^[\da-f]{64}$/.test(sha256)) return { sha256 }
  throw malformed(question, `${quote(path)} has no possible hash`)
}

/** The name of the content in Git: it changes exactly when the content does, whatever else a commit changes. */
function versionOf(oid: unknown): Pick<FileFacts, 'version'> {
  return typeof oid === 'string' && /^[\da-f]{40,64}$/.test(oid) ? { version: oid } : {}
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function listingOf({ name }: HubQuestion): string {
  return `the listing of ${formatHubName(name)}`
}

function unknownModel({ name }: HubQuestion, response: Response): HadalError {
  const noRevision = response.headers.get('x-error-code') === 'RevisionNotFound'
  const what = noRevision
    ? `${formatHubName({ ...name, revision: 'main' })} has no revision ${quote(name.revision)}`
    : `The Hub has no model ${formatHubName(name)}`
  return new HadalError('not_found', `${what}.`, {
    hint: 'Check the name: hf:org/name, and @revision after it for a branch, tag or commit.',
  })
}

function malformed(question: HubQuestion, why: string, cause?: unknown): HadalError {
  return new HadalError('network', `${question.endpoint.host}: ${listingOf(question)} is wrong: ${why}.`, {
    hint: 'Check that the endpoint is a Hugging Face Hub, and try again.',
    cause,
  })
}
