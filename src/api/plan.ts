// Plans a model in a worker of its own: whether it fits, and what it would take. Reads no weights.
import { untilAborted } from '../lib/abort.ts'
import { throwIfAborted } from '../lib/error.ts'
import type { LoadPlan } from '../worker/protocol.ts'
import { spawnWorker } from '../worker/spawn.ts'
import {
  explainSource,
  type ModelSource,
  type ModelSourceOptions,
  PAGE_OPTIONS,
  sourceNotices,
  workerLoadRequest,
} from './model-source.ts'
import { startWorker, unwrapOutcome } from './worker.ts'

/** Options of `plan`; the same as those of `loadModel` where both have them. */
export interface PlanOptions extends ModelSourceOptions {
  /** Cancels: the promise rejects with `aborted`. */
  signal?: AbortSignal
  /** Starts the worker in another way, for example from a script on another path. */
  worker?: () => Worker
}

/**
 * Reports what `loadModel` with the same options would take: bytes to download, GPU bytes by purpose, whether
 * that fits, and what each quantization would take instead. Reads the config, the index and the headers of
 * the weights only.
 * @param source address of a model folder, `hf:org/name[@revision]`, or the files of a folder
 * @returns a plan; its `unsupported` lists what this version of Hadal does not run
 * @throws HadalError `bad_request`, `not_found`, `no_access`, `network`, `bad_file`, `bad_config`, `aborted`
 * @example
 * ```ts
 * import { plan } from 'hadal'
 *
 * const { downloadBytes, gpu, fits } = await plan('hf:org/name', { memoryBytes: 8e9 })
 * show(downloadBytes, gpu?.bytes.total, fits) // fits is 'unknown' without memoryBytes
 * ```
 */
export async function plan(source: ModelSource, options: PlanOptions = {}): Promise<LoadPlan> {
  const { signal, worker: start = spawnWorker } = options
  throwIfAborted(signal)
  const request = workerLoadRequest(source, options, PAGE_OPTIONS)
  const worker = startWorker(start)
  try {
    const planned = await untilAborted(unwrapOutcome(worker, worker.remote.plan(request)), signal)
    return { ...planned, notices: [...sourceNotices(source), ...planned.notices] }
  } catch (error) {
    throw explainSource(error, source)
  } finally {
    worker.close()
  }
}
