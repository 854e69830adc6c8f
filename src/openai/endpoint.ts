// Makes a `fetch` that answers the requests of OpenAI's clients with models in this page, without a server.
import { quoteName } from '../lib/format.ts'
import { errorResponse, refusal } from './errors.ts'
import { answer } from './routes.ts'
import { modelDirectory, type ServedModels } from './served.ts'

export type { ServedModels }

// A name that can never resolve: a request that misses this `fetch` fails and leaves nothing on the network.
const ORIGIN = 'https://hadal.invalid'
const PREFIX = '/v1'

export interface OpenAIEndpointOptions {
  /** Answers requests to other addresses. Default: they get status 421, and nothing is sent anywhere. */
  readonly fallback?: typeof globalThis.fetch
}

/** What a client of OpenAI's API takes: `new OpenAI({ ...endpoint, apiKey: 'none' })`. */
export interface OpenAIEndpoint {
  /** Requests to addresses under this one are answered. */
  readonly baseURL: string
  /** Answers requests as OpenAI's server does: never sends one. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
}

/**
 * An OpenAI-compatible endpoint inside this page, for clients that speak HTTP: `openai`, LangChain, others.
 *
 * It answers `POST` to `/chat/completions`, `/completions`, `/embeddings` and `/responses` (texts only), and
 * `GET` of `/models` and `/models/ID`. Streams are server-sent events. Errors have OpenAI's form: status 400
 * for what the request does wrong (`code` is that of the `HadalError`, but `context_length_exceeded` for
 * `context_full`), 404 for an unknown model or path, 500 and more for the rest. If the request's signal
 * fires, `fetch` rejects with its reason, and so does the body of a stream; a cancelled body ends the
 * generation.
 * @param models one model, which answers whatever model a request names; or several by name
 * @example
 * ```ts
 * import { loadModel } from 'hadal'
 * import { openAIEndpoint } from 'hadal/openai'
 * import OpenAI from 'openai'
 *
 * const endpoint = openAIEndpoint(await loadModel('/models/lanternfish/'))
 * const client = new OpenAI({ apiKey: 'none', dangerouslyAllowBrowser: true, ...endpoint })
 * show((await client.models.list()).data)
 * ```
 */
export function openAIEndpoint(models: ServedModels, options: OpenAIEndpointOptions = {}): OpenAIEndpoint {
  const directory = modelDirectory(models)
  const { fallback } = options
  return {
    baseURL: ORIGIN + PREFIX,
    fetch: async (input, init) => {
      const address = input instanceof Request ? input.url : String(input)
      const path = endpointPath(address)
      if (path === undefined) return fallback ? fallback(input, init) : misdirected(address)
      const signal = signalOf(input, init)
      signal?.throwIfAborted()
      try {
        return await answer(new Request(input, init), path, { directory, signal })
      } catch (error) {
        signal?.throwIfAborted()
        return errorResponse(error)
      }
    },
  }
}

/** The path below the base URL; undefined for other addresses. */
function endpointPath(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isOurs = url?.origin === ORIGIN && `${url.pathname}/`.startsWith(`${PREFIX}/`)
  return isOurs ? url.pathname.slice(PREFIX.length).replace(/\/+$/, '') : undefined
}

/** The signal of a call, by the rules of `fetch`: that of `init` wins, also if it is null. */
function signalOf(input: string | URL | Request, init: RequestInit | undefined): AbortSignal | undefined {
  const own = input instanceof Request ? input.signal : undefined
  return (init?.signal === undefined ? own : init.signal) ?? undefined
}

const misdirected = (address: string): Response =>
  refusal(
    421,
    'wrong_address',
    `This fetch answers only addresses under ${ORIGIN}${PREFIX}, not ${quoteName(address)}. ` +
      'Give the client the baseURL that belongs to it, or pass a fallback for other addresses.',
  )
