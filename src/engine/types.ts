// Requests and results of the engine: plain data that crosses a worker boundary unchanged.
import type { ChoiceEvent, ChoiceRequest } from './choice-types.ts'
import type { QuantizeChoice } from './load/quantization.ts'
import type { AnswerNumbers, SamplingNumbers } from './request-options.ts'
import type { RoutedExperts, TokenLogprob } from './token-reports.ts'

export { type AnswerChoice, CHOICES_AT_ONCE } from './choice-types.ts'
export { QUANTIZATIONS, type Quantize, type QuantizeChoice, quantizationLabel } from './load/quantization.ts'
export {
  KV_CACHE_DTYPES,
  type ModelOptions,
  type QuantizeOption,
  SPECULATIVE,
  type SpeculativeMode,
} from './model-options.ts'
export type * from './plan-types.ts'
export {
  ANSWER_OPTIONS,
  mapOptions,
  type NumericOption,
  SAMPLING_OPTIONS,
  type SamplingOption,
} from './request-options.ts'
export type * from './token-reports.ts'

/** One message of a chat, as the model's template expects it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string
  readonly name?: string
  readonly reasoning_content?: string // the thinking part of an earlier answer
  readonly tool_calls?: readonly ChatToolCall[] // those of an earlier answer
  readonly tool_call_id?: string // of a tool's result: the call that it answers
}

/** A call of an earlier answer, as templates expect it: with its arguments as data. */
export interface ChatToolCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }
}

/** A function that the model may call, as templates expect it. */
export interface ToolDefinition {
  readonly type: 'function'
  readonly function: { readonly name: string; readonly [field: string]: unknown }
}

/** What the answer's text must be: a JSON object, JSON of a schema, or a text of a grammar in GBNF. */
export type AnswerFormat =
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly schema: Readonly<Record<string, unknown>> | boolean }
  | { readonly type: 'grammar'; readonly grammar: string }

/** Which calls an answer may or must have. */
export type ToolChoice = 'auto' | 'required' | { readonly name: string }

/** Sampling of the next token. */
export interface SamplingOptions extends SamplingNumbers {
  readonly logitBias: readonly (readonly [id: number, bias: number])[]
}

/** Logit biases lie between minus and plus this. */
export const MAX_LOGIT_BIAS = 100

/** Maximum alternatives reported for a token. */
export const MAX_ALTERNATIVES = 20

export interface GenerateRequest extends AnswerNumbers, ChoiceRequest {
  /** Exactly one of a chat, a raw text to continue, or token ids. */
  readonly input:
    | { readonly messages: readonly ChatMessage[] }
    | { readonly prompt: string }
    | { readonly ids: readonly number[] }
  /** Missing fields default to the model's generation_config.json, then to neutral values. */
  readonly sampling?: Partial<SamplingOptions>
  /** false asks the chat template for an answer without thinking. Default: as the template does. */
  readonly thinking?: boolean
  /** `reasoning_effort`: a budget of the thinking part as a share of `maxTokens`, where there is no other. */
  readonly effort?: string
  /** Strings that end the answer; they are not included in it. */
  readonly stop?: readonly string[]
  /** Functions that the model may call; only in chats. */
  readonly tools?: readonly ToolDefinition[]
  /** Default: auto. */
  readonly toolChoice?: ToolChoice
  /** false: the answer ends after its first call. Default: true. */
  readonly parallelToolCalls?: boolean
  /** What the answer is held to; its thinking part is free. Not with tools. Default: nothing. */
  readonly responseFormat?: AnswerFormat
  /** true: the last message is an answer to go on with. Default: false. */
  readonly continueFinal?: boolean
  /** true: all output is text, without a thinking part or calls. Default: false. */
  readonly plainOutput?: boolean
  /** Alternatives to report for each token, 0 to 20; without it there are no log-probabilities. */
  readonly logprobs?: number
  /** true: deltas report the experts of their tokens. Default: false. */
  readonly experts?: boolean
  /**
   * Ids of the answer's deltas so far, if it was interrupted: it goes on after them. With the same seed it is
   * what it would have been.
   */
  readonly resume?: readonly number[]
}

/** The part of a request that its prompt follows from. */
export type PromptRequest = Pick<
  GenerateRequest,
  'input' | 'thinking' | 'tools' | 'toolChoice' | 'continueFinal'
>

/** A part of the answer, in whole characters. Either text may be empty. */
export interface GenerateDelta {
  readonly type: 'delta'
  readonly text: string
  readonly reasoning: string
  readonly ids: readonly number[]
  readonly logprobs?: readonly TokenLogprob[]
  readonly experts?: RoutedExperts
  /** Calls that are complete with this piece. */
  readonly toolCalls?: readonly ToolCall[]
  /** Answer tokens so far, and the recent rate, for a live display. */
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly kv: KvUsage
}

