// Answers: how does an application get a model? A worker is started, told where the model is, and wrapped as a `Model`.
// It must not know how a model is read or run.
import { proxy, releaseProxy, transfer, wrap } from 'comlink'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import {
  fromPlain,
  type GenerateEvent,
  type GpuBytes,
  type LoadProgress,
  type LoadRequest,
  type ModelInfo,
  type Outcome,
  type RemoteEngine,
  toPlain,
} from '../worker/protocol.ts'
import { type ChatCompletions, chatCompletions, type StartGeneration } from './chat.ts'
import { badField, optionalInteger, shown } from './check.ts'
import { EventReceiver } from './receiver.ts'
import { spawnWorker } from './spawn.ts'

export interface LoadOptions {
  /** Called often while loading: phase, bytes, speed, time left. */
  onProgress?: (progress: LoadProgress) => void
  /** Cancels the load: the promise rejects with `aborted`. */
  signal?: AbortSignal
  /** Most tokens of prompt and answer together. Default: what the model was made for, or less where the GPU's memory is smaller. */
  contextLength?: number
  /** Element type of the KV cache. Default: f16. */
  cache?: 'f16' | 'f32'
  /** Starts the worker some other way, for example from a script on another path. */
  worker?: () => Worker
}

/** A loaded model. It occupies a worker and GPU memory until `unload`. */
export interface Model {
  readonly info: ModelInfo
  readonly chat: { readonly completions: ChatCompletions }
  /** Bytes of live GPU buffers, by purpose. */
  gpuBytes(): Promise<GpuBytes>
  /** Gives everything back. Answers in progress reject with `aborted`. May be called again. */
  unload(): Promise<void>
  /** Resolves with the error if the GPU or the worker is lost; the model must then be loaded again. */
  readonly lost: Promise<HadalError>
}

/**
 * Loads a model into a worker of its own.
 * @param place the address of a Hugging Face folder, relative to the page, or the files of one.
 * @throws HadalError `no_webgpu`, `not_found`, `network`, `bad_file`, `bad_config`, `unsupported`, `out_of_memory`, `aborted`, `bad_request`
 */
export async function loadModel(
  place: string | URL | readonly File[],
  options: LoadOptions = {},
): Promise<Model> {
  const { onProgress, signal, worker: start = spawnWorker } = options
  throwIfAborted(signal)
  const request = loadRequest(place, options)
  const worker = start()
  const remote = wrap<RemoteEngine>(worker)
  const ended = new AbortController()
  const lost = watchWorker(worker)
  const close = (error: HadalError) => {
    if (ended.signal.aborted) return
    ended.abort(error)
    remote[releaseProxy]()
    worker.terminate()
  }
  const cancel = () => void remote.cancelLoad()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const died = lost.then((error): Outcome<ModelInfo> => ({ ok: false, error: toPlain(error) }))
    const loaded = await Promise.race([remote.load(request, proxy(onProgress ?? (() => {}))), died])
    return wrapModel(unwrapped(loaded), remote, { lost, ended: ended.signal, close })
  } catch (error) {
    close(error instanceof HadalError ? error : new HadalError('internal', String(error), { cause: error }))
    throwIfAborted(signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

interface WorkerLife {
  readonly lost: Promise<HadalError>
  readonly ended: AbortSignal
  close(error: HadalError): void
}

function wrapModel(info: ModelInfo, remote: ReturnType<typeof wrap<RemoteEngine>>, life: WorkerLife): Model {
  const { ended } = life
  const start: StartGeneration = (request, signal) => {
    ended.throwIfAborted()
    const { port1, port2 } = new MessageChannel()
    void remote.generate(request, transfer(port2, [port2]))
    return new EventReceiver<GenerateEvent>(port1, { signal, ended })
  }
  const lost = Promise.race([life.lost, remote.lost().then(fromPlain)])
  void life.lost.then(life.close)
  return {
    info,
    chat: { completions: chatCompletions(info.name, start) },
    async gpuBytes() {
      ended.throwIfAborted()
      return unwrapped(await remote.gpuBytes())
    },
    async unload() {
      if (ended.aborted) return
      await Promise.race([remote.unload(), life.lost])
      life.close(
        new HadalError('aborted', 'The model was unloaded.', { hint: 'Load it again with loadModel().' }),
      )
    },
    lost,
  }
}

function loadRequest(
  place: string | URL | readonly File[],
  { contextLength, cache }: LoadOptions,
): LoadRequest {
  const length = optionalInteger('contextLength', contextLength, 1, 2 ** 31)
  if (cache !== undefined && cache !== 'f16' && cache !== 'f32') {
    throw badField('cache', `must be "f16" or "f32", not ${shown(cache)}`)
  }
  return {
    place: Array.isArray(place) ? { files: [...place] } : { url: absolute(String(place)) },
    ...(length !== undefined && { contextLength: length }),
    ...(cache && { cache }),
  }
}

// The worker's own address is another one, so relative addresses are resolved here; a folder's address ends with a slash.
function absolute(place: string): string {
  try {
    const url = new URL(place, globalThis.document?.baseURI ?? globalThis.location?.href)
    if (!url.pathname.endsWith('/')) url.pathname += '/'
    return url.href
  } catch (cause) {
    throw new HadalError('bad_request', `${shown(place)} is not an address.`, { cause })
  }
}

/** Resolves if the worker's script cannot be loaded or fails outside a call. */
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

function unwrapped<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw fromPlain(outcome.error)
}
