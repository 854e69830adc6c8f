// Error responses in OpenAI's form: their status, type, code and message.
import { asHadalError, type ErrorCode, type HadalError } from '../lib/error.ts'

/** The error object of OpenAI's responses. */
export interface OpenAIError {
  readonly message: string
  readonly type: string
  /** The field of the request that is wrong, if it is one. */
  readonly param: string | null
  readonly code: string
}

/** The status of each kind of failure. Those from 500 on are not the request's fault. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  context_full: 400,
  unsupported: 400,
  no_access: 401,
  not_found: 404,
  busy: 429,
  out_of_memory: 500,
  no_webgpu: 500,
  bad_file: 500,
  bad_config: 500,
  storage_full: 500,
  internal: 500,
  network: 502,
  device_lost: 503,
  aborted: 503, // without a signal that fired: the model was unloaded
}

/** What OpenAI's clients call a code; the others keep their name. */
const CODES: Readonly<Partial<Record<ErrorCode, string>>> = { context_full: 'context_length_exceeded' }

const errorType = (status: number): string => (status < 500 ? 'invalid_request_error' : 'server_error')

/** OpenAI's error object for a thrown value. Clients show its message only, so that includes the hint. */
export function openAIError(thrown: unknown): OpenAIError {
  const error = asHadalError(thrown)
  return {
    message: [error.message, error.hint].filter(Boolean).join(' '),
    type: errorType(STATUS[error.code]),
    param: fieldOf(error),
    code: CODES[error.code] ?? error.code,
  }
}

/** The response for a thrown value. */
export function errorResponse(thrown: unknown): Response {
  return respond(STATUS[asHadalError(thrown).code], openAIError(thrown))
}

/** The response for a request that reaches no model. */
export function refusal(status: number, code: string, message: string, headers?: HeadersInit): Response {
  return respond(status, { message, type: errorType(status), param: null, code }, headers)
}

// OpenAI's clients try again after some statuses unless they are told not to. It would not help here.
function respond(status: number, error: OpenAIError, headers?: HeadersInit): Response {
  const response = Response.json({ error }, headers ? { status, headers } : { status })
  response.headers.set('x-should-retry', 'false')
  return response
}

/** Messages about a field begin with its name in backticks. */
const fieldOf = ({ code, message }: HadalError): string | null =>
  code === 'bad_request' ? (/^`([^`]+)`/.exec(message)?.[1] ?? null) : null
