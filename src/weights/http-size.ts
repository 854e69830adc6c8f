// Finds out whether a file exists on an HTTP host and how long it is, although CORS hides most headers.
import { HadalError } from '../lib/error.ts'
import { contentLength, contentRange, isEncoded } from './content-range.ts'
import { checkStatus, joinChunks, readChunks } from './http-exchange.ts'
import { type Attempt, type HttpSite, openWholeFile, requestFile } from './http-site.ts'
import { RetryableError } from './retry.ts'
import { checkFileSize, missingFile } from './source.ts'

/**
 * Requests that may tell the length, the cheapest first. Those with a range ask for uncompressed bytes. Hosts
 * may refuse HEAD, as signed links do, or state no length for it.
 */
const ATTEMPTS: readonly Attempt[] = [
  { method: 'HEAD', range: 'bytes=0-' },
  { method: 'HEAD' },
  { method: 'GET', range: 'bytes=0-0' },
  { method: 'GET', range: 'bytes=0-' },
  { method: 'GET' },
]
const EXISTENCE_ATTEMPTS = ATTEMPTS.filter(({ method, range }) => (method === 'HEAD' ? range : !range))

/** Files without a known length are counted up to this: no text file of a model is longer. */
const MAX_COUNTED_BYTES = 2 ** 28
/** A safetensors file begins with the length of its header, which the format limits. */
const PREFIX_BYTES = 8
const MAX_HEADER_BYTES = 100_000_000

/** Whether the host has the file. Errors: as for `Source`; `RetryableError`. */
export async function fileExists(site: HttpSite, path: string, signal?: AbortSignal): Promise<boolean> {
  try {
    for await (const { response, range } of responses(site, path, EXISTENCE_ATTEMPTS, signal)) {
      const bytes = isCertain(response) ? claimedLength(response, range) : undefined
      // Some hosts answer HEAD with Content-Length: 0 whatever the file.
      site.versions.check(path, response, { bytes: bytes || undefined, ranged: range !== undefined })
      return true
    }
    return false
  } catch (error) {
    if (error instanceof HadalError && error.code === 'not_found') return false
    throw error
  }
}

/**
 * The file's length in bytes. A page of another origin sees Content-Length, but neither Content-Range nor
 * Content-Encoding: a length is then believed only if a range at the end of the file confirms it. Otherwise
 * the length comes from the content; ranges are used for the file only if they fit that.
 * Errors: as for `Source`; `RetryableError`.
 */
export async function fetchSize(site: HttpSite, path: string, signal?: AbortSignal): Promise<number> {
  const rejected = new Set<number>()
  let ignoresRanges = false
  for await (const { response, method, range } of responses(site, path, ATTEMPTS, signal)) {
    const claim = claimedLength(response, range)
    if (claim === undefined || rejected.has(claim) || (claim === 0 && method === 'HEAD')) continue
    const confirmed = isCertain(response) || claim === 0 || (await endsAt(site, path, claim, signal))
    if (confirmed) {
      site.versions.check(path, response, { bytes: claim, ranged: range !== undefined })
      return claim
    }
    ignoresRanges = confirmed === undefined
    if (ignoresRanges) break
    rejected.add(claim)
  }
  const { bytes, response } = await lengthFromContent(site, path, signal)
  const untried = !ignoresRanges && !rejected.has(bytes) && bytes > 0
  const confirmed = untried && (await endsAt(site, path, bytes, signal))
  site.rangeSupport.set(path, Promise.resolve(confirmed === true))
  site.versions.check(path, response, { bytes, ranged: false })
  return bytes
}

interface Answer extends Attempt {
  readonly response: Response
}

