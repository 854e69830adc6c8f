// Answers: how does an application get a model? A worker is started, told where the model is, and wrapped as a `Model`.
// It must not know how a model is read or run.
import { proxy } from 'comlink'
import { given, optionalWord } from '../lib/check.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import {
  type BenchEvent,
  type BenchSettings,
  fromPlain,
  type GenerateEvent,
  type GpuBytes,
  type LoadProgress,
  type ModelInfo,
} from '../worker/protocol.ts'
import { type ChatCompletions, chatCompletions, type StartGeneration } from './chat.ts'
import { loadRequest, type Place, type PlaceOptions } from './place.ts'
import { receive } from './receiver.ts'
import type { RequestOptions } from './shapes.ts'
import { spawnWorker } from './spawn.ts'
import { answerOf, type EngineWorker, errorOf, openWorker } from './worker.ts'

export interface LoadOptions extends PlaceOptions {
  /**
   * What this browser keeps for the next time, so that the model is there without a network: its files, or its quantised form alone.
   * Default: nothing. What it keeps already is used in any case, and never downloaded again.
   */
  keep?: 'files' | 'packed'
  /** Called often while loading: phase, bytes, speed, time left. */
  onProgress?: (progress: LoadProgress) => void
  /** Cancels the load: the promise rejects with `aborted`. */
  signal?: AbortSignal
  /** Starts the worker some other way, for example from a script on another path. */
  worker?: () => Worker
}

/** A loaded model. It occupies a worker and GPU memory until `unload`. */
export interface Model {
  readonly info: ModelInfo
  readonly chat: { readonly completions: ChatCompletions }
  /**
   * Measures what keeping keys and values costs here in each form: bytes, and the time of steps at each context. What `settings` leaves out has
   * defaults. Each event carries all that is known so far; after the last one `result.complete` is true. Answers wait meanwhile. When the
   * signal fires the iterable rejects with `aborted`, as `return` (leaving a `for await` loop) ends it: the last event keeps what was measured.
   * @throws HadalError `bad_request` for odd settings, `aborted`, `device_lost`
   */
  benchmark(settings?: Partial<BenchSettings>, options?: RequestOptions): AsyncIterableIterator<BenchEvent>
  /** Bytes of live GPU buffers, by purpose. */
  gpuBytes(): Promise<GpuBytes>
  /** Gives everything back. Answers in progress reject with `aborted`. May be called again. */
  unload(): Promise<void>
  /** Resolves with the error if the GPU or the worker is lost; the model must then be loaded again. */
  readonly lost: Promise<HadalError>
}

/**
 * Loads a model into a worker of its own.
 * @throws HadalError `no_webgpu`, `not_found`, `no_access`, `network`, `bad_file`, `bad_config`, `unsupported`, `out_of_memory`,
 * `aborted`, `bad_request`
 */
export async function loadModel(place: Place, options: LoadOptions = {}): Promise<Model> {
  const { onProgress, signal, keep, worker: start = spawnWorker } = options
  const request = {
    ...loadRequest(place, options),
    ...given({ keep: optionalWord('keep', keep, ['files', 'packed']) }),
  }
  if (keep) await navigator.storage?.persist?.().catch(() => false) // asked here, since workers cannot; a no is no reason to stop
  throwIfAborted(signal)
  const worker = openWorker(start)
  const cancel = () => void worker.remote.cancelLoad()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const loading = worker.remote.load(request, proxy(onProgress ?? (() => {})))
    return wrapModel(await answerOf(worker, loading), worker)
  } catch (error) {
    worker.close(errorOf(error))
    throwIfAborted(signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

function wrapModel(info: ModelInfo, worker: EngineWorker): Model {
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
      return answerOf(worker, remote.gpuBytes())
    },
    unload() {
      unloading ??= end()
      return unloading
    },
    lost: Promise.race([failed, remote.lost().then(fromPlain)]),
  }
}
