// Host for the store tests: serves their page and data, and counts every byte sent.
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { build } from 'vite'
import type { FileInfo } from '../../../src/weights/source.ts'
import { type FileServer, rangeOf, startFileServer } from '../../weights/file-server.ts'
import { ROOT } from '../pages.ts'

export interface StoreHost extends FileServer {
  /** Sets the file at a path below `data/`. */
  put(path: string, bytes: Uint8Array): void
  /** Sizes and hashes of all files, as a model hub publishes them. */
  facts(): Record<string, FileInfo>
  /** Bytes sent since the last call, and how many of them had been sent before. */
  sent(): { readonly bytes: number; readonly again: number }
  /** Resets the counts. */
  resetCounts(): void
  /** Called after every piece, with the bytes sent since the last call of `sent`. */
  onSent: (bytes: number) => void
  /** Called before a range is sent. */
  onAsk: (path: string, start: number) => void | Promise<void>
  /** Pause between pieces of 16 KiB. */
  pauseMs: number
}

const PIECE_BYTES = 16 * 1024
const CONTENT_TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' }

/** Builds the page of the store tests and serves it next to `data/`. */
export async function startStoreHost(): Promise<StoreHost> {
  const pageRoot = join(ROOT, 'tests', 'browser', 'store')
  const built = await build({
    configFile: false,
    root: pageRoot,
    logLevel: 'warn',
    worker: { format: 'es' },
    build: { target: 'es2023', write: false },
  })
  const outputs = [built].flat().flatMap((result) => ('output' in result ? result.output : []))
  const encode = (content: string | Uint8Array) =>
    typeof content === 'string' ? Buffer.from(content) : content
  const page = outputs.map(
    (file) => [file.fileName, encode('code' in file ? file.code : file.source)] as const,
  )
  const server = await startFileServer(Object.fromEntries(page))
  return countSent(server)
}

function countSent(server: FileServer): StoreHost {
  const sentBefore = new Map<string, Uint8Array>()
  let sent: { path: string; start: number; end: number }[] = []
  const bytesOf = () => sent.reduce((sum, { start, end }) => sum + end - start, 0)
  const host: StoreHost = Object.assign(server, {
    pauseMs: 0,
    onSent: (_bytes: number) => undefined,
    onAsk: (_path: string, _start: number) => undefined,
    put: (path: string, bytes: Uint8Array) => {
      server.files.set(`data/${path}`, bytes)
    },
    facts: () =>
      Object.fromEntries(
        [...server.files]
          .filter(([path]) => path.startsWith('data/'))
          .map(([path, bytes]) => [
            path.slice('data/'.length),
            { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
          ]),
      ),
    resetCounts() {
      sent = []
      sentBefore.clear()
    },
    sent() {
      const bytes = bytesOf()
      let again = 0
      for (const { path, start, end } of sent) {
        const seen = sentBefore.get(path)
        for (let at = start; at < end; at++) again += seen?.[at] ?? 0
      }
      for (const { path, start, end } of sent) {
        const seen = sentBefore.get(path) ?? new Uint8Array(server.files.get(path)?.length ?? 0)
        sentBefore.set(path, seen.fill(1, start, end))
      }
      sent = []
      return { bytes, again }
    },
  })
  const send = async (
    path: string,
    body: Uint8Array,
    range: { start: number; end: number },
    response: ServerResponse,
  ) => {
    await host.onAsk(path.slice('data/'.length), range.start)
    for (let start = range.start; start < range.end && !response.destroyed; start += PIECE_BYTES) {
      const end = Math.min(range.end, start + PIECE_BYTES)
      response.write(body.subarray(start, end))
      sent.push({ path, start, end })
      host.onSent(bytesOf())
      if (host.pauseMs > 0) await new Promise((done) => setTimeout(done, host.pauseMs))
    }
    response.end()
  }
  server.intercept = (request, response, body) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', server.url).pathname.slice(1)) || 'index.html'
    const range = rangeOf(request, body.length)
    response.setHeader('Cache-Control', 'no-store')
    if (!path.startsWith('data/')) {
      response.setHeader(
        'Content-Type',
        CONTENT_TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      )
      response.end(server.files.get(path))
      return true
    }
    if (request.method !== 'GET' || range === undefined || range.start >= body.length) return false
    response.writeHead(206, {
      ETag: server.etags.get(path) ?? `"${path}"`,
      'Content-Length': range.end - range.start,
      'Content-Range': `bytes ${range.start}-${range.end - 1}/${body.length}`,
    })
    void send(path, body, range, response)
    return true
  }
  return host
}
