// A streamed answer of a server: read as it arrives, whether or not anybody waits for it.
import { abortedError, HadalError } from '../lib/error.ts'

/** A value, and how much of the answer it came from, in characters. */
export interface Sized<T> {
  readonly value: T
  readonly size: number
}

/** What may be ready without being read. */
const MAX_UNREAD = 64 * 2 ** 20
/** What a value takes beside its text, counted in characters. */
const VALUE_SIZE = 256

/**
 * An async iterator over what `source` yields. The source is read ahead at once and to its end: browsers open
 * few connections to a server, and an answer that nobody reads would hold one of them.
 */
export class ReadAhead<T> implements AsyncIterableIterator<T, undefined> {
  readonly #ready: Sized<T>[] = []
  #unread = 0
  readonly #signal: AbortSignal | undefined
  readonly #cancel: () => void
  #failure: { readonly error: unknown } | undefined
  #ended = false
  #waiting: (() => void)[] = []

  /**
   * @param cancel ends the source early
   * @param signal once it has fired, nothing more is given, be it ready or not
   */
  constructor(source: AsyncIterable<Sized<T>>, cancel: () => void, signal: AbortSignal | undefined) {
    this.#cancel = cancel
    this.#signal = signal
    void this.#fill(source)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Resolves when there is something to give, or nothing more will come. */
  async begun(): Promise<void> {
    while (this.#ready.length === 0 && !this.#ended) await this.#change()
    if (this.#ready.length === 0) this.#throwFailure()
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#signal?.aborted && !this.#isOver) this.#stop({ error: abortedError(this.#signal) })
      const first = this.#ready.shift()
      if (first) {
        this.#unread -= first.size + VALUE_SIZE
        return { done: false, value: first.value }
      }
      this.#throwFailure()
      if (this.#ended) return { done: true, value: undefined }
      await this.#change()
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#stop(undefined)
    return { done: true, value: undefined }
  }

  get #isOver(): boolean {
    return this.#ended && this.#ready.length === 0 && !this.#failure
  }

  #stop(failure: { readonly error: unknown } | undefined): void {
    this.#ready.length = 0
    this.#failure = failure
    this.#ended = true
    this.#cancel()
    this.#wake()
  }

  /** An error is thrown once; after it, the stream has ended. */
  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.error
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async #fill(source: AsyncIterable<Sized<T>>): Promise<void> {
    try {
      for await (const sized of source) {
        if (this.#ended) return
        this.#ready.push(sized)
        this.#unread += sized.size + VALUE_SIZE
        if (this.#unread > MAX_UNREAD) throw leftUnread()
        this.#wake()
      }
    } catch (error) {
      if (!this.#ended) this.#failure = { error }
    } finally {
      this.#ended = true
      this.#wake()
    }
  }
}

const leftUnread = () =>
  new HadalError('network', 'The answer was left unread, and has grown too long to keep.', {
    hint: 'Read the stream as it arrives, or leave it.',
  })
