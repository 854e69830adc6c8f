// Reads the files below a base URL by HTTP range requests, with retries and checks.
import { HadalError } from '../lib/error.ts'
import { certainLength, contentRange, isEncoded } from './content-range.ts'
import { checkStatus, joinChunks, readChunks } from './http-exchange.ts'
import { type HttpSite, type HttpSourceOptions, openWholeFile, requestFile } from './http-site.ts'
import { fetchSize, fileExists } from './http-size.ts'
import { RetryableError, withRetries } from './retry.ts'
import { sequentialReader } from './sequential.ts'
import {
  checkFileSize,
  checkRange,
  type FileInfo,
  type ReadIntoOptions,
  type ReadOptions,
  type Source,
  truncatedFile,
} from './source.ts'
import { trackVersions } from './versions.ts'

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
  const site: HttpSite = {
    ...options,
    versions: trackVersions(options.knownBytes),
    rangeSupport: new Map(),
  }
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
    async readFile(path, options) {
      checkRange(path, 0, 0, options.signal)
      return await withRetries(site.retry, path, options.signal, () => readFile(site, fill, path, options))
    },
    async exists(path, signal) {
      checkRange(path, 0, 0, signal)
      if (site.versions.fileInfo(path)) return true
      return await withRetries(site.retry, path, signal, () => fileExists(site, path, signal))
    },
  }
}

/** Reads by range, or out of whole-file responses if the host ignores ranges. */
function createReader(site: HttpSite): (request: ReadRequest) => Promise<void> {
  const { rangeSupport } = site
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

/** Reads a file of any length. What a broken connection leaves is read by range if the length is certain. */
async function readFile(
  site: HttpSite,
  fill: (request: ReadRequest) => Promise<void>,
  path: string,
  { maxBytes, signal }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { exchange } = await openWholeFile(site, path, signal)
  const certainBytes = certainLength(exchange.response)
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  try {
    for await (const chunk of readChunks(exchange, signal)) {
      chunks.push(chunk)
      bytes += chunk.length
      checkFileSize(path, certainBytes ?? bytes, maxBytes)
    }
  } catch (error) {
    if (!(error instanceof RetryableError) || certainBytes === undefined) throw error
    const into = new Uint8Array(certainBytes - bytes)
    await fill({ path, start: bytes, into, signal })
    chunks.push(into)
  }
  return await joinChunks(chunks)
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
      if (exchange.response.status === 200 || isEncoded(exchange.response)) return false
      const bytes = checkPartial(path, exchange.response, from, end)
      site.versions.check(path, exchange.response, { bytes, ranged: true })
      for await (const chunk of readChunks(exchange, signal)) {
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
