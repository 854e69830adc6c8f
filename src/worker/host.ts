// The worker's side of the protocol: owns one engine, runs requests one at a time, returns errors as values.
import type { Engine } from '../engine/engine.ts'
import { expectDefined, HadalError, throwIfAborted } from '../lib/error.ts'
import { FifoMutex } from './fifo-mutex.ts'
import { loadFraction } from './load-fraction.ts'
import { captureOutcome } from './outcome.ts'
import { afterReports } from './progress-order.ts'
import type { BenchEvent, BenchSettings, LoadPlan, PhaseProgress } from './protocol.ts'
import { type RemoteEngine, serializeError, type WorkerLoadRequest } from './protocol.ts'
import { sendStream } from './sender.ts'

/** The part of an engine that the worker uses. */
export type HostedEngine = Pick<
  Engine,
  'info' | 'gpuBytes' | 'generate' | 'embed' | 'tokenize' | 'detokenize' | 'destroy' | 'lost'
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

/** The worker's side of the protocol, for the engine that `open` loads. */
export function engineHost<E extends HostedEngine>(
  open: OpenEngine<E>,
  plan: PlanModel,
  measure: MeasureCaches<E>,
): RemoteEngine {
  const loading = new AbortController()
  const mutex = new FifoMutex()
  let engine: E | undefined

  function loaded(): E {
    if (engine) return engine
    throw new HadalError('bad_request', 'No model is loaded.', { hint: 'Load a model first.' })
  }

  /** Yields what `work` yields, once no other request uses the engine. */
  async function* exclusively<T>(
    signal: AbortSignal,
    work: (engine: E) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const release = await mutex.acquire(signal)
    try {
      yield* work(loaded())
    } finally {
      release()
    }
  }

  return {
    async load(request, onProgress) {
      return captureOutcome(async () => {
        const withFraction = loadFraction(request.keep === 'packed')
        const opened = await afterReports(onProgress, (report) =>
          open(request, {
            onProgress: (progress) => report(withFraction(progress)),
            signal: loading.signal,
          }),
        )
        if (loading.signal.aborted) opened.destroy()
        throwIfAborted(loading.signal)
        engine = opened
        return opened.info
      })
    },
    plan: (request) => captureOutcome(() => plan(request, { signal: loading.signal })),
    async generate(request, port) {
      void sendStream(port, (signal) => exclusively(signal, (model) => model.generate(request, signal)))
    },
    async embed(request, port) {
      void sendStream(port, (signal) => exclusively(signal, (model) => model.embed(request, signal)))
    },
    async bench(settings, port) {
      void sendStream(port, (signal) => exclusively(signal, (model) => measure(model, settings, signal)))
    },
    tokenize: (request) => captureOutcome(async () => loaded().tokenize(request)),
    detokenize: (ids) => captureOutcome(async () => loaded().detokenize(ids)),
    gpuBytes: () => captureOutcome(async () => engine?.gpuBytes() ?? {}),
    lost: async () => serializeError(await expectDefined(engine, 'the engine').lost),
    async unload() {
      loading.abort()
      engine?.destroy()
      engine = undefined
    },
  }
}
