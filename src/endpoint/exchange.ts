// Sends requests to an endpoint and reads the answers, within limits; failures become errors.
import { untilAborted } from '../lib/abort.ts'
import { badField } from '../lib/check.ts'
import { abortedError, HadalError } from '../lib/error.ts'
import { inert, readComplaint, refusalError } from './refusal.ts'

/** A server, as it was opened. */
export interface Endpoint {
  /** Its interface lies below this address, which ends with a slash. */
  readonly base: URL
  readonly headers: Headers
  readonly fetch: typeof fetch
  /** Never shown: what a server says is searched for it. */
  readonly apiKey: string | undefined
  /** Fires, with an error as its reason, when the model is unloaded. */
  readonly ended: AbortSignal
}

export interface EndpointRequest {
  /** Below the base; a leading slash stands for the server's root, the base without its version. */
  readonly path: string
  /** Sent as JSON by POST; without it, the request is a GET. */
  readonly body?: object
  readonly signal?: AbortSignal | undefined
}

/** An answer whose status is good. */
export interface Exchange {
  readonly contentType: string
  /** The body; the connection is closed when the loop over it ends. Errors: `aborted`, `network`. */
  bytes(): AsyncGenerator<Uint8Array, void>
  /** Closes the connection. */
  cancel(): void
}

/** No answer is longer: it would be a mistake, or an attack on the page's memory. */
export const MAX_ANSWER_BYTES = 64 * 2 ** 20
const MAX_REFUSAL_BYTES = 2 ** 16

/** Address of a server in messages: without its query, which may hold a secret. */
export const serverName = ({ base }: Endpoint): string => base.origin + base.pathname.replace(/\/$/, '')

/** An answer that is not as an OpenAI-compatible server would send it. */
export class BadAnswerError extends HadalError {
  constructor(message: string) {
    super('network', message, {
      hint: 'Check that `endpoint` is the address of an OpenAI-compatible server.',
    })
  }
}

/** Sends a request. @throws HadalError for every status but 2xx */
export async function send(endpoint: Endpoint, request: EndpointRequest): Promise<Exchange> {
  const { base, ended } = endpoint
  const { path, body, signal } = request
  const controller = new AbortController()
  const signals = AbortSignal.any([controller.signal, ended, ...(signal ? [signal] : [])])
  const guarded = async <T>(work: () => Promise<T>, explain: (cause: unknown) => HadalError): Promise<T> => {
    try {
      signals.throwIfAborted()
      return await untilAborted(work(), signals)
    } catch (cause) {
      if (signal?.aborted) throw abortedError(signal)
      if (ended.aborted) throw ended.reason
      throw explain(cause)
    }
  }
  const init: RequestInit = {
    method: body ? 'POST' : 'GET',
    headers: requestHeaders(endpoint, body !== undefined),
    // What a redirect leads to must get neither the conversation nor the headers.
    redirect: 'manual',
    cache: 'no-store',
    signal: signals,
    ...(body && { body: toJson(body) }),
  }
  const response = await guarded(() => endpoint.fetch(urlOf(base, path), init), unreachable(endpoint))
  const exchange: Exchange = {
    contentType: response.headers.get('content-type') ?? '',
    bytes: () => readBytes(response, (work) => guarded(work, broken(endpoint)), controller),
    cancel: () => controller.abort(),
  }
  await checkStatus(endpoint, response, exchange)
  return exchange
}

function urlOf(base: URL, path: string): URL {
  const root = path.startsWith('/')
  const url = new URL(base)
  url.pathname = (root ? url.pathname.replace(/v\d+\w*\/$/, '') : url.pathname) + path.slice(root ? 1 : 0)
  return url
}

function requestHeaders({ headers }: Endpoint, hasBody: boolean): Headers {
  const result = new Headers(headers)
  if (hasBody) result.set('content-type', 'application/json')
  return result
}

function toJson(body: object): string {
  try {
    return JSON.stringify(body)
  } catch {
    throw badField('request', 'cannot be written as JSON', 'Pass plain data: no cycles, no big integers.')
  }
}

