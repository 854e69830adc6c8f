// Loads a model in a worker of its own and wraps the worker as a `LoadedModel`.
import { proxy } from 'comlink'
import { definedFields, oneOf, readField } from '../lib/check.ts'
import { asHadalError, HadalError, throwIfAborted } from '../lib/error.ts'
import {
  type BenchEvent,
  type BenchSettings,
  deserializeError,
  type GenerateEvent,
  type GpuBytes,
  type LoadProgress,
  type ModelInfo,
} from '../worker/protocol.ts'
import { spawnWorker } from '../worker/spawn.ts'
import { type ChatCompletions, chatCompletions, type StartGeneration } from './chat.ts'
import { type ModelSource, type ModelSourceOptions, workerLoadRequest } from './model-source.ts'
import type { RequestOptions } from './openai-types.ts'
import { receive } from './receiver.ts'
import { type EngineWorker, startWorker, unwrapOutcome } from './worker.ts'

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
  /** Cancels the load: the promise rejects with `aborted`. */
  signal?: AbortSignal
  /** Starts the worker in another way, for example from a script on another path. */
  worker?: () => Worker
}

/** A loaded model. It holds a worker and GPU memory until `unload`. */
export interface LoadedModel {
  /** Architecture, sizes, limits and the kernel variants in use. */
  readonly info: ModelInfo
  /** OpenAI's client interface: `model.chat.completions.create(...)`. */
  readonly chat: { readonly completions: ChatCompletions }
  /**
   * Measures each layout of the KV cache on this device: bytes, and milliseconds of prefill and decode steps
   * at each context length. Requests wait meanwhile.
   *
   * Each event carries everything measured so far; the last one has `result.complete`. When the signal fires,
   * the iterable rejects with `aborted`; leaving a `for await` loop ends the benchmark. Either way, the last
   * event keeps what was measured.
   * @param settings missing fields have defaults
   * @throws HadalError `bad_request` (impossible settings), `aborted`, `device_lost`
   */
  benchmark(settings?: Partial<BenchSettings>, options?: RequestOptions): AsyncIterableIterator<BenchEvent>
  /** Bytes of live GPU buffers, by purpose, and their `total`. @throws HadalError `aborted` after `unload` */
  gpuBytes(): Promise<GpuBytes>
  /** Frees the worker and all GPU memory. Requests in progress reject with `aborted`. May be called again. */
  unload(): Promise<void>
  /** Resolves with an error if the GPU device or the worker is lost. Load the model again then. */
  readonly lost: Promise<HadalError>
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
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<LoadedModel> {
  const { onProgress, signal, keep, worker: start = spawnWorker } = options
  const request = {
    ...workerLoadRequest(source, options),
    ...definedFields({ keep: readField('keep', keep, oneOf(['files', 'packed'])) }),
  }
  throwIfAborted(signal)
  // Requested here because workers cannot. Not awaited: Firefox asks the user, who may never answer. Refused
  // or not, the load goes on; the browser may then evict the files.
  if (keep) void navigator.storage?.persist?.().catch(() => false)
  const worker = startWorker(start)
  const cancel = () => void worker.remote.cancelLoad()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const loading = worker.remote.load(request, proxy(onProgress ?? (() => {})))
    return wrapModel(await unwrapOutcome(worker, loading), worker)
  } catch (error) {
    worker.close(asHadalError(error))
    throwIfAborted(signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

function wrapModel(info: ModelInfo, worker: EngineWorker): LoadedModel {
  const { remote, failed, ended } = worker
  const start: StartGeneration = (request, signal) =>
    receive<GenerateEvent>(ended, (port) => remote.generate(request, port), signal)
  const end = async () => {
    if (ended.aborted) return
    await Promise.race([remote.unload(), failed])
    worker.close(
      new HadalError('aborted', 'The model was unloaded.', { hint: 'Load it again with loadModel().' }),
    )
  }
  let unloading: Promise<void> | undefined
  return {
    info,
    chat: { completions: chatCompletions(info.name, start) },
    benchmark: (settings = {}, { signal } = {}) =>
      receive<BenchEvent>(ended, (port) => remote.bench(settings, port), signal),
    async gpuBytes() {
      ended.throwIfAborted()
      return unwrapOutcome(worker, remote.gpuBytes())
    },
    unload() {
      unloading ??= end()
      return unloading
    },
    lost: Promise.race([failed, remote.lost().then(deserializeError)]),
  }
}
