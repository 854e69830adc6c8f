// Answers: what came back for one HTTP request, and may it be tried again? It must not know ranges or what is read.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { rateLimitMs, retryAfterMs, TryAgain } from './retry.ts'
import { missingFile } from './source.ts'

export interface Host {
  readonly name: string
  readonly fetch: typeof fetch
  /** A connection that is silent for so long counts as broken. */
  readonly stallMs: number
  /** Sent with every request. A redirect to another origin loses `Authorization`: fetch sees to that. */
  readonly headers?: Readonly<Record<string, string>>
  /** The error for a status other than 200 and 206, where this host has its own way to say no. */
  readonly refusal?: ((response: Response, file: string) => HadalError | TryAgain | undefined) | undefined
}

export interface Ask {
  readonly method: 'GET' | 'HEAD'
  /** The value of the Range header, `bytes=first-` or `bytes=first-last`: no other form passes CORS without a preflight. */
  readonly range?: string
}

/** One answer, whose body is read piece by piece. */
export interface Exchange {
  readonly response: Response
  /** The next piece of the body, or nothing at its end. Errors: `TryAgain` when the connection breaks or is silent. */
  next(signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** Closes the connection if the body is not at its end. */
  cancel(): void
}

const passing = [408, 429, 500, 502, 503, 504]

/**
 * Sends one request. Statuses that pass are `TryAgain`, every other answer is returned: see `checkStatus`.
 *
 * Ranges go without If-Range. Hosts that support it lose nothing, for it only asks to be sent the whole file instead of a
 * range of another version; but it costs a CORS preflight, which the stores behind many hosts refuse. A file that changes
 * is noticed from the answers instead: see versions.ts.
 *
 * The browser's own cache is left out: it lets only one request for an address run at a time, and would keep gigabytes
 * that the store keeps better. A service worker may still answer.
 */
export async function exchange(
  host: Host,
  file: string,
  url: URL,
  ask: Ask,
  signal: AbortSignal | undefined,
): Promise<Exchange> {
  const controller = new AbortController()
  const guard = <T>(work: () => Promise<T>, by: AbortSignal | undefined): Promise<T> =>
    guarded(controller, host.stallMs, by, work)
  const init: RequestInit = {
    method: ask.method,
    headers: { ...host.headers, ...(ask.range !== undefined && { Range: ask.range }) },
    cache: 'no-store',
    signal: controller.signal,
  }
  const response = await guard(() => host.fetch(url, init), signal)
  if (passing.includes(response.status)) {
    controller.abort()
    throw notNow(response, file)
  }
  const reader = response.body?.getReader()
  return {
    response,
    async next(by) {
      const piece = await guard(async () => await reader?.read(), by)
      return piece?.value
    },
    cancel: () => controller.abort(),
  }
}

function notNow({ status, headers }: Response, file: string): TryAgain {
  const askedMs = retryAfterMs(headers.get('retry-after')) || rateLimitMs(headers.get('ratelimit'))
  const tooMany = status === 429
  return new TryAgain(`the host answers ${status} for ${file}`, {
    askedMs: askedMs || (tooMany ? Infinity : 0), // another origin hides from a page how long to wait
    hint: tooMany
      ? 'The host limits how often it may be asked: wait some minutes and load again.'
      : 'The host is in trouble: try again later.',
  })
}

async function guarded<T>(
  controller: AbortController,
  stallMs: number,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(signal)
  let stalled = false
  const stop = () => controller.abort()
  const timer = setTimeout(() => {
    stalled = true
    stop()
  }, stallMs)
  signal?.addEventListener('abort', stop)
  try {
    return await work()
  } catch (cause) {
    throwIfAborted(signal)
    const why = stalled ? `the host is silent for ${stallMs / 1000} s` : 'the connection broke'
    throw new TryAgain(why, { cause })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

/**
 * Refuses an answer that holds no bytes of the file: `not_found`, `no_access`, or `network` with its status. A 403 counts
 * as missing: object stores answer so for absent files, lest somebody lists them by guessing.
 */
export function checkStatus(host: Host, file: string, response: Response): void {
  const { status } = response
  // A page server answers any unknown address with its own page: that is not the file.
  const isPage = isHtml(response) && !/\.html?$/i.test(file)
  if (!isPage && (status === 200 || status === 206)) return
  const refusal = response.ok ? undefined : host.refusal?.(response, file)
  if (refusal) throw refusal
  if (status === 404 || status === 410 || (isPage && response.ok)) throw missingFile(host.name, file)
  const code = status === 401 ? 'no_access' : status === 403 ? 'not_found' : 'network'
  throw new HadalError(code, `The host answers ${status} for ${file}.`, {
    file,
    hint: /^40[13]$/.test(String(status))
      ? 'The host does not let you read this file: it may be private, or missing.'
      : 'Check that the address is that of a file server.',
  })
}

/** Whether an answer says that it is a web page. */
export function isHtml(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '')
}
