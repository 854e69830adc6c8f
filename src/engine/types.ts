// Answers: what can be asked of an engine, and what does it answer? Plain data that crosses a worker boundary unchanged.
// It must not know how any of it is computed.
import type { Quantize, QuantizeChoice } from './quantize.ts'

export type { Quantize, QuantizeChoice } from './quantize.ts'

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

/** What of these is a number: how files and requests call it, its least, its most, and whether it is whole. */
export const SAMPLING_NUMBERS: {
  readonly [Name in SamplingNumber]: readonly [field: string, low: number, high: number, whole?: boolean]
} = {
  temperature: ['temperature', 0, 2],
  topK: ['top_k', 0, 2 ** 32 - 1, true],
  topP: ['top_p', 0, 1],
  minP: ['min_p', 0, 1],
  repetitionPenalty: ['repetition_penalty', 0.01, 10],
  presencePenalty: ['presence_penalty', -2, 2],
  frequencyPenalty: ['frequency_penalty', -2, 2],
  seed: ['seed', 0, 2 ** 32 - 1, true],
}

export type SamplingNumber = Exclude<keyof SamplingOptions, 'logitBias'>

/** The largest logit bias, either way. */
export const MOST_BIAS = 100

/** Most alternatives that are reported for a token. */
export const MOST_ALTERNATIVES = 20

