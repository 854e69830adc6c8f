// Answers: what does `model.chat.completions.create` do? Checks the request, starts the generation, and shapes what comes back.
// It must not know Comlink or the worker's script.
import type { GenerateEvent, GenerateRequest } from '../worker/protocol.ts'
import { type AnswerHead, chunksOf, completionOf, openingChunk } from './answer.ts'
import type { EventReceiver } from './receiver.ts'
import { checkRequest } from './request.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionStream,
  RequestOptions,
} from './shapes.ts'

/** Starts one generation. */
export type StartGeneration = (request: GenerateRequest, signal?: AbortSignal) => EventReceiver<GenerateEvent>

/** The `chat.completions` part of OpenAI's client. */
export interface ChatCompletions {
  /**
   * Answers a chat. Requests are answered one at a time, in the order of asking. With `stream: true` the promise resolves with the
   * first token and the stream must be read or left: an unread stream holds up the requests behind it.
   *
   * Rejects with a `HadalError`: `bad_request` names a wrong field, `context_full` says that the chat is too long, `aborted` that
   * the signal fired (its reason is the error's `cause`), `device_lost` that the GPU is gone. The stream rejects in the same way.
   */
  create(params: ChatCompletionCreateParamsStreaming, options?: RequestOptions): Promise<ChatCompletionStream>
  create(params: ChatCompletionCreateParamsNonStreaming, options?: RequestOptions): Promise<ChatCompletion>
  create(
    params: ChatCompletionCreateParams,
    options?: RequestOptions,
  ): Promise<ChatCompletion | ChatCompletionStream>
}

/** `chat.completions` for the model of this name. */
export function chatCompletions(model: string, start: StartGeneration): ChatCompletions {
  async function create(
    params: ChatCompletionCreateParamsStreaming,
    options?: RequestOptions,
  ): Promise<ChatCompletionStream>
  async function create(
    params: ChatCompletionCreateParamsNonStreaming,
    options?: RequestOptions,
  ): Promise<ChatCompletion>
  async function create(
    params: ChatCompletionCreateParams,
    options?: RequestOptions,
  ): Promise<ChatCompletion | ChatCompletionStream>
  async function create(
    params: ChatCompletionCreateParams,
    { signal }: RequestOptions = {},
  ): Promise<ChatCompletion | ChatCompletionStream> {
    const { request, stream, includeUsage } = checkRequest(params)
    const events = start(request, signal)
    const head = { id: `chatcmpl-${crypto.randomUUID()}`, created: Math.floor(Date.now() / 1000), model }
    if (!stream) return completionOf(head, await collect(events))
    const first = await events.next()
    return new ChunkStream(head, first, events, includeUsage)
  }
  return { create }
}

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const event of events) list.push(event)
  return list
}

// Not an async generator: one that was never started does not pass `return` on, and the generation would go on unread.
class ChunkStream implements ChatCompletionStream {
  readonly #head: AnswerHead
  readonly #events: EventReceiver<GenerateEvent>
  readonly #includeUsage: boolean
  readonly #ready: ChatCompletionChunk[]

  constructor(
    head: AnswerHead,
    first: IteratorResult<GenerateEvent, undefined>,
    events: EventReceiver<GenerateEvent>,
    includeUsage: boolean,
  ) {
    this.#head = head
    this.#events = events
    this.#includeUsage = includeUsage
    this.#ready = [openingChunk(head), ...(first.done ? [] : chunksOf(head, first.value, includeUsage))]
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    for (;;) {
      const value = this.#ready.shift()
      if (value) return { done: false, value }
      const event = await this.#events.next()
      if (event.done) return { done: true, value: undefined }
      this.#ready.push(...chunksOf(this.#head, event.value, this.#includeUsage))
    }
  }

  async return(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    this.#ready.length = 0
    await this.#events.return()
    return { done: true, value: undefined }
  }
}
