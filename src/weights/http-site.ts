// What all requests to one HTTP host share, and how they are formed.
import { certainLength, contentLength } from './content-range.ts'
import {
  checkStatus,
  type FileRequest,
  type HttpExchange,
  type HttpHost,
  sendRequest,
} from './http-exchange.ts'
import type { RetryPolicy } from './retry.ts'
import type { WholeFileResponse } from './sequential.ts'
import { checkPath } from './source.ts'
import type { VersionTracker } from './versions.ts'

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

export interface HttpSite extends HttpSourceOptions {
  readonly versions: VersionTracker
  /**
   * Whether ranges work for a file. The first read of a file finds out and the others wait for it, so that
   * they keep their order if ranges do not work.
   */
  readonly rangeSupport: Map<string, Promise<boolean>>
  /** The first file that the host sent. */
  readableFile?: string
}

export type Attempt = Pick<FileRequest, 'method' | 'range'>

/** Sends one request for a file. The URL stays below the base whatever the path contains. */
export async function requestFile(
  site: HttpSite,
  path: string,
  attempt: Attempt,
  signal: AbortSignal | undefined,
): Promise<HttpExchange> {
  const url = new URL(checkPath(path).map(encodeURIComponent).join('/'), site.base)
  url.search = site.base.search
  const exchange = await sendRequest(site.host, { file: path, url, ...attempt, signal })
  if (exchange.response.ok) site.readableFile ??= path
  return exchange
}

/**
 * Requests a whole file. Without a range: that would ask for uncompressed bytes, and Chromium rejects the
 * responses of hosts that compress even so.
 */
export async function openWholeFile(
  site: HttpSite,
  path: string,
  signal: AbortSignal | undefined,
): Promise<WholeFileResponse> {
  const exchange = await requestFile(site, path, { method: 'GET' }, signal)
  const { response } = exchange
  try {
    checkStatus(site.host, path, response)
    site.versions.check(path, response, { bytes: certainLength(response), ranged: false })
    return { exchange, statedBytes: contentLength(response) }
  } catch (error) {
    exchange.cancel()
    throw error
  }
}