export interface GenerateRequest {
  /** Exactly one of the three: a chat, a raw text to continue, or token ids taken as they are. */
  readonly input:
    | { readonly messages: readonly ChatMessage[] }
    | { readonly prompt: string }
    | { readonly ids: readonly number[] }
  /** Most tokens of the answer; at most what is left of the context. Default: 4096. */
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
  readonly thinking: boolean // it belongs to the thinking part
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

/**
 * Where loading is: what is in the folder, the tokenizer, bytes from the host into a store (`wait`: while another tab does
 * it) and their hashes, bytes from wherever the model is to the GPU (`convert` when they are quantised on the way), quantised bytes
 * into a store (`keep`), shaders. Without a store there is no `download`, `verify` or `keep`.
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

export interface LoadProgress {
  readonly phase: LoadPhase
  readonly bytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number // NaN while unknown
  readonly file: string // '' when no file is being read
  readonly fileBytes: number // of `file`, done
  readonly fileTotalBytes: number // of `file`, that are wanted: draft layers are not
}

/** As `QuantizeChoice`, or the best that fits. */
export type QuantizeOption = QuantizeChoice | 'auto'

/** How the cache that a model is loaded with can be stored. */
export const OWN_CACHES = ['f16', 'f32', 'fp8'] as const

/** What decides how many bytes a model takes. */
export interface ModelOptions {
  /** Most tokens of prompt and answer together; default, and the most that counts: what the model was made for. */
  readonly contextLength?: number
  /**
   * How the KV cache is stored; default f16. fp8, for models with latents, takes about half of that: latents in E4M3, 128 of them under one
   * scale, and the rotated key in f16.
   */
  readonly cache?: (typeof OWN_CACHES)[number]
  /**
   * How prefill holds the factors of its products; default f32. f16 halves a tile's memory where there is shader-f16, at a relative
   * error of the logits of about 1e-3. i8 rounds inputs to 8 bits, 32 of them under one scale, and multiplies four at once with weights in
   * q8 and q4, where there is `packed_4x8_integer_dot_product`, at an error of about 1e-2.
   */
  readonly products?: 'f32' | 'f16' | 'i8'
  /** Most prompt tokens of one prefill step; default: what tuning found quickest, where the model fits with it, else 256. */
  readonly chunk?: number
  /**
   * How weights are stored on the GPU; default 'none': as in the file. 'auto' takes the best that fits `memoryBytes` together with
   * the KV cache of `contextLength` tokens, or of 8192 where that is missing, and a smaller one when the GPU refuses it.
   */
  readonly quantize?: QuantizeOption
  /**
   * Memory that the GPU may give to the model. Default: in Chromium estimated from `navigator.deviceMemory` (half of it surely fits,
   * more than all of it does not, unless it says 8 GiB, which means 8 or more); elsewhere unknown.
   */
  readonly memoryBytes?: number
}

/** What is known of a loaded model; plain data. */
export interface ModelInfo {
  readonly name: string
  readonly architecture: string
  readonly parameters: number
  readonly activeParameters: number
  readonly layers: number
  readonly hidden: number
  readonly attention: 'latent' | 'grouped' // one latent a token, or keys and values for each group of heads
  readonly heads: number
  readonly experts: number
  readonly activeExperts: number
  readonly vocab: number
  readonly contextLength: number
  readonly chunk: number // most prompt tokens of a prefill step: as asked for, as tuning found it quickest here, or the default
  readonly kvBytesPerToken: number
  readonly standardKvBytesPerToken: number
  readonly adapter: string
  /** Which variants of the kernels run, and why. */
  readonly variants: readonly VariantNote[]
  /** What a person should know of this device, in sentences; usually nothing. */
  readonly notices: readonly string[]
  readonly quantize: QuantizeChoice // how the weights lie on the GPU; what 'auto' took
  readonly thinking: boolean // the template can be told not to think; R1's cannot, and thinks always
}

/** The variant that a decision about kernels got. */
export interface VariantNote {
  readonly decision: string
  readonly variant: string
  readonly why: string
}

/** Bytes of live GPU buffers by purpose, and their sum. */
export interface GpuBytes {
  readonly [purpose: string]: number
}

/** The same, complete. */
export interface Purposes {
  readonly weights: number
  readonly experts: number
  readonly kv_cache: number
  readonly activations: number
  readonly state: number
  readonly staging: number
  readonly total: number
}

/** What it would take to run a model, from its config, index and headers alone; plain data. */
export interface LoadPlan {
  readonly name: string
  /** `model_type` of config.json; '' where it has none. */
  readonly architecture: string
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** Bytes of the weights that loading reads: all but those of draft layers. */
  readonly downloadBytes: number
  readonly bytesByType: { readonly [dtype: string]: number }
  readonly parameters: number
  readonly unsupported: readonly Unsupported[]
  /** Missing where the architecture is not run. */
  readonly model?: PlannedModel
  /** Missing where the model cannot be planned for this device; `unsupported` says why. */
  readonly gpu?: PlannedMemory
  /** 'unknown' while nobody knows how much memory there is, or what the model is; false also where the device's limits rule it out. */
  readonly fits: boolean | 'unknown'
  /** What each way to store the weights would take, best first; without those that this model cannot be stored in. */
  readonly choices: readonly QuantizeRow[]
  /** What 'auto' takes; missing where nothing can be loaded. */
  readonly auto?: Quantize
}

export interface QuantizeRow {
  readonly quantize: Quantize
  readonly totalBytes: number
  readonly fits: boolean | 'unknown'
}

/** Something this version does not run, by name. */
export interface Unsupported {
  readonly what: string
  readonly where: string // file and tensor; '' for the device
  readonly hint: string
}

export interface PlannedModel {
  readonly attention: 'latent' | 'grouped' // as in `ModelInfo`; latents can be kept in FP8
  readonly activeParameters: number
  readonly layers: number
  readonly denseLayers: number
  readonly hidden: number
  readonly vocab: number
  readonly experts: number
  readonly activeExperts: number
  /** Most tokens that the model was made for. */
  readonly maxContextLength: number
  readonly kvBytesPerToken: number
  readonly standardKvBytesPerToken: number
}

export interface PlannedMemory {
  readonly quantize: QuantizeChoice
  /** Tokens that the KV cache below holds. */
  readonly contextLength: number
  readonly bytes: Purposes
  /** As `bytes` right after loading: a KV cache of one page. It grows with the chat. */
  readonly bytesAtStart: Purposes
  /** Tokens for which there surely is memory; missing where memory is unknown. */
  readonly contextThatFits?: number
}
