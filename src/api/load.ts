// Loads a model in a worker of its own and wraps the worker as a `LoadedModel`.
import { proxy } from 'comlink'
import type { EndpointModel, EndpointOptions } from '../endpoint/types.ts'
import { untilAborted } from '../lib/abort.ts'
import { badField, definedFields, oneOf, readField } from '../lib/check.ts'
import { type HadalError, throwIfAborted } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import type { LoadProgress, WorkerLoadRequest } from '../worker/protocol.ts'
import { spawnWorker } from '../worker/spawn.ts'
import { EngineLink } from './engine-link.ts'
import { type LoadedModel, wrapModel } from './model.ts'
import {
  explainSource,
  type ModelSource,
  type ModelSourceOptions,
  PAGE_OPTIONS,
  sourceNotices,
  workerLoadRequest,
} from './model-source.ts'
import { type ModelStatus, statusReporter } from './status.ts'
import { startWorker, unwrapOutcome, watchLife } from './worker.ts'

/** Options of `loadModel`. */
export interface LoadOptions extends ModelSourceOptions {
  /**
   * What this browser stores so that the model loads without a network next time: its files (`files`), or
   * only its quantized weights (`packed`). Default: nothing. What is already stored is used in any case and
   * not downloaded again.
   */
  keep?: 'files' | 'packed'
  /** Called often while loading: phase, bytes, bytes per second, seconds left. */
  onProgress?: (progress: LoadProgress) => void
  /**
   * Called when the GPU device or the worker is lost, and the model is loaded again; when it is ready again;
   * and when that failed. Answers go on by themselves.
   */
  onStatus?: (status: ModelStatus) => void
  /** Cancels the load: the promise rejects with `aborted`. */
  signal?: AbortSignal
  /** Starts the worker in another way, for example from a script on another path. */
  worker?: () => Worker
}

/**
 * Loads a model on the GPU, in a worker of its own.
 * @param source address of a model folder, `hf:org/name[@revision]`, or the files of a folder
 * @throws HadalError
 * - `bad_request`: an argument is wrong; the message names it
 * - `no_webgpu`: this browser or machine offers no WebGPU adapter
 * - `not_found`, `no_access`, `network`: files are missing, need a token, or the host does not answer
 * - `bad_file`, `bad_config`, `unsupported`: the files are damaged, or of a model that Hadal does not run
 * - `out_of_memory`: the GPU refuses the memory; choose a smaller `quantize`, `contextLength` or `cache`
 * - `storage_full`: there is no space for what `keep` asks to store
 * - `aborted`: the signal fired
 * - `device_lost`, `internal`: the GPU went away, or Hadal has a bug
 * @example
 * ```ts
 * import { loadModel } from 'hadal'
 *
 * const model = await loadModel('/models/lanternfish/', { onProgress: ({ fraction }) => show(fraction) })
 * const messages = [{ role: 'user', content: 'Who are you?' }] as const
 * const { choices } = await model.chat.completions.create({ messages })
 * show(choices[0]?.message.content)
 * ```
 */
export async function loadModel(source: ModelSource, options?: LoadOptions): Promise<LoadedModel>
/**
 * Opens a model on an OpenAI-compatible server, such as vLLM, SGLang, llama-server or DeepSeek's API, for
 * when a tab is not enough. What is asked then leaves this device; nothing else sends it anywhere.
 * @param source `{ endpoint, model, apiKey }`
 * @throws HadalError as `openEndpoint`: `bad_request`, `network`, `no_access`, `not_found`, `aborted`
 */
export async function loadModel(
  source: EndpointOptions,
  options?: Pick<EndpointOptions, 'signal'>,
): Promise<EndpointModel>
export async function loadModel(
  source: ModelSource | EndpointOptions,
  options: LoadOptions = {},
): Promise<LoadedModel | EndpointModel> {
  if (!isEndpoint(source)) return loadInWorker(source, options)
  const { openEndpoint } = await import('../endpoint/open-endpoint.ts') // loaded when wanted
  return openEndpoint({ ...source, ...options })
}

const isEndpoint = (source: ModelSource | EndpointOptions): source is EndpointOptions =>
  isJsonObject(source) && 'endpoint' in source

async function loadInWorker(source: ModelSource, options: LoadOptions): Promise<LoadedModel> {
  const { onProgress = () => {}, onStatus = () => {}, signal, keep, worker: start = spawnWorker } = options
  const request = {
    ...workerLoadRequest(source, options, PAGE_OPTIONS),
    ...definedFields({ keep: readField('keep', keep, oneOf(['files', 'packed'])) }),
  }
  if (keep && 'files' in request.modelSource)
    throw badField('keep', 'is not supported for picked files', 'They lie on this device already.')
  throwIfAborted(signal)
  // Requested here because workers cannot. Not awaited: Firefox asks the user, who may never answer. Refused
  // or not, the load goes on; the browser may then evict the files.
  if (keep) void navigator.storage?.persist?.().catch(() => false)
  const open = async (
    as: WorkerLoadRequest,
    report: (progress: LoadProgress) => void,
    cancel: AbortSignal | undefined,
  ) => {
    const worker = startWorker(start)
    try {
      const loading = worker.remote.load(as, proxy(report), proxy(statusReporter(onStatus)))
      const info = await untilAborted(unwrapOutcome(worker, loading), cancel)
      const { died } = await watchLife(worker.remote, worker.ended)
      return { info, engine: { ...worker, lost: Promise.race([worker.failed, died]), destroy: worker.close } }
    } catch (error) {
      const explained = explainSource(error, source)
      worker.close(explained)
      throw explained
    }
  }
  const { info, engine } = await open(request, onProgress, signal)
  const reopen = async (reason: HadalError, ended: AbortSignal) => {
    const report = (progress: LoadProgress) => onStatus({ state: 'recovering', reason, progress })
    return (await open({ ...request, loadedAs: info.quantize }, report, ended)).engine
  }
  const link = new EngineLink(engine, { reopen, onStatus })
  return wrapModel({ ...info, notices: [...sourceNotices(source), ...info.notices] }, link)
}
