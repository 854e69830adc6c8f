// Answers: what can be asked of an engine, and what does it answer? Plain data that crosses a worker boundary unchanged.
// It must not know how any of it is computed.

/** One message of a chat, as the model's template expects it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** How the next token is chosen. Temperature 0 is greedy: the largest logit, the smallest id among equals. */
export interface SamplingOptions {
  readonly temperature: number // 0 = greedy
  readonly topK: number // 0 = off
  readonly topP: number // 1 = off
  readonly minP: number // 0 = off
  readonly repetitionPenalty: number // 1 = off; divides positive and multiplies negative logits of seen tokens
  readonly presencePenalty: number // 0 = off; subtracted once from tokens already generated
  readonly frequencyPenalty: number // 0 = off; subtracted per occurrence among the generated tokens
  readonly logitBias: readonly (readonly [id: number, bias: number])[]
  readonly seed: number // u32
}

export interface GenerateRequest {
  /** Exactly one of the three: a chat, a raw text to continue, or token ids taken as they are. */
  readonly input:
    | { readonly messages: readonly ChatMessage[] }
    | { readonly prompt: string }
    | { readonly ids: readonly number[] }
  /** Default: what is left of the context. */
  readonly maxTokens?: number
  /** Missing fields come from the model's generation_config.json, then from neutral defaults. */
  readonly sampling?: Partial<SamplingOptions>
  /** false asks the template for an answer without a thinking part. Default: the template's own. */
  readonly thinking?: boolean
  /** Strings that end the answer; they are not part of it. */
  readonly stop?: readonly string[]
  /** How many alternatives to report for each token, 0 to 20; missing = no log-probabilities. */
  readonly logprobs?: number
}

export interface TokenLogprob {
  readonly id: number
  readonly token: string
  readonly logprob: number
  readonly top: readonly { readonly id: number; readonly token: string; readonly logprob: number }[]
}

/** A piece of the answer: whole characters only. Either text may be empty. */
export interface GenerateDelta {
  readonly type: 'delta'
  readonly text: string
  readonly reasoning: string
  readonly ids: readonly number[]
  readonly logprobs?: readonly TokenLogprob[]
  /** Answer tokens so far, and the rate of the latest tokens; for a live display. */
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly kv: KvUse
}

export type FinishReason = 'stop' | 'length' | 'abort'

export interface GenerateDone {
  readonly type: 'done'
  readonly finishReason: FinishReason
  readonly promptTokens: number
  readonly cachedTokens: number // of the prompt, found in the KV cache
  readonly tokens: number
  readonly prefillMs: number
  readonly decodeMs: number
  readonly dispatchesPerToken: number
  readonly readbacksPerToken: number
  readonly kv: KvUse
}

export type GenerateEvent = GenerateDelta | GenerateDone

/** What the KV cache of the current conversation holds, and what standard attention would hold for the same tokens. */
export interface KvUse {
  readonly tokens: number
  readonly bytes: number // whole pages in use
  readonly standardBytes: number // the same pages, with layers × heads × (qk head dim + value head dim) of the same element size a token
}

export interface LoadProgress {
  readonly phase: 'list' | 'tokenizer' | 'compile' | 'weights' | 'ready'
  readonly bytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number // NaN while unknown
  readonly file: string // '' when no file is being read
}

/** What is known of a loaded model; plain data. */
export interface ModelInfo {
  readonly name: string
  readonly architecture: string
  readonly parameters: number
  readonly activeParameters: number
  readonly layers: number
  readonly hidden: number
  readonly heads: number
  readonly experts: number
  readonly activeExperts: number
  readonly vocab: number
  readonly contextLength: number
  readonly kvBytesPerToken: number
  readonly standardKvBytesPerToken: number
  readonly adapter: string
  readonly thinking: boolean // the template knows `enable_thinking` or a <think> part
}

/** Bytes of live GPU buffers by purpose, and their sum. */
export interface GpuBytes {
  readonly [purpose: string]: number
}
