// Serves a folder to a browser on this machine, with the headers that the page needs and with byte ranges.
// Used by `npm start` and by the tests.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream'

/**
 * Headers that every host of the page should send. All content comes from the page's own origin, except
 * models, which are read from the host that the user names. The two cross-origin headers isolate the page,
 * which gives it precise timers.
 */
export const PAGE_HEADERS = {
  'Content-Security-Policy': [
    "default-src 'self'",
    "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

const CONTENT_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}
const MAX_PORTS = 50

/**
 * Serves `folder` to this machine only.
 * @param {string} folder
 * @param {{ port?: number, headers?: Record<string, string> }} [options]
 *   port: the first to try, 0 for any free one; headers: sent with every response.
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>} url ends with a slash.
 */
export async function serveFolder(folder, { port = 0, headers = PAGE_HEADERS } = {}) {
  const base = resolve(folder)
  const server = createServer((request, response) => {
    answer(base, headers, request, response).catch((error) => {
      if (response.headersSent) return response.destroy(error)
      response.writeHead(500).end()
    })
  })
  const used = await listen(server, port)
  return {
    url: `http://localhost:${used}/`,
    port: used,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function listen(server, first) {
  return new Promise((done, reject) => {
    let port = first
    server.on('error', (error) => {
      const taken = error.code === 'EADDRINUSE' && port < first + MAX_PORTS
      if (!taken) return reject(error)
      port += 1
      server.listen(port, '127.0.0.1')
    })
    server.on('listening', () => done(server.address().port))
    server.listen(port, '127.0.0.1')
  })
}

async function answer(base, headers, request, response) {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return response.writeHead(405, { Allow: 'GET, HEAD' }).end()
  }
  const file = await findFile(base, request.url ?? '/')
  if (file.redirect) return response.writeHead(308, { Location: file.redirect }).end()
  if (!file.path) return response.writeHead(404, { 'Content-Type': CONTENT_TYPES['.txt'] }).end('Not found\n')
  const { size, mtimeMs } = file
  const etag = `"${size.toString(16)}-${Math.round(mtimeMs).toString(16)}"`
  response.setHeader('ETag', etag)
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader(
    'Content-Type',
    CONTENT_TYPES[extname(file.path).toLowerCase()] ?? 'application/octet-stream',
  )
  // Names under assets/ contain a content hash; everything else is revalidated.
  const forever = file.path.includes(`${sep}assets${sep}`)
  response.setHeader('Cache-Control', forever ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (request.headers['if-none-match'] === etag) return response.writeHead(304).end()

  const unchanged = (request.headers['if-range'] ?? etag) === etag
  const range = unchanged ? parseRange(request.headers.range, size) : undefined
  if (range === 'impossible') return response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
  const { start, end } = range ?? { start: 0, end: size - 1 }
  if (range) response.setHeader('Content-Range', `bytes ${start}-${end}/${size}`)
  response.writeHead(range ? 206 : 200, { 'Content-Length': end - start + 1 })
  if (request.method === 'HEAD' || size === 0) return response.end()
  // Ignore clients that disconnect.
  pipeline(createReadStream(file.path, { start, end }), response, () => {})
}

/**
 * The file of a request, never outside `base`. A folder gives its index.html, at an address with a final
 * slash.
 */
async function findFile(base, url) {
  const [address] = url.split(/[?#]/)
  let name
  try {
    name = decodeURIComponent(address)
  } catch {
    return {}
  }
  const path = resolve(base, `.${sep}${name}`)
  if (name.includes('\0') || (path !== base && !path.startsWith(base + sep))) return {}
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile()) return { path, size: found.size, mtimeMs: found.mtimeMs }
  if (!found?.isDirectory()) return {}
  if (!name.endsWith('/')) return { redirect: `${address.replace(/^\/+/, '/')}/` }
  const index = join(path, 'index.html')
  const page = await stat(index).catch(() => undefined)
  return page?.isFile() ? { path: index, size: page.size, mtimeMs: page.mtimeMs } : {}
}

/** One byte range, inclusive; undefined for none or several, `'impossible'` if it lies outside the file. */
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const fromEnd = match[1] === ''
  const start = fromEnd ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const last = fromEnd || match[2] === '' ? Infinity : Number(match[2])
  if (last < start) return undefined
  return start < size ? { start, end: Math.min(last, size - 1) } : 'impossible'
}
