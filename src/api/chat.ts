// Implements `model.chat.completions.create`: checks the request, starts the generation, shapes the result.
import type { GenerateEvent, GenerateRequest } from '../worker/protocol.ts'
import { type CompletionHeader, completionFromEvents, eventChunks, openingChunk } from './completion.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionStream,
  RequestOptions,
} from './openai-types.ts'
import type { EventReceiver } from './receiver.ts'
import { checkRequest } from './request.ts'

/** Starts one generation. */
export type StartGeneration = (request: GenerateRequest, signal?: AbortSignal) => EventReceiver<GenerateEvent>

/** The `chat.completions` part of OpenAI's client. */
export interface ChatCompletions {
  /**
   * Completes a chat. Requests run one at a time, in the order of the calls.
   *
   * With `stream: true` the promise resolves at the first token. Read the stream to its end or leave the
   * loop: an unread stream holds up the requests behind it.
   * @param options.signal cancels the request, before or during generation
   * @throws HadalError
   * - `bad_request`: a field is wrong or not supported; the message names it
   * - `unsupported`: the model has no chat template
   * - `bad_file`: the model's chat template fails
   * - `context_full`: the chat does not fit the context
   * - `aborted`: the signal fired (`cause` is its reason), or the model was unloaded
   * - `out_of_memory`: the KV cache could not grow
   * - `device_lost`: the GPU is gone; load the model again
   *
   * A stream rejects in the same way.
   */
  create(params: ChatCompletionCreateParamsStreaming, options?: RequestOptions): Promise<ChatCompletionStream>
  create(params: ChatCompletionCreateParamsNonStreaming, options?: RequestOptions): Promise<ChatCompletion>
  create(
    params: ChatCompletionCreateParams,
    options?: RequestOptions,
  ): Promise<ChatCompletion | ChatCompletionStream>
}

/** Makes `chat.completions` for a model. @param model the name that completions report */
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
    if (!stream) return completionFromEvents(head, await collect(events))
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

// Not an async generator: `return` on a generator that was never started does not reach its body, and the
// generation would go on unread.
class ChunkStream implements ChatCompletionStream {
  readonly #head: CompletionHeader
  readonly #events: EventReceiver<GenerateEvent>
  readonly #includeUsage: boolean
  readonly #ready: ChatCompletionChunk[]

  constructor(
    head: CompletionHeader,
    first: IteratorResult<GenerateEvent, undefined>,
    events: EventReceiver<GenerateEvent>,
    includeUsage: boolean,
  ) {
    this.#head = head
    this.#events = events
    this.#includeUsage = includeUsage
    this.#ready = [openingChunk(head), ...(first.done ? [] : eventChunks(head, first.value, includeUsage))]
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
      this.#ready.push(...eventChunks(this.#head, event.value, this.#includeUsage))
    }
  }

  async return(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    this.#ready.length = 0
    await this.#events.return()
    return { done: true, value: undefined }
  }
}
