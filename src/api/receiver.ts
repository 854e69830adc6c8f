// Turns the worker's messages into an async iterator: in order, and with immediate abort.
import { transfer } from 'comlink'
import { throwIfAborted } from '../lib/error.ts'
import {
  deserializeError,
  type StreamCommand,
  type StreamMessage,
  serializeError,
} from '../worker/protocol.ts'

/**
 * Starts a stream of events in a worker.
 * @param ended the worker's; if it has fired, its reason is thrown
 * @param begin sends the request with the port that the worker answers on
 * @param signal cancels the stream
 */
export function receive<T>(
  ended: AbortSignal,
  begin: (port: MessagePort) => Promise<unknown>,
  signal?: AbortSignal,
): EventReceiver<T> {
  ended.throwIfAborted()
  const { port1, port2 } = new MessageChannel()
  begin(transfer(port2, [port2])).catch((error: unknown) => {
    // If cloning failed, the port was never transferred; report on it.
    const refusal: StreamMessage<T> = {
      type: 'error',
      error: {
        code: 'bad_request',
        message: `The request could not be sent to the worker: ${error}`,
        hint: 'Pass plain data only, no functions.',
      },
    }
    port2.postMessage(refusal)
  })
  return new EventReceiver<T>(port1, { signal, ended })
}

/** The events of one stream. `return`, which leaving a `for await` loop calls, cancels the rest. */
export class EventReceiver<T> implements AsyncIterableIterator<T> {
  readonly #port: MessagePort
  readonly #signal: AbortSignal | undefined
  readonly #arrived: StreamMessage<T>[] = []
  readonly #ended: AbortSignal | undefined
  readonly #onAbort = () => this.#cancel()
  readonly #onEnded = () => this.#accept({ type: 'error', error: serializeError(this.#ended?.reason) })
  #waiting: (() => void)[] = []
  #closed = false

  /**
   * @param signal cancels: `next` then rejects with `aborted`
   * @param ended fires, with an error as its reason, when the worker is gone and nothing more can arrive
   */
  constructor(
    port: MessagePort,
    { signal, ended }: { signal?: AbortSignal | undefined; ended?: AbortSignal } = {},
  ) {
    this.#port = port
    this.#signal = signal
    this.#ended = ended
    port.addEventListener('message', ({ data }: MessageEvent<StreamMessage<T>>) => this.#accept(data))
    port.start()
    if (signal?.aborted) this.#cancel()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (ended?.aborted) this.#onEnded()
    else ended?.addEventListener('abort', this.#onEnded, { once: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      throwIfAborted(this.#signal)
      const message = this.#arrived.shift()
      if (message?.type === 'event') return { done: false, value: message.event }
      if (message) this.#close()
      if (message?.type === 'error') throw deserializeError(message.error)
      if (this.#closed) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#cancel()
    this.#arrived.length = 0
    return { done: true, value: undefined }
  }

  #accept(message: StreamMessage<T>): void {
    this.#arrived.push(message)
    if (message.type !== 'event') this.#stopListening() // nothing follows, though it may lie unread for long
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #stopListening(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#ended?.removeEventListener('abort', this.#onEnded)
  }

  #cancel(): void {
    this.#send({ type: 'abort' })
    this.#close()
    this.#wake()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening()
    this.#port.close()
  }

  #send(message: StreamCommand): void {
    if (!this.#closed) this.#port.postMessage(message)
  }
}
