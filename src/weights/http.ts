// Answers: how is a folder on any static host opened? It must not know how its files are read.
import { quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { patient, type RetryPolicy } from './retry.ts'
import { openSite, type SiteSource } from './site.ts'

export interface HttpOptions {
  readonly fetch?: typeof fetch
  readonly retry?: RetryPolicy
  /** A connection that is silent for so long is given up and tried again. Default: 30 seconds. */
  readonly stallMs?: number
  /** Without ranges, one answer stays open between reads for so long. Default: 60 seconds. */
  readonly idleMs?: number
}

/**
 * The folder at `baseUrl` (its query, if any, goes with every file, and into no message). Bytes are asked for by range,
 * and tried again where they broke off; whole-file answers are read as streams (see sequential.ts). Every answer is
 * checked: status, range, length, and that it still is the same file. Hosts may redirect elsewhere; paths may not lead
 * out of the base.
 * Errors: see `Source`; `network` after the last attempt; `no_access` where the host wants to know who asks;
 * `bad_request` for an address that is none.
 */
export function openHttp(baseUrl: string | URL, options: HttpOptions = {}): SiteSource {
  const base = parseBase(baseUrl)
  const { retry, idleMs, fetch, stallMs } = withDefaults(options)
  return openSite({ base, host: { name: base.origin + base.pathname, fetch, stallMs }, retry, idleMs })
}

export function withDefaults(options: HttpOptions): Required<HttpOptions> {
  return {
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    retry: options.retry ?? patient,
    stallMs: options.stallMs ?? 30_000,
    idleMs: options.idleMs ?? 60_000,
  }
}

/** The address of a folder: http or https, ending with a slash, without user, password and fragment. */
export function parseBase(baseUrl: string | URL): URL {
  let base: URL
  try {
    base = new URL(baseUrl, globalThis.location?.href)
  } catch (cause) {
    throw new HadalError('bad_request', `${quote(String(baseUrl))} is not an address.`, {
      hint: 'Give the full address of the model folder, such as https://host/models/name/.',
      cause,
    })
  }
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new HadalError('bad_request', `${quote(base.href)} is not an http or https address.`)
  }
  if (base.username || base.password) {
    throw new HadalError('bad_request', `The address of ${base.host} holds a user name or a password.`, {
      hint: 'Browsers refuse such addresses: leave out what is before the @.',
    })
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  base.hash = ''
  return base
}
