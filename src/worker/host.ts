// The worker's side of the protocol: owns one engine, runs requests one at a time, returns errors as values.
import type { Engine } from '../engine/engine.ts'
import { HadalError } from '../lib/error.ts'
import { Live } from '../lib/live.ts'
import { resuming } from '../lib/resuming.ts'
import { FifoMutex } from './fifo-mutex.ts'
import { loadFraction } from './load-fraction.ts'
import { captureOutcome } from './outcome.ts'
import { afterReports } from './progress-order.ts'
import {
  type BenchEvent,
  type BenchSettings,
  type EmbedResult,
  type GenerateEvent,
  type LoadPlan,
  type LoadProgress,
  type PhaseProgress,
  type RemoteEngine,
  resumedRequest,
  serializeError,
  type WorkerLoadRequest,
} from './protocol.ts'
import { sendStream } from './sender.ts'

/** Requests that may wait at the same time. */
const DEFAULT_MAX_QUEUE = 1000

/** The part of an engine that the worker uses. */
export type HostedEngine = Pick<
  Engine,
  'info' | 'gpuBytes' | 'generate' | 'embed' | 'sessionTask' | 'tokenize' | 'detokenize' | 'destroy' | 'lost'
>

/** Loads a model on the GPU. Rejects with a `HadalError`. */
export type OpenEngine<E extends HostedEngine> = (
  request: WorkerLoadRequest,
  options: { onProgress(progress: PhaseProgress): void; signal: AbortSignal },
) => Promise<E>

/** Plans a model from its config and headers. Rejects with a `HadalError`. */
export type PlanModel = (request: WorkerLoadRequest, options: { signal: AbortSignal }) => Promise<LoadPlan>

/** Runs the KV-cache benchmark. */
export type MeasureCaches<E> = (
  engine: E,
  settings: Partial<BenchSettings>,
  signal: AbortSignal,
) => AsyncIterable<BenchEvent>

/** What a host loads, plans and measures with. */
export interface HostParts<E extends HostedEngine> {
  readonly open: OpenEngine<E>
  readonly plan: PlanModel
  readonly measure: MeasureCaches<E>
  /** false: a model on a lost device is not loaded again. Default: true. */
  readonly reopens?: boolean
}

/** The worker's side of the protocol, for the engine that `open` loads. */
export function engineHost<E extends HostedEngine>({
  open,
  plan,
  measure,
  reopens = true,
}: HostParts<E>): RemoteEngine {
  const unloading = new AbortController()
  const { signal: unloaded } = unloading
  const mutex = new FifoMutex()
  let live: Live<E> | undefined
  let maxQueue = DEFAULT_MAX_QUEUE

  function loaded(): Live<E> {
    unloaded.throwIfAborted()
    if (live) return live
    throw new HadalError('bad_request', 'No model is loaded.', { hint: 'Load a model first.' })
  }

  /** Yields what `work` yields, once no other request uses the engine. */
  async function* exclusively<T>(
    signal: AbortSignal,
    work: (engine: Live<E>) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    if (mutex.waiting >= maxQueue) throw queueFull(maxQueue)
    const release = await mutex.acquire(signal)
    try {
      yield* work(loaded())
    } finally {
      release()
    }
  }

  return {
    async load(request, onProgress, onStatus = () => {}) {
      maxQueue = request.maxQueue ?? DEFAULT_MAX_QUEUE
      const load = (as: WorkerLoadRequest, report: (progress: LoadProgress) => void) => {
        const withFraction = loadFraction(request.keep === 'packed')
        return open(as, { onProgress: (progress) => report(withFraction(progress)), signal: unloaded })
      }
      return captureOutcome(async () => {
        const engine = await afterReports(onProgress, (report) => load(request, report))
        if (unloaded.aborted) engine.destroy()
        unloaded.throwIfAborted()
        const reopen = (cause: HadalError) => {
          const reason = serializeError(cause)
          onStatus({ state: 'recovering', reason })
          return load({ ...request, loadedAs: engine.info.quantize }, (progress) =>
            onStatus({ state: 'recovering', reason, progress }),
          )
        }
        live = new Live(engine, {
          ...(reopens && { reopen }),
          onReady: () => onStatus({ state: 'ready' }),
          signal: unloaded,
        })
        void live.lost.then((reason) => onStatus({ state: 'lost', reason: serializeError(reason) }))
        return engine.info
      })
    },
    plan: (request) => captureOutcome(() => plan(request, { signal: unloaded })),
    async generate(request, port) {
      void sendStream(port, (signal) =>
        exclusively(signal, (engine) =>
          resuming<E, GenerateEvent>(
            engine,
            (model, before) => model.generate(resumedRequest(request, before), signal),
            signal,
          ),
        ),
      )
    },
    async embed(request, port) {
      void sendStream(port, (signal) =>
        exclusively(signal, (engine) =>
          resuming<E, EmbedResult>(
            engine,
            (model, before) => model.embed({ ...request, input: request.input.slice(before.length) }, signal),
            signal,
          ),
        ),
      )
    },
    async session(task, port) {
      void sendStream(port, (signal) =>
        exclusively(signal, async function* (engine) {
          yield await engine.run((model) => model.sessionTask(task, signal), signal)
        }),
      )
    },
    async bench(settings, port) {
      void sendStream(port, (signal) =>
        exclusively(signal, async function* (engine) {
          yield* measure(await engine.ready(), settings, signal)
        }),
      )
    },
    tokenize: (request) => captureOutcome(async () => loaded().latest.tokenize(request)),
    detokenize: (ids) => captureOutcome(async () => loaded().latest.detokenize(ids)),
    gpuBytes: () => captureOutcome(async () => (await live?.ready())?.gpuBytes() ?? {}),
    lost: async () => serializeError(await loaded().lost),
    async unload() {
      unloading.abort(new HadalError('aborted', 'The model was unloaded.', { hint: 'Load it again.' }))
      live?.latest.destroy()
      live = undefined
    },
  }
}

const queueFull = (most: number): HadalError =>
  new HadalError('busy', `${most} requests wait for this model already.`, {
    hint: 'Wait for some to end, cancel some, or load the model with a larger `maxQueue`.',
  })
