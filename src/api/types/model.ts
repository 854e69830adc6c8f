// The surface of a model, wherever it runs: in a worker, in this thread, or behind an endpoint.
/// <reference lib="esnext.disposable" preserve="true" />
import type { HadalError } from '../../lib/error.ts'
import type {
  ChatCompletion,
  ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionStream,
  RequestOptions,
} from './chat.ts'
import type {
  Completion,
  CompletionCreateParams,
  CompletionCreateParamsNonStreaming,
  CompletionCreateParamsStreaming,
  CompletionStream,
} from './completions.ts'
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from './embeddings.ts'
import type { ChatCompletionMessageParam, ChatCompletionTool } from './messages.ts'

/** The `chat.completions` part of OpenAI's client. */
export interface ChatCompletions {
  /**
   * Completes a chat. Requests run one at a time, in the order of the calls.
   *
   * With `stream: true` the promise resolves at the first token. Leave the loop to end an answer early: one
   * that nobody reads is completed all the same, and the requests behind it wait for that.
   * @param options.signal cancels the request, before or during generation
   * @throws HadalError
   * - `bad_request`: a field is wrong or not supported; the message names it
   * - `unsupported`: the model has no chat template, or its template has no tools
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

/** The `completions` part of OpenAI's client. Errors as in chats. */
export interface Completions {
  /** Continues a text, without template and without separating a thinking part. */
  create(params: CompletionCreateParamsStreaming, options?: RequestOptions): Promise<CompletionStream>
  create(params: CompletionCreateParamsNonStreaming, options?: RequestOptions): Promise<Completion>
  create(params: CompletionCreateParams, options?: RequestOptions): Promise<Completion | CompletionStream>
}

/** The `embeddings` part of OpenAI's client. */
export interface Embeddings {
  /** @throws HadalError `unsupported` if the model's folder does not say how to pool its tokens */
  create(params: EmbeddingCreateParams, options?: RequestOptions): Promise<CreateEmbeddingResponse>
}

export interface ModelEntry {
  id: string
  object: 'model'
  /** Unix seconds; when it was loaded. */
  created: number
  owned_by: string
}

export interface ModelList {
  object: 'list'
  data: ModelEntry[]
}

/** What `tokenize` and `countTokens` take: a text, or a conversation as the model's template prints it. */
export type TokenizeInput =
  | string
  | {
      readonly messages: readonly ChatCompletionMessageParam[]
      readonly tools?: readonly ChatCompletionTool[]
    }

/** A model that answers, wherever it runs. */
export interface Model {
  /** The name that answers report. */
  readonly id: string
  /** OpenAI's client interface: `model.chat.completions.create(...)`. */
  readonly chat: { readonly completions: ChatCompletions }
  readonly completions: Completions
  readonly embeddings: Embeddings
  readonly models: { list(): Promise<ModelList> }
  /** The token ids of a text, or of a conversation up to where the answer begins. @throws HadalError */
  tokenize(input: TokenizeInput, options?: RequestOptions): Promise<number[]>
  /** How many tokens `tokenize` gives. */
  countTokens(input: TokenizeInput, options?: RequestOptions): Promise<number>
  /** Frees what the model holds. Requests in progress reject with `aborted`. May be called again. */
  unload(): Promise<void>
  /** `unload`, for `await using model = await loadModel(...)`. */
  [Symbol.asyncDispose](): Promise<void>
  /** Resolves with an error if the GPU device or the worker is lost. Load the model again then. */
  readonly lost: Promise<HadalError>
}
