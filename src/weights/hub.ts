// Opens a model of the Hugging Face Hub by its short name.
import { HadalError } from '../lib/error.ts'
import { type HttpOptions, parseBaseUrl, withHttpDefaults } from './http.ts'
import type { HttpHost } from './http-exchange.ts'
import { type HttpSource, openHttpSource } from './http-source.ts'
import { fetchListing } from './hub-listing.ts'
import { formatHubName, parseHubName } from './hub-name.ts'
import { RetryableError } from './retry.ts'
import { checkRange, type FileInfo, missingFile, truncatedFile } from './source.ts'

export interface HubOptions extends HttpOptions {
  /** The Hub, or a mirror of it. Default: https://huggingface.co */
  readonly endpoint?: string | URL
  /** Sent only to the endpoint, and kept only in memory. */
  readonly token?: string
  /** Cancels the request for the listing. */
  readonly signal?: AbortSignal
}

/** A model folder on the Hub at one commit. */
export interface HubSource extends HttpSource {
  readonly commit: string
  readonly files: ReadonlyMap<string, FileInfo>
}

const DEFAULT_ENDPOINT = 'https://huggingface.co'

/**
 * Opens `hf:org/name[@revision]`. The Hub's listing is fetched once, for lengths and hashes: a page cannot
 * see those of a redirected response. `size`, `exists` and `fileInfo` read from it. Bytes are read by range
 * at the resolved commit, so that an update in the meantime changes nothing.
 * Errors: `bad_request` for a wrong name, endpoint or token; `not_found`; `no_access` for a private or gated
 * model; `network`.
 */
export async function openHub(name: string, options: HubOptions = {}): Promise<HubSource> {
  const model = parseHubName(name)
  const endpoint = parseBaseUrl(options.endpoint ?? DEFAULT_ENDPOINT)
  endpoint.search = ''
  const { retry, idleMs, fetch, stallMs } = withHttpDefaults(options)
  const displayName = formatHubName(model)
  const headers = authorization(options.token)
  const explainRefusal = refusalExplainer(displayName, endpoint.origin, options.token !== undefined)
  const host: HttpHost = { name: displayName, fetch, stallMs, headers, explainRefusal }
  const { commit, files } = await fetchListing({ host, endpoint, name: model, retry, signal: options.signal })

  const base = new URL(`${model.org}/${model.name}/resolve/${commit}/`, endpoint)
  const source = openHttpSource({ host, base, retry, idleMs, knownBytes: (path) => files.get(path)?.bytes })
  const findFile = (path: string, start: number, end: number, signal?: AbortSignal): FileInfo => {
    checkRange(path, start, end, signal)
    const file = files.get(path)
    if (file === undefined) throw missingFile(displayName, path)
    if (end > file.bytes) throw truncatedFile(path, end, file.bytes)
    return file
  }
  return {
    name: displayName,
    commit,
    files,
    fileInfo: async (path, signal) => findFile(path, 0, 0, signal),
    size: async (path, signal) => findFile(path, 0, 0, signal).bytes,
    async read(path, start, end, signal) {
      findFile(path, start, end, signal)
      return await source.read(path, start, end, signal)
    },
    async readInto(path, start, into, options) {
      findFile(path, start, start + into.length, options?.signal)
      await source.readInto(path, start, into, options)
    },
    async exists(path, signal) {
      checkRange(path, 0, 0, signal)
      return files.has(path)
    },
  }
}

function authorization(token: string | undefined): Readonly<Record<string, string>> {
  if (token === undefined) return {}
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return { Authorization: `Bearer ${token}` }
  // The message must not contain the token, because messages are displayed.
  throw new HadalError('bad_request', 'The token contains characters that no token has.', {
    hint: 'Copy it again from your account settings, without spaces around it.',
  })
}

/**
 * Explains a 401 or 403: the Hub sends 401 even for a model that does not exist, to hide which private ones
 * do.
 */
function refusalExplainer(model: string, ownOrigin: string, hasToken: boolean): HttpHost['explainRefusal'] {
  return (response, file) => {
    const { status, headers, redirected, url } = response
    if (status !== 401 && status !== 403) return undefined
    // The Hub redirects large files to an object store, with links that expire.
    if (redirected && new URL(url).origin !== ownOrigin) {
      return new RetryableError(`the store behind the Hub answered ${status} for ${file}`)
    }
    const [message, hint] =
      headers.get('x-error-code') === 'GatedRepo'
        ? ([
            `${model} is gated: its authors decide who may read it.`,
            "Accept the conditions on the model's page, then load it with a token of that account.",
          ] as const)
        : hasToken
          ? ([
              `The token gives no access to ${model}.`,
              'Check that the token is valid and that its account may read this model.',
            ] as const)
          : ([
              `${model} does not exist, or it is private or gated.`,
              'Check the name. A private or gated model needs a token.',
            ] as const)
    return new HadalError('no_access', message, { file, hint })
  }
}
