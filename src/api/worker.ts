// Starts a worker from the page, wraps its calls, watches it for failures, and ends it.
import { releaseProxy, wrap } from 'comlink'
import { HadalError } from '../lib/error.ts'
import {
  deserializeError,
  type Outcome,
  type RemoteEngine,
  type RemoteLife,
  type RemoteStore,
} from '../worker/protocol.ts'
import { scriptError, startError } from './worker-errors.ts'

/** A running worker that offers the calls of `R`. */
export interface WorkerHandle<R> {
  readonly remote: ReturnType<typeof wrap<R>>
  /** Resolves if the worker's script cannot be loaded or fails outside a call. */
  readonly failed: Promise<HadalError>
  /** Fires, with the error as its reason, when the worker is closed with an error. */
  readonly ended: AbortSignal
  /** Rejects with the same error. */
  readonly closed: Promise<never>
  /**
   * Ends the worker. May be called again.
   * @param error rejects every call that still waits; may be left out when none does
   */
  close(error?: HadalError): void
}

export type EngineWorker = WorkerHandle<RemoteEngine & RemoteStore & RemoteLife>

/** Starts a worker. Throws `unsupported` with what to do instead. */
export function startWorker<R = RemoteEngine & RemoteStore & RemoteLife>(
  start: () => Worker,
): WorkerHandle<R> {
  const worker = tryStart(start)
  const remote = wrap<R>(worker)
  const failed = watchWorker(worker)
  const { ended, closed, end } = openEnding()
  let isOpen = true
  const close = (error?: HadalError) => {
    if (!isOpen) return
    isOpen = false
    if (error) end(error)
    remote[releaseProxy]()
    worker.terminate()
  }
  void failed.then(close)
  return { remote, failed, ended, closed, close }
}

/** The end of an engine, for those who listen and for those who wait. @internal */
export function openEnding(): Pick<WorkerHandle<unknown>, 'ended' | 'closed'> & {
  end(error: HadalError | undefined): void
} {
  const ending = new AbortController()
  const { signal } = ending
  const closed = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
  closed.catch(() => {}) // callers that wait handle it
  return { ended: signal, closed, end: (error) => ending.abort(error) }
}

/**
 * Watches whether a worker lives: it holds a lock, which it lets go when it ends, however it ends. Browsers
 * tell nothing of a worker that they have ended.
 * @param ended fires when the worker is closed
 * @returns resolves when the lock is held; the inner promise, when the worker has ended
 */
export async function watchLife(
  remote: WorkerHandle<RemoteLife>['remote'],
  ended: AbortSignal,
): Promise<{ readonly died: Promise<HadalError> }> {
  const never = { died: new Promise<never>(() => {}) }
  const name = `hadal-worker-${crypto.randomUUID()}`
  const { locks } = globalThis.navigator ?? {}
  const isHeld =
    locks &&
    (await remote.holdLock(name).then(
      () => true,
      () => false, // not every worker that answers in Hadal's way watches itself
    ))
  if (!isHeld) return never
  const waiting = new AbortController()
  ended.addEventListener('abort', () => waiting.abort())
  const died = locks.request(name, { signal: waiting.signal }, () => diedError())
  return { died: died.catch(() => never.died) }
}

const diedError = (): HadalError =>
  new HadalError('internal', 'The worker ended unexpectedly: the browser may have run out of memory.', {
    hint: 'Close other tabs, or choose a smaller model or context.',
  })

function tryStart(start: () => Worker): Worker {
  try {
    return start()
  } catch (error) {
    throw startError(error)
  }
}

function watchWorker(worker: Worker): Promise<HadalError> {
  return new Promise((resolve) => {
    worker.addEventListener('error', (event: ErrorEvent) => {
      event.preventDefault?.()
      resolve(scriptError(event.message ?? ''))
    })
  })
}

/**
 * Waits for the result of a call.
 * @throws HadalError of the call, or the one that the worker is closed with before
 */
export async function unwrapOutcome<T>(
  { closed }: Pick<EngineWorker, 'closed'>,
  call: Promise<Outcome<T>>,
): Promise<T> {
  const outcome = await Promise.race([call, closed])
  if (outcome.ok) return outcome.value
  throw deserializeError(outcome.error)
}
