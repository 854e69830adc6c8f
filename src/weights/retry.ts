// Retries failed requests with exponential backoff.
import { sleep } from '../lib/abort.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'

export interface RetryPolicy {
  /** How often one read is tried without making progress. */
  readonly attempts: number
  /** The first delay; each further one is twice as long, up to `maxDelayMs`, with jitter. */
  readonly initialDelayMs: number
  readonly maxDelayMs: number
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, initialDelayMs: 300, maxDelayMs: 10_000 }

/** Longer delays that a host asks for are cut to this. */
const MAX_ASKED_DELAY_MS = 60_000

export interface RetryDetails {
  /** The least delay the host asks for; Infinity if it asks to slow down without saying how long. */
  readonly askedDelayMs?: number
  /** The attempt failed after making progress: the next one counts as the first. */
  readonly madeProgress?: boolean
  /**
   * Where the connection broke. Browsers report a response without permission (CORS), and some that they
   * cannot decompress, as one that broke before its headers.
   */
  readonly brokeAt?: 'headers' | 'body'
  /** What the user can do when no attempt succeeds. */
  readonly hint?: string
  readonly cause?: unknown
}

/** Thrown by an attempt that may succeed when repeated. */
export class RetryableError extends Error {
  override readonly name = 'TryAgain'
  readonly details: RetryDetails

  constructor(what: string, details: RetryDetails = {}) {
    super(what, { cause: details.cause })
    this.details = details
  }
}

/**
 * Runs `attempt` until it does not throw `RetryableError`, with exponential backoff.
 * Errors: `network` naming the file after the last attempt; `aborted`; any other error of the attempt at
 * once.
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  file: string,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    throwIfAborted(signal)
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error
      if (error.details.madeProgress) tried = 1
      if (tried >= policy.attempts) throw retriesExhausted(file, tried, error)
      await sleep(delayMs(policy, tried, error.details.askedDelayMs ?? 0), signal)
    }
  }
}

function delayMs(policy: RetryPolicy, tried: number, askedDelayMs: number): number {
  if (askedDelayMs === Infinity) return policy.maxDelayMs
  const backoffMs =
    Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** (tried - 1)) * (0.5 + Math.random() / 2)
  return Math.max(backoffMs, Math.min(askedDelayMs, MAX_ASKED_DELAY_MS))
}

function retriesExhausted(file: string, tried: number, cause: RetryableError): HadalError {
  return new HadalError('network', `${file}: ${cause.message} (tried ${tried} times).`, {
    file,
    hint:
      cause.details.hint ??
      'Check connection and address. Pages of other sites need Access-Control-Allow-Origin: * from the host.',
    cause,
  })
}

/** The delay of a Retry-After header in milliseconds, given in seconds or as a date; 0 when it is neither. */
export function parseRetryAfterMs(header: string | null, nowMs = Date.now()): number {
  if (header === null) return 0
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const ms = /^\w{3}, /.test(header) ? Date.parse(header) - nowMs : 0 // Date.parse accepts other texts too
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

/**
 * Milliseconds until an exhausted quota resets, from a RateLimit header such as `"api";r=0;t=55`; 0
 * otherwise.
 */
export function parseRateLimitMs(header: string | null): number {
  const seconds = /;\s*r=0\s*;\s*t=(\d{1,9})/.exec(header ?? '')?.[1]
  return Number(seconds ?? 0) * 1000
}
