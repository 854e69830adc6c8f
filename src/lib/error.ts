// Answers: what is an error of Hadal? One class, so that a caller can switch on `code` and show `message` and `hint`.
// It must not know who throws it.

/** The kinds of failure a caller may want to tell apart. */
export type ErrorCode =
  | 'aborted' // the caller cancelled
  | 'no_webgpu' // this browser or machine offers no WebGPU adapter
  | 'device_lost' // the GPU went away
  | 'out_of_memory' // a buffer could not be allocated
  | 'not_found' // a file of the model folder is missing
  | 'no_access' // the host wants a token, or gives the one it got no access
  | 'network' // the host did not answer as a file server should
  | 'bad_file' // a file is truncated or malformed
  | 'bad_config' // config.json says something impossible
  | 'unsupported' // well-formed, but not something this version runs
  | 'bad_request' // the caller's own arguments
  | 'storage_full' // the browser gives no more room to keep files
  | 'context_full' // prompt and answer do not fit the context
  | 'internal' // a broken promise of our own

export interface ErrorDetails {
  /** What the user can do next, as a sentence. */
  readonly hint?: string
  /** Where it happened. */
  readonly file?: string
  readonly tensor?: string
  readonly cause?: unknown
}

/** Every error Hadal throws on purpose: a stable `code`, a `message` that says what and where, a `hint` that says what to do. */
export class HadalError extends Error {
  override readonly name = 'HadalError'
  readonly code: ErrorCode
  readonly hint: string
  readonly file: string | undefined
  readonly tensor: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint ?? ''
    this.file = details.file
    this.tensor = details.tensor
  }
}

/** Fails with `internal` when something that the code itself guarantees does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition)
    throw new HadalError('internal', message, { hint: 'This is a bug in Hadal: please report it.' })
}

/** The value, or an `internal` error when it is missing: for look-ups that cannot fail. */
export function present<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `${what} is missing`)
  return value
}

/** Throws `aborted` if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new HadalError('aborted', 'The operation was cancelled.', { cause: signal.reason })
}

/**
 * Any thrown value as a HadalError. What is not one was not foreseen and becomes `internal`, with the value
 * as its cause.
 */
export function asHadalError(error: unknown): HadalError {
  if (error instanceof HadalError) return error
  return new HadalError('internal', String(error), {
    hint: 'This is a bug in Hadal: please report it.',
    cause: error,
  })
}
