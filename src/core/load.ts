// Loads a model in this thread, without a worker: for Node, service workers, shared workers and own workers.

import { EngineLink, type LinkedEngine } from '../api/engine-link.ts'
import type { LoadOptions } from '../api/load.ts'
import { type LoadedModel, wrapModel } from '../api/model.ts'
import {
  explainSource,
  type ModelSource,
  type ModelSourceOptions,
  sourceNotices,
  workerLoadRequest,
} from '../api/model-source.ts'
import { statusReporter } from '../api/status.ts'
import { openEnding, unwrapOutcome } from '../api/worker.ts'
import { untilAborted } from '../lib/abort.ts'
import { definedFields } from '../lib/check.ts'
import { asHadalError, type HadalError, throwIfAborted } from '../lib/error.ts'
import type { Source } from '../weights/source.ts'
import { localHost, type ThreadOptions } from '../worker/open-engine.ts'
import type { LoadProgress, RemoteEngine } from '../worker/protocol.ts'

/** Options of `loadModel` of `hadal/core`. */
export interface LocalLoadOptions
  extends ModelSourceOptions,
    ThreadOptions,
    Pick<LoadOptions, 'onProgress' | 'onStatus' | 'signal'> {}

/**
 * Loads a model on a GPU of this thread. What it answers is what `loadModel` of `hadal` answers, but the
 * thread also does the work between GPU steps: in a page, use `hadal`.
 * @param source as in `hadal`, or a `Source`, such as that of a folder in Node
 * @throws HadalError as in `hadal`
 */
export async function loadModel(
  source: ModelSource | Source,
  options: LocalLoadOptions = {},
): Promise<LoadedModel> {
  const { gpu, gpuDevice, device, tuned, shaders, ...others } = options
  const { onProgress = () => {}, onStatus = () => {}, signal, ...rest } = others
  throwIfAborted(signal)
  const isOpened = isSource(source)
  const request = workerLoadRequest(isOpened ? [] : source, rest)
  const thread = definedFields<ThreadOptions>({ gpu, gpuDevice, device, tuned, shaders })
  const host = localHost(thread, isOpened ? source : undefined)
  const engine = handleOf(host)
  try {
    // The work that runs when the signal fires ends a step later.
    const report = (progress: LoadProgress) => {
      if (!signal?.aborted) onProgress(progress)
    }
    const info = await untilAborted(
      unwrapOutcome(engine, host.load(request, report, statusReporter(onStatus))),
      signal,
    )
    const notices = isOpened ? info.notices : [...sourceNotices(source), ...info.notices]
    return wrapModel({ ...info, notices }, new EngineLink(engine, { onStatus }))
  } catch (error) {
    const explained = isOpened ? asHadalError(error) : explainSource(error, source)
    engine.destroy(explained)
    throw explained
  }
}

const isSource = (source: ModelSource | Source): source is Source =>
  typeof source === 'object' && 'read' in source

/** A host in this thread cannot fail apart from its calls, and ends when it is closed. */
function handleOf(remote: RemoteEngine): LinkedEngine {
  const { ended, closed, end } = openEnding()
  const destroy = (error?: HadalError) => {
    void remote.unload() // which also stops a load
    end(error)
  }
  return { remote, lost: new Promise(() => {}), ended, closed, destroy }
}