/** The responses that say something about the file. Throws if there is no such file. */
async function* responses(
  site: HttpSite,
  path: string,
  attempts: readonly Attempt[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Answer> {
  let unreadable: RetryableError | undefined
  let answered = false
  let refusesHead = false
  let refusesRanges = false
  for (const attempt of attempts) {
    const isHead = attempt.method === 'HEAD'
    if ((isHead && refusesHead) || (attempt.range && refusesRanges)) continue
    const response = await requestHeaders(site, path, attempt, signal)
    if (response instanceof RetryableError) {
      unreadable = response
      continue
    }
    answered = true
    refusesRanges = !attempt.range && unreadable !== undefined
    refusesHead = isHead && [403, 405, 501].includes(response.status)
    const saysNothing = response.status === 416 && contentRange(response)?.total !== 0
    if (saysNothing || refusesHead || (isHead && response.status === 400)) continue
    if (response.status !== 416) checkStatus(site.host, path, response)
    yield { ...attempt, response }
  }
  if (answered || !unreadable) return
  if (await isWithheld(site, path, signal)) throw missingFile(site.host.name, path)
  throw unreadable
}

/** Sends a request and closes the connection after the headers. Returns the error if none arrive. */
async function requestHeaders(
  site: HttpSite,
  path: string,
  attempt: Attempt,
  signal: AbortSignal | undefined,
): Promise<Response | RetryableError> {
  try {
    const { response, cancel } = await requestFile(site, path, attempt, signal)
    cancel()
    return response
  } catch (error) {
    if (error instanceof RetryableError && error.details.brokeAt === 'headers') return error
    throw error
  }
}

/**
 * Whether a page can read another file of the host, but not even a refusal for this one. Usual configurations
 * send Access-Control-Allow-Origin with files and not with "404 Not Found".
 */
async function isWithheld(site: HttpSite, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  const other = site.readableFile
  const pageOrigin = globalThis.location?.origin
  if (!other || other === path || !pageOrigin || pageOrigin === site.base.origin) return false
  const isReadable = async (file: string) =>
    (await requestHeaders(site, file, { method: 'GET' }, signal)) instanceof Response
  return (await isReadable(other)) && !(await isReadable(path))
}

/** CORS hides Content-Range and Content-Encoding. */
const isCertain = ({ type }: Response): boolean => type !== 'cors'

/** The file's length according to a response; undefined if it does not state it. */
function claimedLength(response: Response, range: string | undefined): number | undefined {
  if (isEncoded(response)) return undefined
  if (response.status === 200) return contentLength(response)
  const isWhole = range === 'bytes=0-' && !isCertain(response)
  return contentRange(response)?.total ?? (isWhole ? contentLength(response) : undefined)
}

/**
 * Whether the host sends exactly one byte for a range from the last byte of the file to the one after it: not
 * if the length is another one, and not if ranges are those of a compressed form; undefined if it ignores
 * ranges. Tried twice, as connections break.
 */
async function endsAt(
  site: HttpSite,
  path: string,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  const range = `bytes=${bytes - 1}-${bytes}`
  for (let tries = 0; tries < 2; tries++) {
    try {
      const exchange = await requestFile(site, path, { method: 'GET', range }, signal)
      const { status } = exchange.response
      if (status !== 206 || isEncoded(exchange.response)) {
        exchange.cancel()
        return status === 200 ? undefined : false
      }
      let received = 0
      for await (const chunk of readChunks(exchange, signal)) {
        received += chunk.length
        if (received > 1) break
      }
      return received === 1
    } catch (error) {
      if (!(error instanceof RetryableError && error.details.brokeAt)) throw error
    }
  }
  return false
}

/** The length that a safetensors header implies; other files are read to their end. */
async function lengthFromContent(
  site: HttpSite,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: number; readonly response: Response }> {
  const { exchange } = await openWholeFile(site, path, signal)
  const { response } = exchange
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let headerEnd = path.endsWith('.safetensors') ? PREFIX_BYTES : Number.POSITIVE_INFINITY
  let bytes = 0
  for await (const chunk of readChunks(exchange, signal)) {
    bytes += chunk.length
    if (headerEnd <= MAX_HEADER_BYTES) {
      chunks.push(chunk)
      if (bytes < headerEnd) continue
      const start = await joinChunks(chunks)
      headerEnd = PREFIX_BYTES + Number(new DataView(start.buffer).getBigUint64(0, true))
      if (bytes >= headerEnd) return { bytes: dataEnd(start, headerEnd), response }
    }
    checkFileSize(path, bytes, MAX_COUNTED_BYTES)
  }
  return { bytes, response }
}

/** Where the last tensor ends that a safetensors header lists. */
function dataEnd(file: Uint8Array, headerEnd: number): number {
  const json = new TextDecoder().decode(file.subarray(PREFIX_BYTES, headerEnd))
  const ends = json.matchAll(/"data_offsets"\s*:\s*\[\s*\d+\s*,\s*(\d+)/g)
  return headerEnd + [...ends].reduce((last, [, end]) => Math.max(last, Number(end)), 0)
}
