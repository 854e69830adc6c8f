// Turns a server's refusals, in the forms that servers have for them, into errors.
import { type ErrorCode, HadalError } from '../lib/error.ts'
import { escapeControls } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'

const MAX_MESSAGE = 300

/** What a server says about a request that it refuses. */
export interface Complaint {
  readonly message: string
  /** Its own words for the kind of error: `type` and `code`. */
  readonly kind: string
  /** The HTTP status that it belongs to, if the body says so. */
  readonly status?: number
}

/** What is needed to explain a refusal. */
export interface Refusal {
  /** Address of the server, for messages. */
  readonly server: string
  readonly status: number
  readonly complaint: Complaint | undefined
  /** The value of the Retry-After header. */
  readonly retryAfter?: string | null
}

/** The complaint in an answer; undefined if it has none. */
export function readComplaint(json: unknown): Complaint | undefined {
  if (!isJsonObject(json)) return undefined
  const { error, detail } = json
  if (typeof error === 'string') return { message: error, kind: '' }
  if (isJsonObject(error)) return complaintOf(error) // OpenAI, llama-server, newer vLLM, DeepSeek
  if (json.object === 'error') return complaintOf(json) // SGLang, older vLLM
  if (detail !== undefined)
    return { message: typeof detail === 'string' ? detail : JSON.stringify(detail), kind: '' } // FastAPI
  return undefined
}

function complaintOf({ message, type, code }: Record<string, unknown>): Complaint {
  const status = Number(code)
  return {
    message: typeof message === 'string' ? message : JSON.stringify(message ?? ''),
    kind: [type, code].filter((word) => typeof word === 'string').join(' '),
    ...(status >= 400 && status < 600 && { status }),
  }
}

// llama-server and OpenAI have words for it; vLLM and SGLang have only their sentences.
const CONTEXT_KIND = /exceed_context_size|context_length_exceeded/
const CONTEXT_MESSAGE =
  /(maximum|available|model's) context (length|size)|longer than the model|max_model_len/i

/** The error for a refused request. The server's message is cut and shown without control characters. */
export function refusalError({ server, status, complaint, retryAfter }: Refusal): HadalError {
  const said = complaint && inert(complaint.message)
  const code = codeOf(status, complaint)
  const message = said ? `${server} answered ${status}: ${said}` : `${server} answered ${status}.`
  return new HadalError(code, message, { hint: hintOf(code, status, retryAfter) })
}

function codeOf(status: number, complaint: Complaint | undefined): ErrorCode {
  const { kind = '', message = '' } = complaint ?? {}
  if (CONTEXT_KIND.test(kind) || CONTEXT_MESSAGE.test(message)) return 'context_full'
  if (status === 401 || status === 402 || status === 403) return 'no_access'
  if (status === 404 || status === 410) return 'not_found'
  if (status === 405 || status === 501) return 'unsupported'
  return status >= 500 || status === 408 || status === 425 || status === 429 ? 'network' : 'bad_request'
}

function hintOf(code: ErrorCode, status: number, retryAfter: string | null | undefined): string {
  const wait = retryAfter && /^[\w ,:]{1,40}$/.test(retryAfter) ? ` Retry after: ${retryAfter}.` : ''
  if (status === 429) return `The server limits requests. Wait, then try again.${wait}`
  if (status === 402) return 'The account of this key has no credit left.'
  switch (code) {
    case 'context_full':
      return 'Shorten the conversation, or ask for a shorter answer.'
    case 'no_access':
      return 'Check `apiKey`: the server requires one, or refuses this one.'
    case 'not_found':
      return 'Check `model` and `endpoint`: the server lacks the model, or this part of the interface.'
    case 'unsupported':
      return 'This server, or how it was started, lacks this part of the interface.'
    case 'network':
      return `The server has a problem. Try again later.${wait}`
    default:
      return 'The server refuses the request: see its message.'
  }
}

/** Foreign text for a message: short, and without control characters. */
export function inert(text: string): string {
  const short = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text
  return escapeControls(short.trim())
}
