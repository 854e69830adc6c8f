// Answers: how are the files below an address read by range from any static host? It must not know what is in them.
import { HadalError } from '../lib/error.ts'
import { contentLength, contentRange } from './content-range.ts'
import { checkStatus, type Exchange, exchange, type Host } from './exchange.ts'
import { patient, type RetryPolicy, TryAgain, withRetries } from './retry.ts'
import { sequentialReader } from './sequential.ts'
import { checkPath, checkRange, type Source, shortFile } from './source.ts'
import { rememberVersions, type Versions } from './versions.ts'

export interface HttpOptions {
  readonly fetch?: typeof fetch
  readonly retry?: RetryPolicy
  /** A connection that is silent for so long is given up and tried again. Default: 30 seconds. */
  readonly stallMs?: number
  /** Without ranges, one answer stays open between reads for so long. Default: 60 seconds. */
  readonly idleMs?: number
}

/** What every request to one folder shares. */
interface Site {
  readonly host: Host
  readonly base: URL
  readonly versions: Versions
  readonly retry: RetryPolicy
}

/** One request for one file. */
interface Ask {
  readonly path: string
  readonly method: 'GET' | 'HEAD'
  readonly range: string
  readonly signal: AbortSignal | undefined
}

/**
 * The folder at `baseUrl` (its query, if any, goes with every file). Bytes are asked for by range, and tried again where
 * they broke off; whole-file answers are read as streams (see sequential.ts). Every answer is checked: status, range,
 * length, and that it still is the same file. Hosts may redirect elsewhere; paths may not lead out of the base.
 * Errors: see `Source`; `network` after the last attempt; `bad_request` for an address that is none.
 */
export function openHttp(baseUrl: string | URL, options: HttpOptions = {}): Source {
  const base = parseBase(baseUrl)
  const site: Site = {
    base,
    host: {
      name: base.href,
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      stallMs: options.stallMs ?? 30_000,
    },
    versions: rememberVersions(),
    retry: options.retry ?? patient,
  }
  // Whether a file's host honours ranges. The first read of a file finds out and the others wait for it, so that they
  // keep their order if the answer is no.
  const ranged = new Map<string, Promise<boolean>>()
  const readStream = sequentialReader({
    retry: site.retry,
    idleMs: options.idleMs ?? 60_000,
    open: (path, signal) => openWhole(site, path, signal),
  })
  const size = async (path: string, signal?: AbortSignal): Promise<number> => {
    checkRange(path, 0, 0, signal)
    return (
      site.versions.bytes(path) ??
      (await withRetries(site.retry, path, signal, () => askSize(site, path, signal)))
    )
  }
  return {
    name: base.href,
    size,
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const bytes = new Uint8Array(end - start)
      if (bytes.length === 0) return bytes
      const known = ranged.get(path)
      if (known === undefined || (await known)) {
        const result = readRange(site, path, start, bytes, signal)
        if (known === undefined)
          ranged.set(
            path,
            result.catch(() => true),
          )
        if (await result) return bytes
        ranged.set(path, Promise.resolve(false))
      }
      await readStream(path, start, bytes, signal)
      return bytes
    },
    async exists(path, signal) {
      try {
        await size(path, signal)
        return true
      } catch (error) {
        if (error instanceof HadalError && error.code === 'not_found') return false
        throw error
      }
    },
  }
}

function parseBase(baseUrl: string | URL): URL {
  let base: URL
  try {
    base = new URL(baseUrl, globalThis.location?.href)
  } catch (cause) {
    throw new HadalError('bad_request', `${JSON.stringify(String(baseUrl))} is not an address.`, {
      hint: 'Give the full address of the model folder, such as https://host/models/name/.',
      cause,
    })
  }
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new HadalError('bad_request', `${base.href} is not an http or https address.`)
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  base.hash = ''
  return base
}

/** Sends one request for a file, strictly below the base whatever the path holds. */
function send(site: Site, ask: Ask): Promise<Exchange> {
  const url = new URL(checkPath(ask.path).map(encodeURIComponent).join('/'), site.base)
  url.search = site.base.search
  return exchange(site.host, ask.path, url, ask, ask.signal)
}

/** HEAD, and where that is refused or says nothing, one byte by range. A range asks for the bytes as they are stored. */
async function askSize(site: Site, path: string, signal: AbortSignal | undefined): Promise<number> {
  for (const [method, asked] of [['HEAD', 'bytes=0-'] as const, ['GET', 'bytes=0-0'] as const]) {
    const { response, cancel } = await send(site, { path, method, range: asked, signal })
    cancel()
    if (method === 'HEAD' && [400, 403, 405, 416, 501].includes(response.status)) continue
    const range = contentRange(response)
    if (response.status === 416 && range?.total === 0) return 0
    checkStatus(site.host, path, response)
    const bytes = response.status === 206 ? range?.total : contentLength(response)
    if (bytes === undefined) continue
    site.versions.check(path, response, bytes)
    return bytes
  }
  throw new HadalError('network', `The host does not say how long ${path} is.`, {
    file: path,
    hint: 'The host must send Content-Length or Content-Range, and expose them to other sites (CORS).',
  })
}

/** Asks for a whole file from a host that is known to ignore ranges. */
async function openWhole(
  site: Site,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ exchange: Exchange; fileBytes: number | undefined }> {
  const answer = await send(site, { path, method: 'GET', range: 'bytes=0-', signal })
  try {
    checkStatus(site.host, path, answer.response)
    const { status } = answer.response
    const fileBytes = status === 206 ? contentRange(answer.response)?.total : contentLength(answer.response)
    site.versions.check(path, answer.response, fileBytes)
    return { exchange: answer, fileBytes }
  } catch (error) {
    answer.cancel()
    throw error
  }
}

/** Fills `bytes` from `start` on, again where a connection broke; false when the host ignores the range. */
async function readRange(
  site: Site,
  path: string,
  start: number,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const end = start + bytes.length
  let at = start
  return await withRetries(site.retry, path, signal, async () => {
    const answer = await send(site, { path, method: 'GET', range: `bytes=${at}-${end - 1}`, signal })
    try {
      if (answer.response.status === 416) throw shortFile(path, end, site.versions.bytes(path) ?? at)
      checkStatus(site.host, path, answer.response)
      if (answer.response.status === 200) return false
      site.versions.check(path, answer.response, checkPartial(path, answer.response, at, end))
      for (let piece = await answer.next(signal); piece !== undefined; piece = await answer.next(signal)) {
        if (piece.length > end - at) throw wrongRange(path, 'more bytes')
        bytes.set(piece, at - start)
        at += piece.length
      }
      if (at < end) throw new TryAgain('the connection ended early')
      return true
    } finally {
      answer.cancel()
    }
  })
}

/** Checks that a 206 answer holds the range asked for; returns the file's length if it is told. */
function checkPartial(path: string, response: Response, start: number, end: number): number | undefined {
  // Another origin may hide the header from a page; the length of the body is checked in any case.
  if (response.type === 'cors' && !response.headers.has('content-range')) return undefined
  const range = contentRange(response)
  if (range?.first === start && range.last === end - 1) return range.total
  const ends = range?.first === start && range.last < end && range.last + 1 === range.total
  throw ends ? shortFile(path, end, range.last + 1) : wrongRange(path, 'another range')
}

function wrongRange(path: string, what: string): HadalError {
  return new HadalError('network', `The host sends ${what} of ${path} than asked for.`, {
    file: path,
    hint: 'The host, or a proxy in between, handles ranges wrongly: use another host.',
  })
}
