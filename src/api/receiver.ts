// Answers: how do the worker's messages become an async iterator again? In order, with credits for what was read, and with an
// abort that is felt at once. It must not know what the events mean.
import { transfer } from 'comlink'
import { throwIfAborted } from '../lib/error.ts'
import { fromPlain, type StreamDown, type StreamUp, toPlain } from '../worker/protocol.ts'

// Events on their way or waiting to be read. Credits are renewed when half are used, so that the worker never stops for a reader
// that keeps up.
const window = 64

/** The events of something that a worker does, which `begin` asks for. @param ended of the worker; throws its reason if it has fired */
export function receive<T>(
  ended: AbortSignal,
  begin: (port: MessagePort) => Promise<unknown>,
  signal?: AbortSignal,
): EventReceiver<T> {
  ended.throwIfAborted()
  const { port1, port2 } = new MessageChannel()
  begin(transfer(port2, [port2])).catch((error: unknown) => {
    // What cannot be cloned was not sent, and so the port is here still.
    const refusal: StreamDown<T> = {
      type: 'error',
      error: { code: 'bad_request', message: String(error), hint: '' },
    }
    port2.postMessage(refusal)
  })
  return new EventReceiver<T>(port1, { signal, ended })
}

/** The events of one answer. `return` (which leaving a `for await` loop calls) cancels the rest. */
export class EventReceiver<T> implements AsyncIterableIterator<T> {
  readonly #port: MessagePort
  readonly #signal: AbortSignal | undefined
  readonly #arrived: StreamDown<T>[] = []
  readonly #ended: AbortSignal | undefined
  readonly #onAbort = () => this.#cancel()
  readonly #onEnded = () => this.#accept({ type: 'error', error: toPlain(this.#ended?.reason) })
  #wake = () => {}
  #read = 0
  #closed = false

  /**
   * @param signal cancels: `next` then rejects with `aborted`.
   * @param ended fires, with an error as its reason, when the worker is gone and nothing more can arrive.
   */
  constructor(
    port: MessagePort,
    { signal, ended }: { signal?: AbortSignal | undefined; ended?: AbortSignal } = {},
  ) {
    this.#port = port
    this.#signal = signal
    this.#ended = ended
    port.addEventListener('message', ({ data }: MessageEvent<StreamDown<T>>) => this.#accept(data))
    port.start()
    if (signal?.aborted) this.#cancel()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (ended?.aborted) this.#onEnded()
    else ended?.addEventListener('abort', this.#onEnded, { once: true })
    this.#send({ type: 'credits', count: window })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      throwIfAborted(this.#signal)
      const message = this.#arrived.shift()
      if (message?.type === 'event') {
        this.#renewCredits()
        return { done: false, value: message.event }
      }
      if (message) this.#close()
      if (message?.type === 'error') throw fromPlain(message.error)
      if (this.#closed) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#cancel()
    this.#arrived.length = 0
    return { done: true, value: undefined }
  }

  #accept(message: StreamDown<T>): void {
    this.#arrived.push(message)
    this.#wake()
  }

  #renewCredits(): void {
    this.#read += 1
    if (this.#read < window / 2) return
    this.#send({ type: 'credits', count: this.#read })
    this.#read = 0
  }

  #cancel(): void {
    this.#send({ type: 'abort' })
    this.#close()
    this.#wake()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#ended?.removeEventListener('abort', this.#onEnded)
    this.#port.close()
  }

  #send(message: StreamUp): void {
    if (!this.#closed) this.#port.postMessage(message)
  }
}
