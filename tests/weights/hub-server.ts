// A local Hugging Face Hub: one origin for the API and small files, one reached by redirects for large files.
// Listings are paged, and CORS is as strict as on the real one.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen, sendFile } from './file-server.ts'

/** Lets a test change one response; returning true means that it has sent the response itself. */
export type HubInterceptor = (
  request: IncomingMessage,
  response: ServerResponse,
  origin: 'hub' | 'store',
) => boolean

export interface HubServer {
  /** The endpoint, without a trailing slash. */
  readonly url: string
  /** The origin that large files are redirected to. */
  readonly storeUrl: string
  /** Every request as `hub METHOD /path range` or `store …`, in order. */
  readonly log: string[]
  /** Headers of the requests, in the same order. */
  readonly headers: IncomingMessage['headers'][]
  /** Branches and commits by name → files. */
  readonly revisions: Map<string, HubFiles>
  /** Entries per page of a listing. */
  pageSize: number
  /** Without this token the model appears not to exist. */
  token: string | undefined
  /** Without the token, files are refused, though the model is listed. */
  gated: boolean
  intercept: HubInterceptor
  close(): Promise<void>
}

type HubFiles = ReadonlyMap<string, Uint8Array>

export const HUB_MODEL = 'deep-sea/lantern.fish_v1'

const HUB_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'X-Repo-Commit,X-Error-Code,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag',
}
const STORE_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Content-Range,ETag',
}

/** Serves one model, named by `HUB_MODEL`, at `main` and at its commit. */
export async function startHub(files: Readonly<Record<string, Uint8Array>>): Promise<HubServer> {
  const hub = await listen((request, response) => handle('hub', request, response, answer))
  const store = await listen((request, response) => handle('store', request, response, sendStored))
  const handle = (
    origin: 'hub' | 'store',
    request: IncomingMessage,
    response: ServerResponse,
    handler: typeof answer,
  ) => {
    state.log.push(`${origin} ${request.method} ${request.url} ${request.headers.range ?? ''}`.trim())
    state.headers.push(request.headers)
    for (const [name, value] of Object.entries(origin === 'hub' ? HUB_HEADERS : STORE_HEADERS))
      response.setHeader(name, value)
    if (!state.intercept(request, response, origin)) handler(state, request, response)
  }
  const state: HubServer = {
    url: hub.url.slice(0, -1),
    storeUrl: store.url.slice(0, -1),
    log: [],
    headers: [],
    revisions: new Map([['main', new Map(Object.entries(files))]]),
    pageSize: 1000,
    token: undefined,
    gated: false,
    intercept: () => false,
    close: async () => {
      await Promise.all([hub.close(), store.close()])
    },
  }
  return state
}

/** A commit id for a set of files. */
export function commitOf(files: HubFiles): string {
  return hash('sha1', Buffer.from([...files].map(([path, body]) => path + gitHash(body)).join()))
}

function answer(state: HubServer, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'OPTIONS') {
    response.writeHead(204, { 'Access-Control-Allow-Headers': 'Authorization' }).end()
    return
  }
  const url = new URL(request.url ?? '/', state.url)
  const allowed = state.token === undefined || request.headers.authorization === `Bearer ${state.token}`
  const [, api, endpoint = '', revision = '', path = ''] =
    new RegExp(`^/(api/models/)?${HUB_MODEL}/(revision|tree|resolve)/([^/]+)/?(.*)$`).exec(url.pathname) ?? []
  const files = findFiles(state, decodeURIComponent(revision))
  if ((api !== undefined) === (endpoint === 'resolve')) refuse(response, 404, 'RepoNotFound')
  else if (!allowed && !state.gated) refuse(response, 401, 'RepoNotFound')
  else if (files === undefined) refuse(response, 404, 'RevisionNotFound')
  else if (endpoint === 'revision') sendJson(response, { id: HUB_MODEL, sha: commitOf(files), siblings: [] })
  else if (endpoint === 'tree') sendTree(state, response, url, files)
  else if (!allowed) refuse(response, 401, 'GatedRepo')
  else sendResolved(state, request, response, { path: decodeURIComponent(path), files })
}

function findFiles(state: HubServer, revision: string): HubFiles | undefined {
  return (
    state.revisions.get(revision) ??
    [...state.revisions.values()].find((files) => commitOf(files) === revision)
  )
}

function sendTree(state: HubServer, response: ServerResponse, url: URL, files: HubFiles): void {
  const folders = new Set([...files.keys()].flatMap((path) => path.split('/').slice(0, -1)))
  const entries = [
    ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: hash('sha1', path) })),
    ...[...files].map(([path, body]) => entryOf(path, body)),
  ]
  const from = Number(url.searchParams.get('cursor') ?? 0)
  const to = from + state.pageSize
  url.searchParams.set('cursor', String(to))
  if (to < entries.length) response.setHeader('Link', `<${url}>; rel="next"`)
  sendJson(response, entries.slice(from, to))
}

function entryOf(path: string, body: Uint8Array): Record<string, unknown> {
  const entry = { type: 'file', path, size: body.length }
  if (!isLarge(path)) return { ...entry, oid: gitHash(body) }
  const lfs = { oid: hash('sha256', body), size: body.length, pointerSize: 135 }
  return { ...entry, oid: gitHash(Buffer.from(`pointer to ${lfs.oid}`)), lfs, xetHash: hash('sha256', path) }
}

function sendResolved(
  state: HubServer,
  request: IncomingMessage,
  response: ServerResponse,
  { path, files }: { readonly path: string; readonly files: HubFiles },
): void {
  const body = files.get(path)
  response.setHeader('X-Repo-Commit', commitOf(files))
  if (body === undefined) refuse(response, 404, 'EntryNotFound')
  else if (isLarge(path)) redirect(state, response, body)
  else sendFile(request, response, body, `"${gitHash(body)}"`)
}

function redirect(state: HubServer, response: ServerResponse, body: Uint8Array): void {
  const sha256 = hash('sha256', body)
  response.writeHead(302, {
    Location: `${state.storeUrl}/${sha256}?Signature=${state.log.length}`,
    ETag: `"${sha256}"`,
    'X-Linked-ETag': `"${sha256}"`,
    'X-Linked-Size': body.length,
  })
  response.end('Found. Redirecting')
}

/** The store supports no preflight, and its ETag is not the file's hash. */
function sendStored(state: HubServer, request: IncomingMessage, response: ServerResponse): void {
  const [, sha256 = ''] = /^\/([\da-f]{64})\?Signature=\d+$/.exec(request.url ?? '') ?? []
  const bodies = [...state.revisions.values()].flatMap((files) => [...files.values()])
  const body = bodies.find((candidate) => hash('sha256', candidate) === sha256)
  if (request.method === 'OPTIONS' || body === undefined) response.writeHead(403).end()
  else sendFile(request, response, body, `"${sha256.slice(0, 32)}-64"`)
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.setHeader('X-Error-Code', code)
  sendJson(response, { error: code }, status)
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(value))
}

const isLarge = (path: string): boolean => path.endsWith('.safetensors')

function hash(kind: 'sha1' | 'sha256', data: Uint8Array | string): string {
  return createHash(kind).update(data).digest('hex')
}

function gitHash(body: Uint8Array): string {
  return hash('sha1', Buffer.concat([Buffer.from(`blob ${body.length}\0`), body]))
}
