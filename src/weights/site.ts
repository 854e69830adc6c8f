// Answers: how are the files below an address read by range? It must not know what is in them, nor whose address it is.
import { HadalError } from '../lib/error.ts'
import { contentLength, contentRange } from './content-range.ts'
import { type Ask, checkStatus, type Exchange, exchange, type Host } from './exchange.ts'
import { type RetryPolicy, TryAgain, withRetries } from './retry.ts'
import { sequentialReader } from './sequential.ts'
import { checkPath, checkRange, type Source, shortFile } from './source.ts'
import { rememberVersions, type Versions } from './versions.ts'

export interface SiteOptions {
  readonly host: Host
  /** Ends with a slash; its query goes with every file. */
  readonly base: URL
  readonly retry: RetryPolicy
  /** Without ranges, one answer stays open between reads for so long. */
  readonly idleMs: number
  /** The length of a file, where it is known beforehand: every answer is held to it. */
  readonly knownBytes?: (path: string) => number | undefined
}

export type SiteSource = Source & Required<Pick<Source, 'facts' | 'readInto'>>

/** What every request shares. */
interface Site extends SiteOptions {
  readonly versions: Versions
}

/** A stretch of a file that is wanted, and where it goes. */
interface Want {
  readonly path: string
  readonly start: number
  readonly into: Uint8Array
  readonly signal: AbortSignal | undefined
  readonly onFilled?: ((bytes: number) => void) | undefined
}

/** A range that broke off after this much is no failure of the host: it is asked for the rest as if anew. */
const progressBytes = 2 ** 20

/** See `openHttp`. */
export function openSite(options: SiteOptions): SiteSource {
  const site: Site = { ...options, versions: rememberVersions(options.knownBytes) }
  const fill = filler(site)
  const facts: SiteSource['facts'] = async (path, signal) => {
    checkRange(path, 0, 0, signal)
    const known = site.versions.facts(path)
    if (known) return known
    const bytes = await withRetries(site.retry, path, signal, () => askSize(site, path, signal))
    return site.versions.facts(path) ?? { bytes }
  }
  return {
    name: site.host.name,
    facts,
    size: async (path, signal) => (await facts(path, signal)).bytes,
    async read(path, start, end, signal) {
      checkRange(path, start, end, signal)
      const into = new Uint8Array(end - start)
      await fill({ path, start, into, signal })
      return into
    },
    async readInto(path, start, into, signal, onFilled) {
      checkRange(path, start, start + into.length, signal)
      await fill({ path, start, into, signal, onFilled })
    },
    async exists(path, signal) {
      try {
        await facts(path, signal)
        return true
      } catch (error) {
        if (error instanceof HadalError && error.code === 'not_found') return false
        throw error
      }
    },
  }
}

/** Fills what is wanted by range, or out of whole-file answers where the host ignores ranges. */
function filler(site: Site): (want: Want) => Promise<void> {
  // Whether a file's host honours ranges. The first read of a file finds out and the others wait for it, so that they
  // keep their order if the answer is no.
  const ranged = new Map<string, Promise<boolean>>()
  const readStream = sequentialReader({
    retry: site.retry,
    idleMs: site.idleMs,
    open: (path, signal) => openWhole(site, path, signal),
  })
  return async (want) => {
    if (want.into.length === 0) return
    const known = ranged.get(want.path)
    if (known === undefined || (await known)) {
      const result = readRange(site, want)
      if (known === undefined) {
        const guess = result.catch(() => true)
        ranged.set(want.path, guess)
      }
      if (await result) return
      ranged.set(want.path, Promise.resolve(false))
    }
    await readStream(want.path, want.start, want.into, want.signal)
  }
}

/** Sends one request for a file, strictly below the base whatever the path holds. */
function send(site: Site, path: string, ask: Ask, signal: AbortSignal | undefined): Promise<Exchange> {
  const url = new URL(checkPath(path).map(encodeURIComponent).join('/'), site.base)
  url.search = site.base.search
  return exchange(site.host, path, url, ask, signal)
}

/** HEAD, and where that is refused or says nothing, one byte by range. A range asks for the bytes as they are stored. */
async function askSize(site: Site, path: string, signal: AbortSignal | undefined): Promise<number> {
  const asks = [
    { method: 'HEAD', range: 'bytes=0-' } as const,
    { method: 'GET', range: 'bytes=0-0' } as const,
  ]
  for (const ask of asks) {
    const { response, cancel } = await send(site, path, ask, signal)
    cancel()
    if (ask.method === 'HEAD' && [400, 403, 405, 416, 501].includes(response.status)) continue
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
  const answer = await send(site, path, { method: 'GET', range: 'bytes=0-' }, signal)
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

/** Fills the wanted bytes, again where a connection broke; false when the host ignores the range. */
async function readRange(site: Site, { path, start, into, signal, onFilled }: Want): Promise<boolean> {
  const end = start + into.length
  let at = start
  return await withRetries(site.retry, path, signal, async () => {
    const from = at
    const range = `bytes=${from}-${end - 1}`
    const answer = await send(site, path, { method: 'GET', range }, signal)
    try {
      if (answer.response.status === 416) throw shortFile(path, end, site.versions.facts(path)?.bytes ?? from)
      checkStatus(site.host, path, answer.response)
      if (answer.response.status === 200) return false
      site.versions.check(path, answer.response, checkPartial(path, answer.response, from, end))
      for (let piece = await answer.next(signal); piece !== undefined; piece = await answer.next(signal)) {
        if (piece.length > end - at) throw wrongRange(path, 'more bytes')
        into.set(piece, at - start)
        at += piece.length
        onFilled?.(at - start)
      }
      if (at < end) throw new TryAgain('the connection ended early')
      return true
    } catch (error) {
      const gotOn = error instanceof TryAgain && at - from >= progressBytes
      throw gotOn ? new TryAgain(error.message, { ...error.details, gotOn }) : error
    } finally {
      answer.cancel()
    }
  })
}

/** Checks that a 206 answer holds the range asked for; returns the file's length if it is told. */
function checkPartial(path: string, response: Response, start: number, end: number): number | undefined {
  if ((response.headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw wrongRange(path, 'a compressed part')
  }
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
