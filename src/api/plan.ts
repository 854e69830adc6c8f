// Answers: will a model fit, and what would it take? Asked of a worker of its own, which reads no weight.
// It must not know how a plan is made.
import { HadalError, throwIfAborted } from '../lib/error.ts'
import type { LoadPlan } from '../worker/protocol.ts'
import { loadRequest, type Place, type PlaceOptions } from './place.ts'
import { spawnWorker } from './spawn.ts'
import { answerOf, openWorker } from './worker.ts'

export interface PlanOptions extends PlaceOptions {
  /** Cancels: the promise rejects with `aborted`. */
  signal?: AbortSignal
  /** Starts the worker some other way, for example from a script on another path. */
  worker?: () => Worker
}

/**
 * Says what `loadModel` with the same options would take: bytes to download, bytes on the GPU by purpose, whether that fits, and which
 * other ways to store the weights would. Reads config, index and headers.
 * @throws HadalError as `loadModel`; what this version does not run is named in the plan instead.
 */
export async function plan(place: Place, options: PlanOptions = {}): Promise<LoadPlan> {
  const { signal, worker: start = spawnWorker } = options
  throwIfAborted(signal)
  const request = loadRequest(place, options)
  const worker = openWorker(start)
  const cancel = () => void worker.remote.cancelLoad()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await answerOf(worker, worker.remote.plan(request))
  } finally {
    signal?.removeEventListener('abort', cancel)
    worker.close(new HadalError('aborted', 'The plan is made.'))
  }
}
