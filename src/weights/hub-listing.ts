// Lists the files of a Hugging Face model, with their sizes and hashes.
// Every response is untrusted: checked and bounded.

import { HadalError } from '../lib/error.ts'
import { formatBytes, quoteName } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'
import {
  checkStatus,
  type HttpExchange,
  type HttpHost,
  isHtml,
  joinChunks,
  readChunks,
  sendRequest,
} from './http-exchange.ts'
import { formatHubName, type HubName } from './hub-name.ts'
import { parseJson } from './json.ts'
import { type RetryPolicy, withRetries } from './retry.ts'
import { checkPath, type FileInfo } from './source.ts'

export interface HubListing {
  /** The commit the revision pointed to at the time: 40 hex digits (64 in repositories with SHA-256). */
  readonly commit: string
  readonly files: ReadonlyMap<string, FileInfo>
}

/** Which Hub to query, and for which model. */
export interface HubQuery {
  readonly host: HttpHost
  /** The Hub's address, ending with a slash. */
  readonly endpoint: URL
  readonly name: HubName
  readonly retry: RetryPolicy
  readonly signal: AbortSignal | undefined
}

/**
 * Generous limits: today's largest models have a few hundred files, and 1000 entries make a page of 400 kB.
 */
const MAX_RESPONSE_BYTES = 8 * 2 ** 20
const MAX_FILES = 50_000
const MAX_PAGES = 200
const JSON_RULES = { maxDepth: 100, maxMembers: 1_000_000, uniqueNames: true }

/**
 * Resolves the revision to a commit, then lists its files. Errors: `not_found` for a model or a revision;
 * `no_access`; `network` when the Hub cannot be reached, is not a Hub, or sends an invalid listing.
 */
export async function fetchListing(query: HubQuery): Promise<HubListing> {
  const { org, name, revision } = query.name
  const model = `api/models/${org}/${name}`
  const commit = await fetchCommit(query, `${model}/revision/${encodeURIComponent(revision)}`)
  const files = new Map<string, FileInfo>()
  let next: URL | undefined = new URL(`${model}/tree/${commit}?recursive=true`, query.endpoint)
  for (let pages = 1; next; pages++) {
    if (pages > MAX_PAGES) throw invalidListing(query, `it has more than ${MAX_PAGES} pages`)
    const { value, link } = await fetchJson(query, next)
    if (!Array.isArray(value)) throw invalidListing(query, 'a page is not a list')
    for (const item of value) addEntry(query, files, item)
    if (files.size > MAX_FILES) throw invalidListing(query, `it has more than ${MAX_FILES} files`)
    next = nextPage(query, next, link)
  }
  return { commit, files }
}

async function fetchCommit(query: HubQuery, path: string): Promise<string> {
  const { value } = await fetchJson(query, new URL(path, query.endpoint))
  const sha = isJsonObject(value) ? value.sha : undefined
  if (typeof sha === 'string' && /^(?:[\da-f]{40}|[\da-f]{64})$/.test(sha)) return sha
  throw invalidListing(query, 'it names no commit')
}

/** Fetches one response as JSON, with its Link header. */
async function fetchJson(
  query: HubQuery,
  url: URL,
): Promise<{ readonly value: unknown; readonly link: string }> {
  const { host, retry, signal } = query
  const file = listingName(query)
  return await withRetries(retry, file, signal, async () => {
    const exchange = await sendRequest(host, { file, url, method: 'GET', signal })
    try {
      const { response } = exchange
      if (response.ok && isHtml(response)) throw invalidListing(query, 'the response is a web page')
      if (response.status === 404) throw unknownModel(query, response)
      checkStatus(host, file, response)
      const bytes = await readBody(query, exchange)
      return { value: parseResponse(query, bytes), link: response.headers.get('link') ?? '' }
    } finally {
      exchange.cancel()
    }
  })
}

