// Hosts that Debian has no server for, imitated: how they compress, answer HEAD and ranges, and miss files.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { listen, rangeOf } from '../../weights/file-server.ts'
import { APP_PAGE, MODEL_FILES } from './model-folder.ts'
import type { WebServer } from './web-servers.ts'

/** What is not said is as with a correct host that compresses nothing. */
export interface HostBehaviour {
  readonly compresses?: 'if accepted' | 'gzip always' | 'brotli always'
  /** Ranges are those of the compressed file if it is compressed even for them. */
  readonly honoursRanges?: false
  readonly head?: 'refused' | 'empty'
  /** Content-Length is sent with compressed files only, or with none. */
  readonly lengths?: 'compressed' | 'none'
  readonly missing?: 403 | 404 | 'page'
  /** Whether refusals carry Access-Control-Allow-Origin. */
  readonly corsOnErrors?: boolean
}

const FORMS = {
  plain: MODEL_FILES,
  gzip: compressed(gzipSync),
  br: compressed((bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })),
}

function compressed(compress: (bytes: Uint8Array) => Uint8Array): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(Object.entries(MODEL_FILES).map(([name, bytes]) => [name, compress(bytes)]))
}

/** Starts one server with a folder for each kind of host. */
export const startOwnHosts = (hosts: Readonly<Record<string, HostBehaviour>>): Promise<WebServer> =>
  listen((request, response) => {
    const [, host = '', file = ''] = new URL(request.url ?? '/', 'http://host').pathname.split('/')
    const behaviour = hosts[host]
    if (behaviour) answer(behaviour, file, request, response)
    else response.writeHead(404).end()
  })

function answer(host: HostBehaviour, file: string, request: IncomingMessage, response: ServerResponse): void {
  const isHead = request.method === 'HEAD'
  const refused = isHead ? host.head === 'refused' : request.method !== 'GET'
  const form = encodingOf(host, request) ?? 'plain'
  const body = FORMS[form][file]
  if (refused || body === undefined) {
    sendRefusal(host, refused ? 403 : (host.missing ?? 404), response)
    return
  }
  const range = host.honoursRanges === false ? undefined : rangeOf(request, body.length)
  const { start, end } = range ?? { start: 0, end: body.length }
  response.setHeader('Access-Control-Allow-Origin', '*')
  if (start >= end) {
    response.writeHead(416, { 'Content-Range': `bytes */${body.length}`, 'Content-Length': 0 }).end()
    return
  }
  response.setHeader('ETag', `"${form}"`)
  if (form !== 'plain') response.setHeader('Content-Encoding', form)
  if (range) response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${body.length}`)
  const hasLength = host.lengths === undefined || (host.lengths === 'compressed' && form !== 'plain')
  if (hasLength) response.setHeader('Content-Length', isHead && host.head === 'empty' ? 0 : end - start)
  response.writeHead(range ? 206 : 200)
  if (!isHead) response.write(body.subarray(start, end))
  response.end()
}

function sendRefusal(host: HostBehaviour, reason: 403 | 404 | 'page', response: ServerResponse): void {
  if (host.corsOnErrors !== false) response.setHeader('Access-Control-Allow-Origin', '*')
  const isPage = reason === 'page'
  response.writeHead(isPage ? 200 : reason, { 'Content-Type': isPage ? 'text/html' : 'application/xml' })
  response.end(isPage ? APP_PAGE : '<Error><Code>AccessDenied</Code></Error>')
}

function encodingOf({ compresses }: HostBehaviour, request: IncomingMessage): 'gzip' | 'br' | undefined {
  if (compresses === 'brotli always') return 'br'
  const accepted = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  return compresses === 'gzip always' || (compresses === 'if accepted' && accepted) ? 'gzip' : undefined
}
