// The way from a model to its engine, and to the one that takes its place when a worker crashes.
import { untilAborted } from '../lib/abort.ts'
import type { HadalError } from '../lib/error.ts'
import { Live, type Losable } from '../lib/live.ts'
import { deserializeError, type Outcome, type RemoteEngine } from '../worker/protocol.ts'
import { type EventReceiver, receive } from './receiver.ts'
import type { ModelStatus } from './status.ts'
import { openEnding, unwrapOutcome, type WorkerHandle } from './worker.ts'

/** An engine that has loaded a model, in a worker or in this thread. */
export interface LinkedEngine extends Losable, Pick<WorkerHandle<RemoteEngine>, 'ended' | 'closed'> {
  readonly remote: RemoteEngine
}

export interface LinkOptions {
  /** Starts another worker and loads the model in it; missing where there is no worker. */
  readonly reopen?: (reason: HadalError, signal: AbortSignal) => Promise<LinkedEngine>
  readonly onStatus: (status: ModelStatus) => void
}

/** Sends a request. @param before the events so far, if another engine has begun with it */
type BeginStream<T> = (remote: RemoteEngine, port: MessagePort, before: readonly T[]) => Promise<unknown>

/** Calls and streams of a model, whichever engine answers them. */
export class EngineLink {
  /** Resolves when the model is lost for good. */
  readonly lost: Promise<HadalError>
  readonly #live: Live<LinkedEngine>
  readonly #ending = openEnding()

  constructor(first: LinkedEngine, { reopen, onStatus }: LinkOptions) {
    let giveUp: (reason: HadalError) => void = () => {}
    /** The engine itself gives up when it cannot get a GPU again. */
    const watch = (engine: LinkedEngine): LinkedEngine => {
      engine.remote.lost().then(
        (error) => giveUp(deserializeError(error)),
        () => {}, // it was closed
      )
      return engine
    }
    const { ended } = this.#ending
    const replace = reopen && {
      async reopen(reason: HadalError) {
        onStatus({ state: 'recovering', reason })
        return watch(await reopen(reason, ended))
      },
    }
    this.#live = new Live(watch(first), {
      ...replace,
      onReady: () => onStatus({ state: 'ready' }),
      signal: ended,
    })
    const gone = new Promise<HadalError>((resolve) => {
      giveUp = resolve
    })
    this.lost = Promise.race([this.#live.lost, gone])
    void this.#live.lost.then((reason) => onStatus({ state: 'lost', reason }))
  }

  /** Runs a call on the engine, and on the next one if its worker crashes meanwhile. */
  call<T>(work: (remote: RemoteEngine) => Promise<Outcome<T>>): Promise<T> {
    return this.#live.run((engine) => unwrapOutcome(engine, work(engine.remote)))
  }

  /** A stream that starts when it is first read. If the worker crashes, the next one goes on with it. */
  stream<T>(begin: BeginStream<T>, signal?: AbortSignal): EventStream<T> {
    return new ResumingStream(this.#live, begin, signal)
  }

  /** Ends everything. May be called again. @param error rejects what still waits */
  async close(error: HadalError): Promise<void> {
    if (this.#ending.ended.aborted) return
    this.#ending.end(error)
    const { latest } = this.#live
    if (latest.ended.aborted) return // it is lost, and no other was opened
    await Promise.race([latest.remote.unload(), latest.lost])
    latest.destroy(error)
  }
}

/** Events in order. `return`, which leaving a `for await` loop calls, cancels the rest. */
export type EventStream<T> = AsyncIterableIterator<T, undefined> & {
  return(): Promise<IteratorResult<T, undefined>>
}

class ResumingStream<T> implements EventStream<T> {
  readonly #live: Live<LinkedEngine>
  readonly #begin: BeginStream<T>
  readonly #signal: AbortSignal | undefined
  readonly #before: T[] = []
  #events: EventReceiver<T> | undefined
  #of: LinkedEngine | undefined
  readonly #left = new AbortController()

  constructor(live: Live<LinkedEngine>, begin: BeginStream<T>, signal: AbortSignal | undefined) {
    this.#live = live
    this.#begin = begin
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#left.signal.aborted) return DONE
    const next = this.#live.run((engine) => this.#receiver(engine).next(), this.#signal)
    const result = await untilAborted(next, this.#left.signal).catch((error: unknown) => {
      if (this.#left.signal.aborted) return DONE
      throw error
    })
    if (!result.done) this.#before.push(result.value)
    return result
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#left.abort()
    await this.#events?.return()
    return DONE
  }

  #receiver(engine: LinkedEngine): EventReceiver<T> {
    if (this.#events && this.#of === engine) return this.#events
    const before = [...this.#before]
    this.#of = engine
    this.#events = receive<T>(engine.ended, (port) => this.#begin(engine.remote, port, before), this.#signal)
    return this.#events
  }
}

const DONE = { done: true, value: undefined } as const
