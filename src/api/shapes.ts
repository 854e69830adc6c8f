// Answers: what do OpenAI's chat requests and answers look like here? Types only, with DeepSeek's `reasoning_content` and, under
// `hadal`, what only this engine can tell. It must not know how they are filled.

export interface ChatCompletionTextPart {
  type: 'text'
  text: string
}

export interface ChatCompletionMessageParam {
  /** `developer` is read as `system`. */
  role: 'system' | 'developer' | 'user' | 'assistant'
  content: string | readonly ChatCompletionTextPart[]
  /** Accepted, so that an answer can be sent back as it came; a template leaves earlier thinking out. */
  reasoning_content?: string | null
}

export interface ChatCompletionCreateParams {
  messages: readonly ChatCompletionMessageParam[]
  /** Accepted and ignored: the model is the one that was loaded. */
  model?: string
  stream?: boolean | null
  stream_options?: { include_usage?: boolean } | null
  /** 0 (greedy) to 2. Default, as for all sampling options: the model's generation_config.json. */
  temperature?: number | null
  top_p?: number | null
  top_k?: number | null
  min_p?: number | null
  presence_penalty?: number | null
  frequency_penalty?: number | null
  repetition_penalty?: number | null
  /** Token id → −100 to 100. */
  logit_bias?: Readonly<Record<string, number>> | null
  seed?: number | null
  /** At most what is left of the context. Default: 4096. */
  max_tokens?: number | null
  max_completion_tokens?: number | null
  /** Up to 16 strings that end the answer. */
  stop?: string | readonly string[] | null
  logprobs?: boolean | null
  /** 0 to 20. */
  top_logprobs?: number | null
  /** Only 1. */
  n?: 1 | null
  /** false: answer without a thinking part. */
  thinking?: boolean | null
  chat_template_kwargs?: { enable_thinking?: boolean } | null
}

export interface ChatCompletionCreateParamsStreaming extends ChatCompletionCreateParams {
  stream: true
}

export interface ChatCompletionCreateParamsNonStreaming extends ChatCompletionCreateParams {
  stream?: false | null
}

export type ChatCompletionFinishReason = 'stop' | 'length'

export interface TopLogprob {
  token: string
  logprob: number
  bytes: number[] | null
}

export interface ChatCompletionTokenLogprob extends TopLogprob {
  top_logprobs: TopLogprob[]
}

/** The thinking part's tokens are listed apart, as its text is; its tags belong to it. */
export interface ChatCompletionLogprobs {
  content: ChatCompletionTokenLogprob[]
  reasoning_content: ChatCompletionTokenLogprob[]
}

export interface CompletionUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** cached_tokens: found in the KV cache, so not computed again. */
  prompt_tokens_details: { cached_tokens: number }
}

/** Bytes in the KV cache of this conversation, beside what standard attention would hold for the same tokens. */
export interface KvCacheUse {
  tokens: number
  bytes: number
  standard_bytes: number
}

/** While the answer grows. */
export interface HadalProgress {
  /** Of this piece, the token that ends the answer included. A token that completes no character has an id and no text. */
  token_ids: number[]
  tokens: number
  tokens_per_second: number
  kv_cache: KvCacheUse
}

/** When the answer is complete. */
export interface HadalTimings {
  prefill_ms: number
  decode_ms: number
  prompt_tokens: number
  cached_tokens: number
  tokens: number
  /** Of the decode phase, which the first token comes before; 0 when nothing was decoded. */
  tokens_per_second: number
  dispatches_per_token: number
  readbacks_per_token: number
  kv_cache: KvCacheUse
}

export interface ChatCompletionMessage {
  role: 'assistant'
  content: string
  reasoning_content: string | null
  refusal: null
}

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  /** Unix seconds. */
  created: number
  model: string
  choices: {
    index: 0
    message: ChatCompletionMessage
    finish_reason: ChatCompletionFinishReason
    logprobs: ChatCompletionLogprobs | null
  }[]
  usage: CompletionUsage
  hadal: HadalTimings & { token_ids: number[] }
}

export interface ChatCompletionDelta {
  role?: 'assistant'
  content?: string
  reasoning_content?: string
}

export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  /** Empty in the chunk that carries only `usage`. */
  choices: {
    index: 0
    delta: ChatCompletionDelta
    finish_reason: ChatCompletionFinishReason | null
    logprobs: ChatCompletionLogprobs | null
  }[]
  /** In the last chunk, if `stream_options.include_usage` was set. */
  usage?: CompletionUsage | null
  /** Progress with each piece of text, the timings with the finish reason. */
  hadal?: HadalProgress | HadalTimings
}

/** An answer as it is made. Leaving the loop cancels the rest. It can be read once. */
export type ChatCompletionStream = AsyncIterableIterator<ChatCompletionChunk, undefined>

/** Options beside the request, as in OpenAI's client. */
export interface RequestOptions {
  signal?: AbortSignal
}
