// Answers: when is a failed exchange tried again? It must not know what an exchange is.
import { HadalError, throwIfAborted } from '../lib/error.ts'

export interface RetryPolicy {
  /** How often one read is tried altogether. */
  readonly attempts: number
  /** The first wait; each further one is twice as long, up to `longestMs`, with jitter. */
  readonly firstMs: number
  readonly longestMs: number
}

export const patient: RetryPolicy = { attempts: 6, firstMs: 300, longestMs: 10_000 }

/** Longer waits that a host asks for are cut to this. */
const longestAskedMs = 60_000

/** Thrown by an attempt that may succeed next time. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain'
  /** How long the host asks to wait; 0 when it does not say. */
  readonly askedMs: number

  constructor(what: string, details: { readonly askedMs?: number; readonly cause?: unknown } = {}) {
    super(what, { cause: details.cause })
    this.askedMs = details.askedMs ?? 0
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
      if (tried >= policy.attempts) {
        throw new HadalError('network', `${file}: ${error.message} (tried ${tried} times).`, {
          file,
          hint: 'Check the connection, and that the host lets this page read its files (CORS).',
          cause: error,
        })
      }
      const backoffMs =
        Math.min(policy.longestMs, policy.firstMs * 2 ** (tried - 1)) * (0.5 + Math.random() / 2)
      await sleep(Math.max(backoffMs, Math.min(error.askedMs, longestAskedMs)), signal)
    }
  }
}

/** Milliseconds asked for by a Retry-After header: seconds, or a date; 0 when it says neither. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number {
  if (header === null) return 0
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const ms = /^\w{3}, /.test(header) ? Date.parse(header) - nowMs : 0 // other texts may parse as strange dates
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
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
