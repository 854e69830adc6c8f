// Types of sessions: conversations that a model keeps, with what the KV cache has of them.
import type {
  ChatCompletion,
  ChatCompletionCreateParams,
  ChatCompletionStream,
  RequestOptions,
} from './chat.ts'
import type { ChatCompletionMessageParam } from './messages.ts'

/** A request in a session: its messages follow the conversation, and may be none. */
export interface ChatSessionCreateParams extends Omit<ChatCompletionCreateParams, 'messages' | 'n'> {
  messages?: readonly ChatCompletionMessageParam[] | null
}

/**
 * One conversation. Its messages are here, in this thread; keys and values are in the KV cache and are found
 * by the conversation's tokens, so that only new text is prefilled. Where they were evicted or lost with the
 * GPU, they are computed again. A session needs no closing.
 */
export interface ChatSession {
  /** The conversation so far. */
  readonly messages: readonly ChatCompletionMessageParam[]
  /**
   * As `chat.completions.create`, with the conversation before the new messages. They and the answer join the
   * conversation when the answer is complete: a stream, when it was read to its finish reason and ended or
   * left. One that fails, is aborted or is left before leaves the conversation as it was, as does one whose
   * conversation was rewound meanwhile.
   * @throws HadalError as `chat.completions.create`; `bad_request`: the session is at work already, or
   * `messages` ends with a `prefix`
   */
  create(
    params: ChatSessionCreateParams & { stream: true },
    options?: RequestOptions,
  ): Promise<ChatCompletionStream>
  create(
    params?: ChatSessionCreateParams & { stream?: false | null },
    options?: RequestOptions,
  ): Promise<ChatCompletion>
  create(
    params?: ChatSessionCreateParams,
    options?: RequestOptions,
  ): Promise<ChatCompletion | ChatCompletionStream>
  /**
   * Adds messages and prefills them now, so that the next answer begins sooner. With tools and thinking of
   * the latest answer.
   * @throws HadalError as `create`; the messages then join no conversation
   */
  append(
    messages: ChatCompletionMessageParam | readonly ChatCompletionMessageParam[],
    options?: RequestOptions,
  ): Promise<void>
  /** Another session with the same conversation. The two share what is in the cache. */
  fork(): ChatSession
  /** Keeps the first `count` messages. @throws HadalError `bad_request`: there are fewer */
  rewind(count: number): void
  /**
   * The conversation with its keys and values, `model.info.kvBytesPerToken` bytes for each token in whole
   * pages of 64; with messages alone, if the cache has none of them.
   * @throws HadalError `aborted`, `device_lost`
   */
  save(options?: RequestOptions): Promise<Blob>
  /**
   * Replaces this conversation by a saved one. Keys and values go to the cache, as far as its budget allows.
   * The file is checked, but what its keys and values say cannot be: restore only what you saved.
   * @throws HadalError `bad_file`: it is damaged or has another version; `bad_request`: it is of another
   * model, quantization or cache type, or the session is at work; `aborted`, `out_of_memory`, `device_lost`
   */
  restore(saved: Blob, options?: RequestOptions): Promise<void>
}
