// Types of OpenAI's chat requests and responses, with DeepSeek's `reasoning_content` and Hadal's own fields
// under `hadal`.
import type {
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
  ChatCompletionTool,
  ChatCompletionToolChoiceOption,
} from './messages.ts'

/** `json_schema` without a schema is any JSON object. */
export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      json_schema: {
        name: string
        description?: string
        /** JSON Schema; `strict` is taken as true. */
        schema?: Readonly<Record<string, unknown>>
        strict?: boolean | null
      }
    }

/** Fields of a request that are Hadal's own. */
export interface HadalRequestFields {
  /** GBNF, which the text of the answer is held to. */
  grammar?: string | null
  /** true: `hadal.experts` of the response has the experts of each token. Needs a model with experts. */
  experts?: boolean | null
}

/** What chats and text completions have in common. */
export interface SamplingParams {
  /** 0 (greedy) to 2. Default, as for all sampling options: the model's generation_config.json. */
  temperature?: number | null
  /** 0 to 1; 1 = off. */
  top_p?: number | null
  /** Number of tokens; 0 = off. */
  top_k?: number | null
  /** 0 to 1, relative to the most probable token; 0 = off. */
  min_p?: number | null
  /** −2 to 2; 0 = off. */
  presence_penalty?: number | null
  /** −2 to 2; 0 = off. */
  frequency_penalty?: number | null
  /** 0.01 to 10; 1 = off. */
  repetition_penalty?: number | null
  /** Token id → −100 to 100, added to its logit. */
  logit_bias?: Readonly<Record<string, number>> | null
  /** Seed of the sampler's random numbers, 0 to 2³² − 1. */
  seed?: number | null
  /** Tokens of the answer, limited by the rest of the context. Default: 4096. */
  max_tokens?: number | null
  /** Up to 16 strings that end the answer. */
  stop?: string | readonly string[] | null
  /**
   * What the text of the answer is held to, token by token: a JSON object, or JSON of a schema, with
   * properties in the schema's order. An answer that can end within `max_tokens` does. The thinking part is
   * free. What a schema has that is not supported is refused with `bad_request`, by name. Not with `tools`.
   */
  response_format?: ResponseFormat | null
  /** Fields of Hadal's own. */
  hadal?: HadalRequestFields | null
  /**
   * Answers to the same question, 1 to 128; answer i has the seed `seed` + i. Up to 8 are decoded at the same
   * time, and their chunks come mixed. Answers with tools, a format or `hadal.experts` come one after the
   * other.
   */
  n?: number | null
}

/**
 * A chat request. Other fields are refused with `bad_request`, except where they cannot change the answer,
 * such as `user` or `tools: []`.
 */
export interface ChatCompletionCreateParams extends SamplingParams {
  /** The conversation, at least one message. */
  messages: readonly ChatCompletionMessageParam[]
  /** Accepted and ignored: the model is the one that was loaded. */
  model?: string
  /** true: the response arrives in chunks. */
  stream?: boolean | null
  /** `include_usage`: a last chunk with the usage; only with `stream: true`. */
  stream_options?: { include_usage?: boolean; include_obfuscation?: boolean } | null
  /** The newer name of `max_tokens`; wins if both are given. */
  max_completion_tokens?: number | null
  /** true: log-probabilities (natural logarithm) of the generated tokens. */
  logprobs?: boolean | null
  /** Alternatives to report for each token, 0 to 20; needs `logprobs: true`. */
  top_logprobs?: number | null
  /** Functions that the model may call. `unsupported` if its template or its form of calls has none. */
  tools?: readonly ChatCompletionTool[] | null
  tool_choice?: ChatCompletionToolChoiceOption | null
  /** false: the answer ends after its first call. */
  parallel_tool_calls?: boolean | null
  /**
   * false: answer without thinking, if the model's template has that switch. Default: the template's own
   * choice.
   */
  thinking?: boolean | null
  /**
   * Tokens that the thinking part may have, its tags not counted. When they are used up, it is closed as the
   * template closes it, and the answer begins; 0: at once. Default: no limit.
   */
  thinking_budget?: number | null
  /**
   * OpenAI's switch: `none` is `thinking: false`. The others leave it to the model whether it thinks, and
   * limit that, where there is no `thinking_budget`, to a part of the answer's tokens: `minimal` 10 %, `low`
   * 20 %, `medium` 50 %, `high` 80 %, `xhigh` 95 %.
   */
  reasoning_effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | null
  /** Another spelling of `thinking`, which wins if both are given. */
  chat_template_kwargs?: { enable_thinking?: boolean } | null
}

export interface ChatCompletionCreateParamsStreaming extends ChatCompletionCreateParams {
  stream: true
}

export interface ChatCompletionCreateParamsNonStreaming extends ChatCompletionCreateParams {
  stream?: false | null
}

/**
 * `stop`: an end token or a stop string; `length`: `max_tokens` or the end of the context; `tool_calls`: the
 * answer has at least one call.
 */
export type ChatCompletionFinishReason = 'stop' | 'length' | 'tool_calls'

/** A token and its log-probability (natural logarithm). */
export interface TopLogprob {
  token: string
  logprob: number
  /** The token as UTF-8: a character may be spread over several tokens. */
  bytes: number[] | null
}

