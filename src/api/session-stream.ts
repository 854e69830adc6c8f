// A streamed answer of a session: joins the conversation when it is complete.
import { StreamedMessage } from '../lib/streamed-message.ts'
import type {
  ChatCompletionChunk,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
  ChatCompletionStream,
} from './openai-types.ts'

const DONE = { done: true, value: undefined } as const

export class SessionStream implements AsyncIterableIterator<ChatCompletionChunk, undefined> {
  readonly #chunks: ChatCompletionStream
  readonly #onEnd: (answer?: ChatCompletionMessageParam) => void
  readonly #signal: AbortSignal | undefined
  readonly #answer = new StreamedMessage<ChatCompletionMessageToolCall>()
  readonly #fail = () => this.#end()
  #isFinished = false
  #isOpen = true

  /** @param onEnd called once; without an answer, if there is no complete one */
  constructor(
    chunks: ChatCompletionStream,
    onEnd: (answer?: ChatCompletionMessageParam) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#chunks = chunks
    this.#onEnd = onEnd
    this.#signal = signal
    signal?.addEventListener('abort', this.#fail) // perhaps nobody reads on
    if (signal?.aborted) this.#fail()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    try {
      const result = await this.#chunks.next()
      if (result.done) this.#complete()
      else this.#take(result.value)
      return result
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async return(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    this.#complete()
    await this.#chunks.return?.()
    return DONE
  }

  #take({ choices: [choice] }: ChatCompletionChunk): void {
    if (!choice) return
    this.#answer.add(choice.delta)
    this.#isFinished ||= choice.finish_reason !== null
  }

  /** The end, unless the answer was left before. */
  #complete(): void {
    this.#end(this.#isFinished ? this.#answer.message() : undefined)
  }

  #end(answer?: ChatCompletionMessageParam): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#signal?.removeEventListener('abort', this.#fail)
    this.#onEnd(answer)
  }
}
