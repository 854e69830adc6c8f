// Reads the files below a base URL by HTTP range requests, with retries and checks.
import { HadalError } from '../lib/error.ts'
import { contentLength, contentRange } from './content-range.ts'
import {
  checkStatus,
  type FileRequest,
  type HttpExchange,
  type HttpHost,
  sendRequest,
} from './http-exchange.ts'
import { RetryableError, type RetryPolicy, withRetries } from './retry.ts'
import { sequentialReader } from './sequential.ts'
import {
  checkPath,
  checkRange,
  type FileInfo,
  type ReadIntoOptions,
  type Source,
  truncatedFile,
} from './source.ts'
import { trackVersions, type VersionTracker } from './versions.ts'

export interface HttpSourceOptions {
  readonly host: HttpHost
  /** Ends with a slash; its query is sent with every file. */
  readonly base: URL
  readonly retry: RetryPolicy
  /** If the host ignores ranges, one response stays open between reads for this long. */
  readonly idleMs: number
  /** The length of a file, if known beforehand: every response is checked against it. */
  readonly knownBytes?: (path: string) => number | undefined
}

/** A source with every optional method. */
export interface HttpSource extends Source {
  fileInfo(path: string, signal?: AbortSignal): Promise<FileInfo>
  readInto(
    path: string,
    start: number,
    into: Uint8Array<ArrayBuffer>,
    options?: ReadIntoOptions,
  ): Promise<void>
}

/** What all requests share. */
interface HttpSite extends HttpSourceOptions {
  readonly versions: VersionTracker
}

/** A byte range to read, and the memory it goes into. */
interface ReadRequest {
  readonly path: string
  readonly start: number
  readonly into: Uint8Array
  readonly signal: AbortSignal | undefined
  readonly onFilled?: ((bytes: number) => void) | undefined
}

/**
 * A range that broke off after this many bytes made progress: requesting the rest counts as a first attempt.
 */
const MIN_PROGRESS_BYTES = 2 ** 20

/** See `openHttp`. */
export function openHttpSource(options: HttpSourceOptions): HttpSource {
  const site: HttpSite = { ...options, versions: trackVersions(options.knownBytes) }
  const fill = createReader(site)
  const fileInfo: HttpSource['fileInfo'] = async (path, signal) => {
    checkRange(path, 0, 0, signal)
    const known = site.versions.fileInfo(path)
    if (known) return known
    const bytes = await withRetries(site.retry, path, signal, () => fetchSize(site, path, signal))
    return site.versions.fileInfo(path) ?? { bytes }
  }
  return {
    name: site.host.name,
    fileInfo,
    size: async (path, signal) => (await fileInfo(path, signal)).bytes,
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const into = new Uint8Array(end - start)
      await fill({ path, start, into, signal })
      return into
    },
    async readInto(path, start, into, { signal, onFilled } = {}) {
      checkRange(path, start, start + into.length, signal)
      await fill({ path, start, into, signal, onFilled })
    },
    async exists(path, signal) {
      try {
        await fileInfo(path, signal)
        return true
      } catch (error) {
        if (error instanceof HadalError && error.code === 'not_found') return false
        throw error
      }
    },
  }
}

/** Reads by range, or out of whole-file responses if the host ignores ranges. */
function createReader(site: HttpSite): (request: ReadRequest) => Promise<void> {
  // Whether ranges work for a file. The first read of a file finds out and the others wait for it, so that
  // they keep their order if ranges do not work.
  const rangeSupport = new Map<string, Promise<boolean>>()
  const readStream = sequentialReader({
    retry: site.retry,
    idleMs: site.idleMs,
    open: (path, signal) => openWholeFile(site, path, signal),
  })
  return async (request) => {
    if (request.into.length === 0) return
    const known = rangeSupport.get(request.path)
    if (known === undefined || (await known)) {
      const result = readRange(site, request)
      if (known === undefined) {
        const supported = result.catch(() => true)
        rangeSupport.set(request.path, supported)
      }
      if (await result) return
      rangeSupport.set(request.path, Promise.resolve(false))
    }
    await readStream(request.path, request.start, request.into, request.signal)
  }
}