/** A generated token with its most probable alternatives. */
export interface ChatCompletionTokenLogprob extends TopLogprob {
  top_logprobs: TopLogprob[]
}

/**
 * Tokens of the answer and of its thinking part, listed apart like their texts; the tags count as thinking.
 */
export interface ChatCompletionLogprobs {
  content: ChatCompletionTokenLogprob[]
  reasoning_content: ChatCompletionTokenLogprob[]
  refusal: null
}

/** Token counts. */
export interface CompletionUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** cached_tokens: tokens of the prompt found in the KV cache and not computed again. */
  prompt_tokens_details: { cached_tokens: number }
  /** reasoning_tokens: tokens of the thinking part, its tags included. */
  completion_tokens_details: { reasoning_tokens: number }
}

/** What this conversation holds in the KV cache. */
export interface KvCacheUse {
  tokens: number
  bytes: number
  /** Bytes that standard multi-head attention would hold for the same tokens. */
  standard_bytes: number
}

/**
 * The routed experts of tokens, one entry of `tokens` for each of `token_ids`: those that fired in the step
 * whose output the token is. That step ran the token before it; for the first token, the last of the prompt.
 */
export interface HadalExperts {
  /** The layers with experts, counted from 0: the first layers of many models have none. */
  layers: number[]
  /** Experts that fire in each of these layers. */
  experts_per_token: number
  /** null for a token that was not sampled but put there. */
  tokens: (HadalTokenExperts | null)[]
}

/** Experts of one token: entry l · experts_per_token + i is the i-th best choice in the layer `layers[l]`. */
export interface HadalTokenExperts {
  /** Each below the model’s number of experts, distinct in a layer; [layers × experts_per_token]. */
  ids: number[]
  /** What the outputs of the experts are multiplied by, to 6 places; [layers × experts_per_token]. */
  weights: number[]
}

/** Progress of a stream, with each piece of text. */
export interface HadalProgress {
  /** Ids of this piece, the end token included. A token that completes no character has an id but no text. */
  token_ids: number[]
  /** Tokens of the answer so far. */
  tokens: number
  /** Rate over the latest tokens. */
  tokens_per_second: number
  kv_cache: KvCacheUse
  /** If `hadal.experts` was asked for. */
  experts?: HadalExperts
}

/** Times and counts of a complete answer. */
export interface HadalTimings {
  /** Milliseconds. */
  prefill_ms: number
  /** Milliseconds. */
  decode_ms: number
  prompt_tokens: number
  cached_tokens: number
  /** Tokens of the answer, the end token included. */
  tokens: number
  /** Rate of the decode phase, without the first token, which prefill yields; 0 if nothing was decoded. */
  tokens_per_second: number
  /** GPU dispatches of a decode step. */
  dispatches_per_token: number
  /** Transfers from GPU to CPU per token. */
  readbacks_per_token: number
  /** Tokens that were drafted, and how many of them were right; missing without speculative decoding. */
  drafts?: { proposed: number; accepted: number }
  kv_cache: KvCacheUse
  /**
   * How the thinking part ended: the model closed it, its budget was used up, or the answer was cut in it.
   * Missing if there is none.
   */
  reasoning?: 'closed' | 'budget' | 'length'
}

/** The complete answer. */
export interface ChatCompletionMessage {
  role: 'assistant'
  /** null if the answer has calls and no text. */
  content: string | null
  /** The thinking part; null if there is none. */
  reasoning_content: string | null
  /** Missing if there are none. */
  tool_calls?: ChatCompletionMessageToolCall[]
  refusal: null
}

/** The response to a request without `stream: true`. */
export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  /** Unix seconds. */
  created: number
  model: string
  choices: {
    index: number
    message: ChatCompletionMessage
    finish_reason: ChatCompletionFinishReason
    logprobs: ChatCompletionLogprobs | null
  }[]
  usage: CompletionUsage
  /** Timings, and the ids of all generated tokens, with their experts. Missing where a server answered. */
  hadal?: (HadalTimings & { token_ids: number[]; experts?: HadalExperts }) | undefined
}

/** The text that a chunk adds. */
export interface ChatCompletionDelta {
  role?: 'assistant'
  content?: string
  reasoning_content?: string
  /** Calls that are complete with this chunk; each comes once, whole, with its place among the calls. */
  tool_calls?: (ChatCompletionMessageToolCall & { index: number })[]
}

/** One chunk of a stream. */
export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  /** Empty in the chunk that has only `usage`. */
  choices: {
    index: number
    delta: ChatCompletionDelta
    finish_reason: ChatCompletionFinishReason | null
    logprobs: ChatCompletionLogprobs | null
  }[]
  /** In the last chunk, if `stream_options.include_usage` was set. */
  usage?: CompletionUsage | null
  /**
   * Progress with each piece of text; the timings with the finish reason. Missing where a server answered.
   */
  hadal?: HadalProgress | HadalTimings
}

/** A streamed answer. It can be read once; leaving the loop cancels the rest. */
export type ChatCompletionStream = AsyncIterableIterator<ChatCompletionChunk, undefined>

/** Options of a call, apart from the request itself, as in OpenAI's client. */
export interface RequestOptions {
  /** Cancels the request; it then rejects with `aborted`. */
  signal?: AbortSignal
}