const unreachable = (endpoint: Endpoint) => (cause: unknown) =>
  new HadalError('network', `${serverName(endpoint)} did not answer.`, {
    hint:
      'Check that the server runs and that the address is right. Browsers also hide answers of other ' +
      'origins that do not allow this page (CORS: Access-Control-Allow-Origin), and pages on HTTPS reach ' +
      'no HTTP server but that of this machine.',
    cause,
  })

const broken = (endpoint: Endpoint) => (cause: unknown) =>
  new HadalError('network', `The connection to ${serverName(endpoint)} broke.`, {
    hint: 'Send the request again.',
    cause,
  })

async function checkStatus(endpoint: Endpoint, response: Response, exchange: Exchange): Promise<void> {
  const { status, type, ok, headers } = response
  if (ok) return
  const server = serverName(endpoint)
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    exchange.cancel()
    throw new HadalError('network', `${server} redirects elsewhere. Hadal does not follow it.`, {
      hint: 'Give the address that it leads to as `endpoint`: the conversation and the key go nowhere else.',
    })
  }
  const text = await readText(exchange, MAX_REFUSAL_BYTES).catch((error: HadalError) => {
    if (error.code === 'aborted') throw error
    return ''
  })
  const json = parseOrUndefined(text)
  const complaint = readComplaint(json) ?? (json === undefined ? plainComplaint(text) : undefined)
  throw refusalError({
    server,
    status,
    complaint: complaint && { ...complaint, message: withoutKey(endpoint, complaint.message) },
    retryAfter: headers.get('retry-after'),
  })
}

/** What a body that is not JSON says, unless it is a web page. */
const plainComplaint = (text: string) =>
  text.trim() === '' || /^\s*</.test(text) ? undefined : { message: text, kind: '' }

/** A server's text without the key, which some servers repeat. */
export const withoutKey = ({ apiKey }: Endpoint, text: string): string =>
  apiKey === undefined ? text : text.replaceAll(apiKey, '(key)')

async function* readBytes(
  response: Response,
  guarded: <T>(work: () => Promise<T>) => Promise<T>,
  controller: AbortController,
): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await guarded(() => reader.read())
      if (done) return
      yield value
    }
  } finally {
    controller.abort()
  }
}

/** A body as text. @throws HadalError `network` if it is longer than `maxBytes` */
async function readText(exchange: Exchange, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  const parts: string[] = []
  let bytes = 0
  for await (const chunk of exchange.bytes()) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new BadAnswerError(`The server's answer is longer than ${maxBytes} bytes.`)
    parts.push(decoder.decode(chunk, { stream: true }))
  }
  return parts.join('') + decoder.decode()
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Sends a request and reads its answer as JSON. Errors that come with a good status are thrown, too. */
export async function requestJson(endpoint: Endpoint, request: EndpointRequest): Promise<unknown> {
  const exchange = await send(endpoint, request)
  const text = await readText(exchange, MAX_ANSWER_BYTES)
  const json = parseOrUndefined(text)
  if (json === undefined) throw notJson(endpoint, exchange.contentType, text)
  throwComplaint(endpoint, json)
  return json
}

/** The error for an answer that should have been JSON, with how it begins. */
export function notJson(endpoint: Endpoint, contentType: string, text: string): HadalError {
  const start = JSON.stringify(inert(withoutKey(endpoint, text).slice(0, 80)))
  const type = contentType === '' ? '' : ` (${inert(contentType).slice(0, 60)})`
  return new BadAnswerError(`${serverName(endpoint)} did not answer with JSON${type}: ${start}`)
}

/** Throws what the server complains about, if this is a complaint. */
export function throwComplaint(endpoint: Endpoint, json: unknown): void {
  const complaint = readComplaint(json)
  if (!complaint) return
  const message = withoutKey(endpoint, complaint.message)
  const status = complaint.status ?? 500
  throw refusalError({ server: serverName(endpoint), status, complaint: { ...complaint, message } })
}
