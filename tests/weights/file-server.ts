// A local HTTP file server whose responses tests can change.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Lets a test change one response; returning true means that it has sent the response itself. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse, body: Uint8Array) => boolean

export interface FileServer {
  readonly url: string
  /** Every request as `METHOD /path range`, in order. */
  readonly log: string[]
  /** Headers of the requests, in the same order. */
  readonly headers: IncomingMessage['headers'][]
  readonly files: Map<string, Uint8Array>
  readonly etags: Map<string, string>
  intercept: Interceptor
  close(): Promise<void>
}

/** Starts a server on a free local port that serves `files` with ranges, lengths and entity tags. */
export async function startFileServer(files: Readonly<Record<string, Uint8Array>>): Promise<FileServer> {
  const { url, close } = await listen((request, response) => answer(state, request, response))
  const state: FileServer = {
    url,
    log: [],
    headers: [],
    files: new Map(Object.entries(files)),
    etags: new Map(),
    intercept: () => false,
    close,
  }
  return state
}

/** Starts an HTTP server on a free local port; its address ends with a slash. */
export async function listen(
  handler: RequestListener,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}/`, close }
}

function answer(state: FileServer, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(request.url ?? '/', state.url).pathname.slice(1))
  state.log.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim())
  state.headers.push(request.headers)
  const body = state.files.get(path)
  if (state.intercept(request, response, body ?? new Uint8Array(0))) return
  if (body === undefined) {
    response.writeHead(404).end()
    return
  }
  sendFile(request, response, body, state.etags.get(path) ?? `"${path}"`)
}

/** Sends a file or the requested range of it, as a correct host does. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
  etag: string,
): void {
  response.setHeader('ETag', etag)
  const unchanged = (request.headers['if-range'] ?? etag) === etag
  const range = unchanged ? rangeOf(request, body.length) : undefined
  if (range === undefined || request.method === 'HEAD') {
    response.writeHead(200, { 'Content-Length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
  } else if (range.start >= body.length) {
    response.writeHead(416, { 'Content-Range': `bytes */${body.length}` }).end()
  } else {
    const part = body.subarray(range.start, range.end)
    response.writeHead(206, {
      'Content-Length': part.length,
      'Content-Range': `bytes ${range.start}-${range.start + part.length - 1}/${body.length}`,
    })
    response.end(part)
  }
}

/** The requested range, end exclusive. */
export function rangeOf(
  request: IncomingMessage,
  fileBytes: number,
): { readonly start: number; readonly end: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (match === null) return undefined
  return { start: Number(match[1]), end: match[2] ? Math.min(fileBytes, Number(match[2]) + 1) : fileBytes }
}

/** A host that ignores ranges: every GET returns the whole file. */
export const wholeFilesOnly: Interceptor = (request, response, body) => {
  if (request.method !== 'GET' || body.length === 0) return false
  response.writeHead(200, { 'Content-Length': body.length })
  response.end(body)
  return true
}

/** Lets pages of other origins read what the server sends. */
export const openToAll: Interceptor = (_, response) => {
  response.setHeader('Access-Control-Allow-Origin', '*')
  response.setHeader('Access-Control-Expose-Headers', 'Content-Range, ETag')
  return false
}