async function readBody(query: HubQuery, exchange: HttpExchange): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for await (const chunk of readChunks(exchange, query.signal)) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_RESPONSE_BYTES)
      throw invalidListing(query, `a response is longer than ${formatBytes(MAX_RESPONSE_BYTES)}`)
  }
  return await joinChunks(chunks)
}

function parseResponse(query: HubQuery, bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, { ...JSON_RULES, file: 'a response' })
  } catch (cause) {
    throw invalidListing(
      query,
      cause instanceof HadalError ? cause.message.replace(/\.$/, '') : 'not JSON',
      cause,
    )
  }
}

/** The next page named by a Link header. It must be on the Hub itself, because the token is sent along. */
function nextPage(query: HubQuery, current: URL, link: string): URL | undefined {
  const target = /<([^<>]*)>\s*;[^,<]*\brel="?next\b/i.exec(link)?.[1]
  if (target === undefined) return undefined
  const next = URL.canParse(target, current) ? new URL(target, current) : undefined
  if (next?.origin === query.endpoint.origin) return next
  throw invalidListing(query, 'its next page is on another host')
}

function addEntry(query: HubQuery, files: Map<string, FileInfo>, item: unknown): void {
  if (!isJsonObject(item) || typeof item.path !== 'string' || typeof item.type !== 'string') {
    throw invalidListing(query, 'an entry has no path or no type')
  }
  const { path, type, size, oid, lfs } = item
  if (path.startsWith('/') || path.split('/').some((part) => /^\.{0,2}$/.test(part))) {
    throw invalidListing(query, `${quoteName(path)} leads out of the folder`)
  }
  if (type !== 'file') return
  if (files.has(path)) throw invalidListing(query, `it names ${quoteName(path)} twice`)
  if (!isSize(size)) throw invalidListing(query, `${quoteName(path)} has an invalid size`)
  if (isAllowedPath(path))
    files.set(path, { bytes: size, ...publishedHash(query, path, size, lfs), ...gitVersion(oid) })
}

/** Files that `checkPath` rejects, such as `a:b.png`, are skipped, not errors: no model needs them. */
function isAllowedPath(path: string): boolean {
  try {
    return checkPath(path).length > 0
  } catch {
    return false
  }
}

/** Large files are stored outside the Git repository (LFS), under the SHA-256 of their content. */
function publishedHash(query: HubQuery, path: string, size: number, lfs: unknown): Pick<FileInfo, 'sha256'> {
  if (lfs === undefined || lfs === null) return {}
  const sha256 = isJsonObject(lfs) && lfs.size === size ? lfs.oid : undefined
  if (typeof sha256 === 'string' && /^[\da-f]{64}$/.test(sha256)) return { sha256 }
  throw invalidListing(query, `${quoteName(path)} has an invalid hash`)
}

/** The Git object id: it changes exactly when the file's content does. */
function gitVersion(oid: unknown): Pick<FileInfo, 'version'> {
  return typeof oid === 'string' && /^[\da-f]{40,64}$/.test(oid) ? { version: oid } : {}
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function listingName({ name }: HubQuery): string {
  return `the listing of ${formatHubName(name)}`
}

function unknownModel({ name }: HubQuery, response: Response): HadalError {
  const noRevision = response.headers.get('x-error-code') === 'RevisionNotFound'
  const what = noRevision
    ? `${formatHubName({ ...name, revision: 'main' })} has no revision ${quoteName(name.revision)}`
    : `The Hub has no model ${formatHubName(name)}`
  return new HadalError('not_found', `${what}.`, {
    hint: 'Check the name: hf:org/name, followed by @revision for a branch, tag or commit.',
  })
}

function invalidListing(query: HubQuery, why: string, cause?: unknown): HadalError {
  return new HadalError('network', `${query.endpoint.host}: ${listingName(query)} is wrong: ${why}.`, {
    hint: 'Check that the endpoint is a Hugging Face Hub, and try again.',
    cause,
  })
}
