// The error class of Hadal: callers switch on `code` and show `message` and `hint`. Assertions throw it too.

/** The kinds of failure a caller may want to tell apart. */
export type ErrorCode =
  | 'aborted' // the caller cancelled
  | 'no_webgpu' // this browser or machine offers no WebGPU adapter
  | 'device_lost' // the GPU went away
  | 'out_of_memory' // a buffer could not be allocated
  | 'not_found' // a file of the model folder is missing
  | 'no_access' // the host requires a token, or refuses the one it was sent
  | 'network' // the host did not answer as a file server should
  | 'bad_file' // a file is truncated or malformed
  | 'bad_config' // config.json contradicts itself or holds an impossible value
  | 'unsupported' // well-formed, but not something this version runs
  | 'bad_request' // the caller's arguments are wrong
  | 'busy' // too many requests wait already
  | 'storage_full' // the browser grants no more storage
  | 'context_full' // prompt and answer do not fit the context
  | 'internal' // a bug in Hadal

export interface ErrorDetails {
  /** What the user can do next, as a sentence. */
  readonly hint?: string
  /** Where it happened. */
  readonly file?: string
  readonly tensor?: string
  readonly cause?: unknown
}

/** An error that Hadal throws on purpose: a stable `code`, what happened and where, what the user can do. */
export class HadalError extends Error {
  /** `AbortError`, as that of the platform, for code `aborted`. */
  override readonly name: 'HadalError' | 'AbortError'
  readonly code: ErrorCode
  readonly hint: string
  readonly file: string | undefined
  readonly tensor: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = code === 'aborted' ? 'AbortError' : 'HadalError'
    this.code = code
    this.hint = details.hint ?? ''
    this.file = details.file
    this.tensor = details.tensor
  }

  /** What `JSON.stringify` keeps: all but stack and cause. */
  toJSON(): Readonly<Record<string, string | undefined>> {
    const { name, code, message, hint, file, tensor } = this
    return { name, code, message, hint, file, tensor }
  }
}

/** The error for a state that only a bug in Hadal can lead to. */
export const internalError = (message: string, cause?: unknown): HadalError =>
  new HadalError('internal', message, { hint: 'This is a bug in Hadal: please report it.', cause })

/** Throws `internal` when something that the code itself guarantees does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw internalError(message)
}

/**
 * Closes a switch over a union: it compiles only where every case is handled.
 * Throws `internal` when a value outside the union gets here all the same.
 */
export function assertNever(value: never, what: string): never {
  throw internalError(`Unknown ${what}: ${JSON.stringify(value)}.`)
}

/** The value, or an `internal` error when it is missing: for look-ups that cannot fail. */
export function expectDefined<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `${what} is missing`)
  return value
}

/** Throws `aborted` if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal)
}

/** The error of a signal that has fired. */
export const abortedError = (signal: AbortSignal | undefined): HadalError =>
  new HadalError('aborted', 'The operation was cancelled.', { cause: signal?.reason })

/** A thrown value as a HadalError. Anything else is unexpected: the cause of an `internal` error. */
export function asHadalError(error: unknown): HadalError {
  return error instanceof HadalError ? error : internalError(String(error), error)
}

/** The stack trace of an unexpected error, for a bug report; undefined for a HadalError. */
export const unforeseenStack = (error: unknown): string | undefined =>
  error instanceof Error && !(error instanceof HadalError) ? error.stack : undefined

/** Whether the caller cancelled, which is a normal end and not a failure to show. */
export const isAborted = (error: unknown): boolean => error instanceof HadalError && error.code === 'aborted'