/** A call of a tool by the model. */
export interface ToolCall {
  readonly index: number // among the calls of the answer
  readonly id: string
  readonly name: string
  readonly arguments: string // a JSON object
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'abort'

export interface GenerateDone {
  readonly type: 'done'
  readonly finishReason: FinishReason
  readonly promptTokens: number
  readonly cachedTokens: number // of the prompt, found in the KV cache
  readonly tokens: number
  readonly reasoningTokens: number // those of them in the thinking part, its tags included
  readonly reasoning?: 'closed' | 'budget' | 'length' | undefined // how that ended; undefined: there is none
  readonly prefillMs: number
  readonly decodeMs: number
  readonly dispatchesPerToken: number
  readonly readbacksPerToken: number
  /** Tokens that were drafted, and those of them that the model would have written too. */
  readonly drafts?: { readonly proposed: number; readonly accepted: number }
  readonly kv: KvUsage
}

export type GenerateEvent = (GenerateDelta | GenerateDone) & ChoiceEvent

/** A request for embeddings, one for each input. */
export interface EmbedRequest {
  /** Texts, which get what the model's files put around them, or token ids, which are taken as they are. */
  readonly input: readonly (string | readonly number[])[]
  /** Keeps the first numbers of each embedding. Default: all. */
  readonly dimensions?: number
}

/** The embedding of one input. */
export interface EmbedResult {
  readonly embedding: Float32Array // [hidden], or [dimensions]
  readonly tokens: number // of the input, with those that the model's files put around a text
}

/** KV cache usage of the current conversation, and what standard attention would use for the same tokens. */
export interface KvUsage {
  readonly tokens: number
  readonly bytes: number // whole pages in use
  /** The same pages with layers × heads × (qk head dim + v head dim) elements of that size per token. */
  readonly standardBytes: number
}

/**
 * The phase of loading: `list` reads config, index and headers; `download`, `wait` (for another tab) and
 * `verify` store files; `upload` streams weights to the GPU, `convert` quantizes them on the way; `keep`
 * stores the result. Without a store there is no `wait`, `download`, `verify` or `keep`.
 */
export type LoadPhase =
  | 'list'
  | 'tokenizer'
  | 'wait'
  | 'download'
  | 'verify'
  | 'convert'
  | 'upload'
  | 'keep'
  | 'compile'
  | 'ready'

/** Progress of the phases of a load. */
export interface PhaseProgress {
  readonly phase: LoadPhase
  readonly bytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number // NaN while unknown
  readonly file: string // '' when no file is being read
  readonly fileBytes: number // of `file`, done
  readonly fileTotalBytes: number // of `file`, that are needed: draft layers are not
  /** Kernels that are ready: checked, beside `upload` and `convert`, or compiled, in `compile`. */
  readonly kernels: number
  readonly totalKernels: number
}

export interface LoadProgress extends PhaseProgress {
  /**
   * Part of the whole load's time that has passed, 0 to 1, by what is left of all its work at the rates
   * measured so far. It never falls, and is 1 when the model is ready.
   */
  readonly fraction: number
}

/** Facts about a loaded model; plain data. */
export interface ModelInfo {
  readonly name: string
  readonly architecture: string
  readonly parameters: number
  readonly activeParameters: number
  readonly layers: number
  readonly hidden: number
  readonly attention: 'latent' | 'grouped' // MLA (one latent per token), or GQA
  readonly heads: number
  readonly experts: number
  readonly activeExperts: number
  readonly vocab: number
  readonly contextLength: number
  /** Maximum prompt tokens of a prefill step: from the options, from tuning, or the default. */
  readonly prefillChunk: number
  readonly kvBytesPerToken: number
  readonly standardKvBytesPerToken: number
  readonly adapter: string
  /** The kernel variants that run, and why. */
  readonly variants: readonly VariantNote[]
  /** Sentences for the user about the model's files and this device; usually none. */
  readonly notices: readonly string[]
  readonly quantize: QuantizeChoice // format of the weights on the GPU; what 'auto' selected
  /** The values that were given for keys of config.json; missing if none were. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly thinking: boolean // whether thinking can be turned off; R1 always thinks
}

/** The kernel variant of a decision, and the reason. */
export interface VariantNote {
  readonly decision: string
  readonly variant: string
  readonly why: string
}

/** Bytes of live GPU buffers by purpose, and their sum. */
export interface GpuBytes {
  readonly [purpose: string]: number
}
