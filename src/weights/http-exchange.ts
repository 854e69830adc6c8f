// Sends one HTTP request with stall detection and decides whether a failure may be retried.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { parseRateLimitMs, parseRetryAfterMs, RetryableError } from './retry.ts'
import { missingFile } from './source.ts'

export interface HttpHost {
  readonly name: string
  readonly fetch: typeof fetch
  /** A connection that sends nothing for this long counts as broken. */
  readonly stallMs: number
  /** Sent with every request. Fetch drops `Authorization` when a redirect leads to another origin. */
  readonly headers?: Readonly<Record<string, string>>
  /** The error for a status other than 200 and 206, where this host has error codes of its own. */
  readonly explainRefusal?:
    | ((response: Response, file: string) => HadalError | RetryableError | undefined)
    | undefined
}

export interface FileRequest {
  /** The file's name in error messages. */
  readonly file: string
  readonly url: URL
  readonly method: 'GET' | 'HEAD'
  /**
   * The value of the Range header: `bytes=first-` or `bytes=first-last`. No other form passes CORS without a
   * preflight.
   */
  readonly range?: string
  readonly signal: AbortSignal | undefined
}

/** One response, whose body is read chunk by chunk. */
export interface HttpExchange {
  readonly response: Response
  /**
   * The next chunk of the body; undefined at its end. Errors: `RetryableError` when the connection breaks or
   * stalls.
   */
  next(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Closes the connection if the body has not ended. */
  cancel(): void
}

const TRANSIENT_STATUSES = [408, 429, 500, 502, 503, 504]

/**
 * Sends one request. Transient statuses throw `RetryableError`; every other response is returned: see
 * `checkStatus`.
 *
 * Ranges are sent without If-Range. That header costs a CORS preflight, which the object stores behind many
 * hosts refuse, and it would only make a host send the whole file once it has changed. Changes are detected
 * by comparing responses instead: see versions.ts.
 *
 * The browser's HTTP cache is bypassed: it serializes requests for one address, and would keep gigabytes that
 * our store keeps better. A service worker may still respond.
 */
export async function sendRequest(host: HttpHost, request: FileRequest): Promise<HttpExchange> {
  const { file, url, method, range, signal } = request
  const controller = new AbortController()
  const init: RequestInit = {
    method,
    headers: { ...host.headers, ...(range !== undefined && { Range: range }) },
    cache: 'no-store',
    signal: controller.signal,
  }
  const response = await withStallGuard(() => host.fetch(url, init), {
    controller,
    host,
    signal,
    part: 'headers',
  })
  if (TRANSIENT_STATUSES.includes(response.status)) {
    controller.abort()
    throw transientError(host, response, file)
  }
  const reader = response.body?.getReader()
  return {
    response,
    async next(readSignal) {
      const guard = { controller, host, signal: readSignal, part: 'body' } as const
      const chunk = await withStallGuard(async () => await reader?.read(), guard)
      return chunk?.value
    },
    cancel: () => controller.abort(),
  }
}

/** The rest of a body, chunk by chunk. The connection is closed when the loop over it ends. */
export async function* readChunks(
  { next, cancel }: HttpExchange,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  try {
    for (let chunk = await next(signal); chunk; chunk = await next(signal)) yield chunk
  } finally {
    cancel()
  }
}

export const joinChunks = async (chunks: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await new Blob(chunks).arrayBuffer())

function transientError({ name }: HttpHost, { status, headers }: Response, file: string): RetryableError {
  const headerMs = parseRetryAfterMs(headers.get('retry-after')) || parseRateLimitMs(headers.get('ratelimit'))
  const tooMany = status === 429
  return new RetryableError(`${name} answered ${status} for ${file}`, {
    askedDelayMs: headerMs || (tooMany ? Infinity : 0), // CORS may hide the headers that say how long to wait
    hint: tooMany
      ? 'The host limits requests. Wait a few minutes, then load again.'
      : 'The host has a problem. Try again later.',
  })
}

interface StallGuard {
  readonly controller: AbortController
  readonly host: HttpHost
  readonly signal: AbortSignal | undefined
  /** What is awaited. */
  readonly part: 'headers' | 'body'
}

async function withStallGuard<T>(work: () => Promise<T>, guard: StallGuard): Promise<T> {
  const { controller, host, signal } = guard
  throwIfAborted(signal)
  let stalled = false
  const stop = () => controller.abort()
  const timer = setTimeout(() => {
    stalled = true
    stop()
  }, host.stallMs)
  signal?.addEventListener('abort', stop)
  try {
    return await work()
  } catch (cause) {
    throwIfAborted(signal)
    const why = stalled
      ? `${host.name} sent nothing for ${host.stallMs / 1000} s`
      : `the connection to ${host.name} broke`
    throw new RetryableError(why, { cause, ...(!stalled && { brokeAt: guard.part }) })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

/**
 * Throws for a response that holds no bytes of the file: `not_found`, `no_access`, or `network` with its
 * status. A 403 counts as missing: object stores send it for absent files, so that nobody can list them by
 * guessing.
 */
export function checkStatus(host: HttpHost, file: string, response: Response): void {
  const { status } = response
  // Servers of single-page apps send their page for any unknown address: that is not the file.
  const isPage = isHtml(response) && !/\.html?$/i.test(file)
  if (!isPage && (status === 200 || status === 206)) return
  const explained = response.ok ? undefined : host.explainRefusal?.(response, file)
  if (explained) throw explained
  if (status === 404 || status === 410 || (isPage && response.ok)) throw missingFile(host.name, file)
  const code = status === 401 ? 'no_access' : status === 403 ? 'not_found' : 'network'
  throw new HadalError(code, `${host.name} answered ${status} for ${file}.`, {
    file,
    hint: /^40[13]$/.test(String(status))
      ? 'The host does not let you read this file. It may be private or missing.'
      : 'Check that the address belongs to a file server.',
  })
}

/** Whether a response is declared to be a web page. */
export function isHtml(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '')
}
