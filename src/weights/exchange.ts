// Answers: what came back for one HTTP request, and may it be tried again? It must not know ranges or what is read.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { retryAfterMs, TryAgain } from './retry.ts'
import { missingFile } from './source.ts'

export interface Host {
  readonly name: string
  readonly fetch: typeof fetch
  /** A connection that is silent for so long counts as broken. */
  readonly stallMs: number
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
 * The cache mode is the default one, so that the browser's cache and a service worker may answer; If-Range would turn
 * that off and cost a CORS preflight, so that a file that changes is noticed from the answers instead (see http.ts).
 */
export async function exchange(
  host: Host,
  file: string,
  url: URL,
  init: { readonly method: 'GET' | 'HEAD'; readonly range: string },
  signal: AbortSignal | undefined,
): Promise<Exchange> {
  const controller = new AbortController()
  const guard = <T>(work: () => Promise<T>, by: AbortSignal | undefined): Promise<T> =>
    guarded(controller, host.stallMs, by, work)
  const headers = { Range: init.range }
  const ask = () =>
    host.fetch(url, { method: init.method, headers, cache: 'default', signal: controller.signal })
  const response = await guard(ask, signal)
  if (passing.includes(response.status)) {
    controller.abort()
    const askedMs = retryAfterMs(response.headers.get('retry-after'))
    throw new TryAgain(`the host answers ${response.status} for ${file}`, { askedMs })
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
 * Refuses an answer that holds no bytes of the file: `not_found`, or `network` with its status. A 403 counts as missing:
 * object stores answer so for absent files, lest somebody lists them by guessing.
 */
export function checkStatus(host: Host, file: string, response: Response): void {
  const { status } = response
  // A page server answers any unknown address with its own page: that is not the file.
  const isPage = /^text\/html\b/i.test(response.headers.get('content-type') ?? '') && !/\.html?$/i.test(file)
  if (status === 404 || status === 410 || (isPage && response.ok)) throw missingFile(host.name, file)
  if (status === 200 || status === 206) return
  throw new HadalError(status === 403 ? 'not_found' : 'network', `The host answers ${status} for ${file}.`, {
    file,
    hint: /^40[13]$/.test(String(status))
      ? 'The host does not let you read this file: it may be private, or missing.'
      : 'Check that the address is that of a file server.',
  })
}