/** Sends one request for a file. The URL stays below the base whatever the path contains. */
function requestFile(
  site: HttpSite,
  path: string,
  attempt: Pick<FileRequest, 'method' | 'range'>,
  signal: AbortSignal | undefined,
): Promise<HttpExchange> {
  const url = new URL(checkPath(path).map(encodeURIComponent).join('/'), site.base)
  url.search = site.base.search
  return sendRequest(site.host, { file: path, url, ...attempt, signal })
}

/** Sends HEAD and, if that is refused or states no length, requests one byte. A range avoids compression. */
async function fetchSize(site: HttpSite, path: string, signal: AbortSignal | undefined): Promise<number> {
  const attempts = [
    { method: 'HEAD', range: 'bytes=0-' } as const,
    { method: 'GET', range: 'bytes=0-0' } as const,
  ]
  for (const attempt of attempts) {
    const { response, cancel } = await requestFile(site, path, attempt, signal)
    cancel()
    if (attempt.method === 'HEAD' && [400, 403, 405, 416, 501].includes(response.status)) continue
    const range = contentRange(response)
    if (response.status === 416 && range?.total === 0) return 0
    checkStatus(site.host, path, response)
    const bytes = response.status === 206 ? range?.total : contentLength(response)
    if (bytes === undefined) continue
    site.versions.check(path, response, bytes)
    return bytes
  }
  throw new HadalError('network', `The host does not report the size of ${path}.`, {
    file: path,
    hint: 'The host must send Content-Length or Content-Range and expose them to other sites (CORS).',
  })
}

/** Requests a whole file from a host that ignores ranges. */
async function openWholeFile(
  site: HttpSite,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ exchange: HttpExchange; fileBytes: number | undefined }> {
  const exchange = await requestFile(site, path, { method: 'GET', range: 'bytes=0-' }, signal)
  try {
    checkStatus(site.host, path, exchange.response)
    const { status } = exchange.response
    const fileBytes =
      status === 206 ? contentRange(exchange.response)?.total : contentLength(exchange.response)
    site.versions.check(path, exchange.response, fileBytes)
    return { exchange, fileBytes }
  } catch (error) {
    exchange.cancel()
    throw error
  }
}

/** Fills the requested bytes, resuming broken connections; false when the host ignores the range. */
async function readRange(
  site: HttpSite,
  { path, start, into, signal, onFilled }: ReadRequest,
): Promise<boolean> {
  const end = start + into.length
  let at = start
  return await withRetries(site.retry, path, signal, async () => {
    const from = at
    const range = `bytes=${from}-${end - 1}`
    const exchange = await requestFile(site, path, { method: 'GET', range }, signal)
    try {
      if (exchange.response.status === 416)
        throw truncatedFile(path, end, site.versions.fileInfo(path)?.bytes ?? from)
      checkStatus(site.host, path, exchange.response)
      if (exchange.response.status === 200) return false
      site.versions.check(path, exchange.response, checkPartial(path, exchange.response, from, end))
      for (
        let chunk = await exchange.next(signal);
        chunk !== undefined;
        chunk = await exchange.next(signal)
      ) {
        if (chunk.length > end - at) throw wrongRange(path, 'more bytes')
        into.set(chunk, at - start)
        at += chunk.length
        onFilled?.(at - start)
      }
      if (at < end) throw new RetryableError('the connection ended early')
      return true
    } catch (error) {
      const madeProgress = error instanceof RetryableError && at - from >= MIN_PROGRESS_BYTES
      throw madeProgress ? new RetryableError(error.message, { ...error.details, madeProgress }) : error
    } finally {
      exchange.cancel()
    }
  })
}

/** Checks that a 206 response holds the requested range; returns the file's length if it is reported. */
function checkPartial(path: string, response: Response, start: number, end: number): number | undefined {
  if ((response.headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw wrongRange(path, 'a compressed part')
  }
  // CORS may hide the header from a page. The length of the body is checked in any case.
  if (response.type === 'cors' && !response.headers.has('content-range')) return undefined
  const range = contentRange(response)
  if (range?.first === start && range.last === end - 1) return range.total
  const fileEnds = range?.first === start && range.last < end && range.last + 1 === range.total
  throw fileEnds ? truncatedFile(path, end, range.last + 1) : wrongRange(path, 'another range')
}

function wrongRange(path: string, what: string): HadalError {
  return new HadalError('network', `Asked for a range of ${path}, the host sent ${what}.`, {
    file: path,
    hint: 'The host or a proxy in between handles ranges wrongly. Use another host.',
  })
}
