// Answers: when is a failed exchange tried again? It must not know what an exchange is.
import { HadalError, throwIfAborted } from '../lib/error.ts'

export interface RetryPolicy {
  /** How often one read is tried without getting on. */
  readonly attempts: number
  /** The first wait; each further one is twice as long, up to `longestMs`, with jitter. */
  readonly firstMs: number
  readonly longestMs: number
}

export const patient: RetryPolicy = { attempts: 6, firstMs: 300, longestMs: 10_000 }

/** Longer waits that a host asks for are cut to this. */
const longestAskedMs = 60_000

export interface TryAgainDetails {
  /** How long the host asks to wait, at least; Infinity where it asks to slow down and names no time. */
  readonly askedMs?: number
  /** The attempt failed only after it had got on: the next one counts as the first. */
  readonly gotOn?: boolean
  /** What the user can do when no attempt succeeds. */
  readonly hint?: string
  readonly cause?: unknown
}

/** Thrown by an attempt that may succeed next time. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain'
  readonly details: TryAgainDetails

  constructor(what: string, details: TryAgainDetails = {}) {
    super(what, { cause: details.cause })
    this.details = details
  }
}

/**
 * Runs `attempt` until it does not throw `TryAgain`, waiting longer each time.
 * Errors: `network` naming the file after the last attempt; `aborted`; whatever else the attempt throws, at once.
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
      if (!(error instanceof TryAgain)) throw error
      if (error.details.gotOn) tried = 1
      if (tried >= policy.attempts) throw givenUp(file, tried, error)
      await sleep(waitMs(policy, tried, error.details.askedMs ?? 0), signal)
    }
  }
}

function waitMs(policy: RetryPolicy, tried: number, askedMs: number): number {
  if (askedMs === Infinity) return policy.longestMs
  const backoffMs = Math.min(policy.longestMs, policy.firstMs * 2 ** (tried - 1)) * (0.5 + Math.random() / 2)
  return Math.max(backoffMs, Math.min(askedMs, longestAskedMs))
}

function givenUp(file: string, tried: number, cause: TryAgain): HadalError {
  return new HadalError('network', `${file}: ${cause.message} (tried ${tried} times).`, {
    file,
    hint:
      cause.details.hint ?? 'Check the connection, and that the host lets this page read its files (CORS).',
    cause,
  })
}

/** Milliseconds asked for by a Retry-After header: seconds, or a date; 0 when it says neither. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number {
  if (header === null) return 0
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const ms = /^\w{3}, /.test(header) ? Date.parse(header) - nowMs : 0 // other texts may parse as strange dates
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

/** Milliseconds until a used-up quota is filled again, of a RateLimit header such as `"api";r=0;t=55`; 0 when it says none. */
export function rateLimitMs(header: string | null): number {
  const seconds = /;\s*r=0\s*;\s*t=(\d{1,9})/.exec(header ?? '')?.[1]
  return Number(seconds ?? 0) * 1000
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    signal?.addEventListener('abort', wake)
  })
}
