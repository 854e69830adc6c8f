// Types of a model behind an endpoint: options, and what its requests have beyond those of a local model.
import type {
  ChatCompletion,
  ChatCompletionCreateParams,
  ChatCompletionStream,
  ChatCompletions,
  Completion,
  CompletionCreateParams,
  CompletionStream,
  Completions,
  Model,
  RequestOptions,
} from '../api/openai-types.ts'

/** A server with OpenAI's interface, such as vLLM, SGLang, llama-server or DeepSeek's API. */
export interface EndpointOptions {
  /** Address of the server, with or without `/v1`; relative to the page. Redirects are not followed. */
  readonly endpoint: string | URL
  /** The name that the server has for the model. Default: the only one that it lists. */
  readonly model?: string
  /** Sent to this origin only, as `Authorization: Bearer`. Whoever can read the page's memory can read it. */
  readonly apiKey?: string
  /** Further headers of every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sends the requests instead of the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Cancels opening; it then rejects with `aborted`. */
  readonly signal?: AbortSignal
}

/** What requests to an endpoint may have that a local model refuses. */
export interface EndpointFields {
  /** The form of the answer, as OpenAI has it; the server enforces it. */
  response_format?: Readonly<Record<string, unknown>> | null
  /** Fields that only this server knows. They are sent as they are, beside the others. */
  extra_body?: Readonly<Record<string, unknown>> | null
}

export type EndpointChatParams = ChatCompletionCreateParams & EndpointFields
export type EndpointCompletionParams = CompletionCreateParams & EndpointFields

/**
 * `chat.completions` of an endpoint. Requests are sent at once: the server queues them. Errors beyond those
 * of a local model: `network` (no answer, or not one of an OpenAI-compatible server), `no_access`,
 * `not_found`.
 */
export interface EndpointChatCompletions extends ChatCompletions {
  create(
    params: EndpointChatParams & { stream: true },
    options?: RequestOptions,
  ): Promise<ChatCompletionStream>
  create(
    params: EndpointChatParams & { stream?: false | null },
    options?: RequestOptions,
  ): Promise<ChatCompletion>
  create(params: EndpointChatParams, options?: RequestOptions): Promise<ChatCompletion | ChatCompletionStream>
}

/** `completions` of an endpoint. */
export interface EndpointCompletions extends Completions {
  create(
    params: EndpointCompletionParams & { stream: true },
    options?: RequestOptions,
  ): Promise<CompletionStream>
  create(
    params: EndpointCompletionParams & { stream?: false | null },
    options?: RequestOptions,
  ): Promise<Completion>
  create(params: EndpointCompletionParams, options?: RequestOptions): Promise<Completion | CompletionStream>
}

/** A model on a server. `unload` cancels its requests; `lost` never resolves. */
export interface EndpointModel extends Model {
  readonly chat: { readonly completions: EndpointChatCompletions }
  readonly completions: EndpointCompletions
}
