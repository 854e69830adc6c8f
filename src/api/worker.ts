// Answers: how is a worker called from the page? Started, wrapped, watched, and ended with everything that waits for it.
// It must not know what is asked of it.
import { releaseProxy, wrap } from 'comlink'
import { HadalError } from '../lib/error.ts'
import { fromPlain, type Outcome, type RemoteEngine, type RemoteStore } from '../worker/protocol.ts'

/** What a worker offers, as long as it lives. */
export interface OpenWorker<R> {
  readonly remote: ReturnType<typeof wrap<R>>
  /** Resolves if the worker's script cannot be loaded or fails outside a call. */
  readonly failed: Promise<HadalError>
  /** Fires with the error that `close` was given. */
  readonly ended: AbortSignal
  /** Rejects with the same. */
  readonly over: Promise<never>
  /** Ends the worker. May be called again. */
  close(error: HadalError): void
}

export type EngineWorker = OpenWorker<RemoteEngine & RemoteStore>

export function openWorker<R = RemoteEngine & RemoteStore>(start: () => Worker): OpenWorker<R> {
  const worker = start()
  const remote = wrap<R>(worker)
  const failed = watchWorker(worker)
  const ended = new AbortController()
  const over = new Promise<never>((_, reject) => {
    ended.signal.addEventListener('abort', () => reject(ended.signal.reason))
  })
  over.catch(() => {}) // told to whoever waits
  const close = (error: HadalError) => {
    if (ended.signal.aborted) return
    ended.abort(error)
    remote[releaseProxy]()
    worker.terminate()
  }
  void failed.then(close)
  return { remote, failed, ended: ended.signal, over, close }
}

function watchWorker(worker: Worker): Promise<HadalError> {
  return new Promise((resolve) => {
    worker.addEventListener('error', (event: ErrorEvent) => {
      event.preventDefault?.()
      const what = event.message
        ? `The worker failed: ${event.message}`
        : "The worker's script could not be loaded."
      resolve(
        new HadalError('internal', what, {
          hint: 'Reload the page; if that does not help, please report it.',
        }),
      )
    })
  })
}

/** What the worker answers, unless it ends first. */
export async function answerOf<T>(
  { over }: Pick<EngineWorker, 'over'>,
  answer: Promise<Outcome<T>>,
): Promise<T> {
  const outcome = await Promise.race([answer, over])
  if (outcome.ok) return outcome.value
  throw fromPlain(outcome.error)
}

/** Any thrown value as an error of ours. */
export const errorOf = (error: unknown): HadalError =>
  error instanceof HadalError ? error : new HadalError('internal', String(error), { cause: error })
