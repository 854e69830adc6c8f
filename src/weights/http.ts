// Opens a model folder on any static HTTP host.

import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { type HttpSource, openHttpSource } from './http-source.ts'
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts'

export interface HttpOptions {
  readonly fetch?: typeof fetch
  readonly retry?: RetryPolicy
  /** A connection that sends nothing for this long is closed and tried again. Default: 30 seconds. */
  readonly stallMs?: number
  /** If the host ignores ranges, one response stays open between reads for this long. Default: 60 seconds. */
  readonly idleMs?: number
}

/**
 * The folder at `baseUrl`. Its query, if any, is sent with every file and appears in no message. Bytes are
 * requested by range and resumed where they broke off; whole-file responses are read as streams (see
 * sequential.ts). Every response is checked: status, range, length, and that the file is still the same.
 * Hosts may redirect elsewhere; paths may not lead out of the base.
 * Errors: see `Source`; `network` after the last attempt; `no_access` if the host requires authorization;
 * `bad_request` for an invalid address.
 */
export function openHttp(baseUrl: string | URL, options: HttpOptions = {}): HttpSource {
  const base = parseBaseUrl(baseUrl)
  const { retry, idleMs, fetch, stallMs } = withHttpDefaults(options)
  return openHttpSource({ base, host: { name: base.origin + base.pathname, fetch, stallMs }, retry, idleMs })
}

export function withHttpDefaults(options: HttpOptions): Required<HttpOptions> {
  return {
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    retry: options.retry ?? DEFAULT_RETRY,
    stallMs: options.stallMs ?? 30_000,
    idleMs: options.idleMs ?? 60_000,
  }
}

/** The URL of a folder: http or https, ending with a slash, without user, password and fragment. */
export function parseBaseUrl(baseUrl: string | URL): URL {
  let base: URL
  try {
    base = new URL(baseUrl, globalThis.location?.href)
  } catch (cause) {
    throw new HadalError('bad_request', `${quoteName(String(baseUrl))} is not an address.`, {
      hint: 'Give the full address of the model folder, such as https://host/models/name/.',
      cause,
    })
  }
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new HadalError('bad_request', `${quoteName(base.href)} is not an http or https address.`)
  }
  if (base.username || base.password) {
    throw new HadalError('bad_request', `The address of ${base.host} holds a user name or a password.`, {
      hint: 'Browsers refuse such addresses. Leave out the part before the @.',
    })
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  base.hash = ''
  return base
}
