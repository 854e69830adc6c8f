// Answers: how is a model of the Hugging Face Hub opened by its short name? It must not know what its files mean.
import { HadalError } from '../lib/error.ts'
import type { Host } from './exchange.ts'
import { type HttpOptions, parseBase, withDefaults } from './http.ts'
import { askListing } from './hub-listing.ts'
import { formatHubName, parseHubName } from './hub-name.ts'
import { TryAgain } from './retry.ts'
import { openSite, type SiteSource } from './site.ts'
import { checkRange, type FileFacts, missingFile, shortFile } from './source.ts'

export interface HubOptions extends HttpOptions {
  /** The Hub, or a mirror of it. Default: https://huggingface.co */
  readonly endpoint?: string | URL
  /** Sent to the endpoint alone, and kept nowhere but in memory. */
  readonly token?: string
  /** Cancels the asking for the listing. */
  readonly signal?: AbortSignal
}

/** A model folder on the Hub, as it was at one commit. */
export interface HubSource extends SiteSource {
  readonly commit: string
  readonly files: ReadonlyMap<string, FileFacts>
}

const defaultEndpoint = 'https://huggingface.co'

/**
 * Opens `hf:org/name[@revision]`. The Hub's listing is asked once, for lengths and hashes (a page cannot see those of a
 * redirected answer); what it says answers `size`, `exists` and `facts`. Bytes are read by range at the commit found
 * then, so that an update meanwhile changes nothing.
 * Errors: `bad_request` for a wrong name, endpoint or token; `not_found`; `no_access` for what is private or gated;
 * `network`.
 */
export async function openHub(name: string, options: HubOptions = {}): Promise<HubSource> {
  const model = parseHubName(name)
  const endpoint = parseBase(options.endpoint ?? defaultEndpoint)
  endpoint.search = ''
  const { retry, idleMs, fetch, stallMs } = withDefaults(options)
  const shownName = formatHubName(model)
  const headers = authorization(options.token)
  const refusal = refuseFor(shownName, endpoint.origin, options.token !== undefined)
  const host: Host = { name: shownName, fetch, stallMs, headers, refusal }
  const { commit, files } = await askListing({ host, endpoint, name: model, retry, signal: options.signal })

  const base = new URL(`${model.org}/${model.name}/resolve/${commit}/`, endpoint)
  const site = openSite({ host, base, retry, idleMs, knownBytes: (path) => files.get(path)?.bytes })
  const find = (path: string, start: number, end: number, signal?: AbortSignal): FileFacts => {
    checkRange(path, start, end, signal)
    const file = files.get(path)
    if (file === undefined) throw missingFile(shownName, path)
    if (end > file.bytes) throw shortFile(path, end, file.bytes)
    return file
  }
  return {
    name: shownName,
    commit,
    files,
    facts: async (path, signal) => find(path, 0, 0, signal),
    size: async (path, signal) => find(path, 0, 0, signal).bytes,
    async read(path, start, end, signal) {
      find(path, start, end, signal)
      return await site.read(path, start, end, signal)
    },
    async readInto(path, start, into, signal, onFilled) {
      find(path, start, start + into.length, signal)
      await site.readInto(path, start, into, signal, onFilled)
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
  // The token itself stays out of the message, wherever that is shown.
  throw new HadalError('bad_request', 'The token holds characters that no token has.', {
    hint: 'Copy it again from the settings of your account, without spaces around it.',
  })
}

/** What the Hub means by a refusal: it says 401 even for what does not exist, lest strangers learn what does. */
function refuseFor(model: string, ownOrigin: string, hasToken: boolean): Host['refusal'] {
  return (response, file) => {
    const { status, headers, redirected, url } = response
    if (status !== 401 && status !== 403) return undefined
    // The Hub sends readers of large files on to a store, by links that are good for a while only.
    if (redirected && new URL(url).origin !== ownOrigin) {
      return new TryAgain(`the store behind the Hub answers ${status} for ${file}`)
    }
    const [what, hint] =
      headers.get('x-error-code') === 'GatedRepo'
        ? ([
            `${model} is gated: its authors ask who wants to read it.`,
            "Accept their conditions on the model's page, then load it with a token of that account.",
          ] as const)
        : hasToken
          ? ([
              `The token gives no access to ${model}.`,
              'Check that it is valid and that its account may read this model.',
            ] as const)
          : ([
              `${model} does not exist, or it is private or gated.`,
              'Check the name; what is private or gated needs a token.',
            ] as const)
    return new HadalError('no_access', what, { file, hint })
  }
}
