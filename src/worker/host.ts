// Answers: what does the worker do with a call? It owns one engine, gives turns to generations, and turns failures into values.
// It must not know how a model is opened, nor that it runs in a worker.
import type { Engine } from '../engine/engine.ts'
import { HadalError, present, throwIfAborted } from '../lib/error.ts'
import { outcomeOf } from './outcome.ts'
import type { BenchEvent, BenchSettings, LoadPlan, LoadProgress } from './protocol.ts'
import { type LoadRequest, type RemoteEngine, toPlain } from './protocol.ts'
import { TurnQueue } from './queue.ts'
import { sendStream } from './sender.ts'

/** What the worker needs of an engine. */
export type HostedEngine = Pick<Engine, 'info' | 'gpuBytes' | 'generate' | 'destroy' | 'lost'>

/** Opens a model: reads it from its place and uploads it. Rejects with a `HadalError`. */
export type OpenEngine<E extends HostedEngine> = (
  request: LoadRequest,
  options: { onProgress(progress: LoadProgress): void; signal: AbortSignal },
) => Promise<E>

/** Plans a model: reads what is small of it. Rejects with a `HadalError`. */
export type PlanModel = (request: LoadRequest, options: { signal: AbortSignal }) => Promise<LoadPlan>

/** Measures a model's KV caches. */
export type MeasureCaches<E> = (
  engine: E,
  settings: Partial<BenchSettings>,
  signal: AbortSignal,
) => AsyncIterable<BenchEvent>

/** The worker's side of the protocol, around an engine that `open` makes. */
export function engineHost<E extends HostedEngine>(
  open: OpenEngine<E>,
  plan: PlanModel,
  measure: MeasureCaches<E>,
): RemoteEngine {
  const loading = new AbortController()
  const turns = new TurnQueue()
  let engine: E | undefined

  /** What the engine yields, when it is this caller's turn. */
  async function* inTurn<T>(signal: AbortSignal, work: (engine: E) => AsyncIterable<T>): AsyncGenerator<T> {
    const endTurn = await turns.turn(signal)
    try {
      if (!engine) throw new HadalError('bad_request', 'No model is loaded.', { hint: 'Load a model first.' })
      yield* work(engine)
    } finally {
      endTurn()
    }
  }

  return {
    async load(request, onProgress) {
      return outcomeOf(async () => {
        const opened = await open(request, { onProgress, signal: loading.signal })
        if (loading.signal.aborted) opened.destroy()
        throwIfAborted(loading.signal)
        engine = opened
        return opened.info
      })
    },
    plan: (request) => outcomeOf(() => plan(request, { signal: loading.signal })),
    cancelLoad: () => loading.abort(),
    generate(request, port) {
      void sendStream(port, (signal) => inTurn(signal, (own) => own.generate(request, signal)))
    },
    bench(settings, port) {
      void sendStream(port, (signal) => inTurn(signal, (own) => measure(own, settings, signal)))
    },
    gpuBytes: () => ({ ok: true, value: engine?.gpuBytes() ?? {} }),
    lost: async () => toPlain(await present(engine, 'the engine').lost),
    unload() {
      loading.abort()
      engine?.destroy()
      engine = undefined
    },
  }
}
