// Requests and results of the engine: plain data that crosses a worker boundary unchanged.
import type { Quantize, QuantizeChoice } from './load/quantization.ts'
import type { AnswerNumbers, SamplingNumbers } from './request-options.ts'

export { QUANTIZATIONS, type Quantize, type QuantizeChoice, quantizationLabel } from './load/quantization.ts'
export {
  ANSWER_OPTIONS,
  mapOptions,
  type NumericOption,
  SAMPLING_OPTIONS,
  type SamplingOption,
} from './request-options.ts'

/** One message of a chat, as the model's template expects it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** Sampling of the next token. */
export interface SamplingOptions extends SamplingNumbers {
  readonly logitBias: readonly (readonly [id: number, bias: number])[]
}

/** Logit biases lie between minus and plus this. */
export const MAX_LOGIT_BIAS = 100

/** Maximum alternatives reported for a token. */
export const MAX_ALTERNATIVES = 20

export interface GenerateRequest extends AnswerNumbers {
  /** Exactly one of a chat, a raw text to continue, or token ids. */
  readonly input:
    | { readonly messages: readonly ChatMessage[] }
    | { readonly prompt: string }
    | { readonly ids: readonly number[] }
  /** Missing fields default to the model's generation_config.json, then to neutral values. */
  readonly sampling?: Partial<SamplingOptions>
  /** false asks the chat template for an answer without thinking. Default: as the template does. */
  readonly thinking?: boolean
  /** Strings that end the answer; they are not included in it. */
  readonly stop?: readonly string[]
  /** Alternatives to report for each token, 0 to 20; without it there are no log-probabilities. */
  readonly logprobs?: number
}

export interface TokenLogprob {
  readonly id: number
  readonly token: string
  readonly logprob: number
  readonly thinking: boolean // whether it is part of the thinking
  readonly top: readonly { readonly id: number; readonly token: string; readonly logprob: number }[]
}

/** A part of the answer, in whole characters. Either text may be empty. */
export interface GenerateDelta {
  readonly type: 'delta'
  readonly text: string
  readonly reasoning: string
  readonly ids: readonly number[]
  readonly logprobs?: readonly TokenLogprob[]
  /** Answer tokens so far, and the recent rate, for a live display. */
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly kv: KvUsage
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
  readonly kv: KvUsage
}

export type GenerateEvent = GenerateDelta | GenerateDone

/** KV cache usage of the current conversation, and what standard attention would use for the same tokens. */
export interface KvUsage {
  readonly tokens: number
  readonly bytes: number // whole pages in use
  /** The same pages with layers × heads × (qk head dim + v head dim) elements of the same size per token. */
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

export interface LoadProgress {
  readonly phase: LoadPhase
  readonly bytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number // NaN while unknown
  readonly file: string // '' when no file is being read
  readonly fileBytes: number // of `file`, done
  readonly fileTotalBytes: number // of `file`, that are needed: draft layers are not
}

/** A `QuantizeChoice`, or 'auto' for the best that fits. */
export type QuantizeOption = QuantizeChoice | 'auto'

/** Data types of the KV cache that a model is loaded with. */
export const KV_CACHE_DTYPES = ['f16', 'f32', 'fp8'] as const

/** Options that affect the memory a model needs. */
export interface ModelOptions {
  /** Maximum tokens of prompt and answer together. Default and upper bound: the context of the model. */
  readonly contextLength?: number
  /**
   * Data type of the KV cache, default f16. fp8 needs an MLA model and takes about half of f16: latents in
   * E4M3 with one scale per 128 of them, and the rotated key in f16.
   */
  readonly cache?: (typeof KV_CACHE_DTYPES)[number]
  /**
   * Precision of the inputs of prefill's matrix products, default f32. f16 halves the memory of a tile;
   * relative error of the logits about 1e-3. i8 rounds inputs to 8 bits with one scale per 32 of them and
   * multiplies four at once with q8 and q4 weights; error about 1e-2. Without shader-f16 or
   * `packed_4x8_integer_dot_product`, f32 is used.
   */
  readonly matmulPrecision?: 'f32' | 'f16' | 'i8'
  /**
   * Maximum prompt tokens of a prefill step. Default: the tuned value if the model fits with it, else 256.
   */
  readonly prefillChunk?: number
  /**
   * Format of the weights on the GPU. Default 'none': as in the file. 'auto' takes the most precise one that
   * fits `memoryBytes` together with the KV cache of `contextLength` tokens (8192 if not given), and a
   * smaller one if the GPU refuses it.
   */
  readonly quantize?: QuantizeOption
  /**
   * GPU memory that the model may use. By default unknown, but Chromium's `navigator.deviceMemory` bounds it:
   * half of that certainly fits, more than all of it does not, unless it is 8 GiB, which means 8 or more.
   */
  readonly memoryBytes?: number
  /**
   * Values for keys of config.json, over those of the file: `{ rope_theta: 1e6 }`. Objects are merged, unless
   * they name a `type`; null takes a key away. For a file that is wrong, or does not say enough.
   */
  readonly config?: Readonly<Record<string, unknown>>
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

/** The same with every purpose present. */
export interface BytesByPurpose {
  readonly weights: number
  readonly experts: number
  readonly kv_cache: number
  readonly activations: number
  readonly state: number
  readonly staging: number
  readonly total: number
}

/** What a model needs to run, from its config, index and headers alone; plain data. */
export interface LoadPlan {
  readonly name: string
  /** `model_type` of config.json; '' if it has none. */
  readonly architecture: string
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** Bytes of the weights that loading reads: all except draft layers. */
  readonly downloadBytes: number
  readonly bytesByType: { readonly [dtype: string]: number }
  readonly parameters: number
  readonly unsupported: readonly UnsupportedFeature[]
  /** Sentences for the user about what is odd in these files but does not stop a load; usually none. */
  readonly notices: readonly string[]
  /** Missing if the architecture is not supported. */
  readonly model?: PlannedModel
  /** Missing if the model cannot run on this device; `unsupported` says why. */
  readonly gpu?: PlannedMemory
  /** The matrices by how they are stored, most bytes first; missing like `gpu`. */
  readonly weights?: readonly PlannedWeights[]
  /**
   * 'unknown' if the memory or the architecture is unknown; false also if the device's limits are too small.
   */
  readonly fits: boolean | 'unknown'
  /** The bytes of each quantization that the model supports, most precise first. */
  readonly choices: readonly QuantizeRow[]
  /** What 'auto' would select; missing if nothing can be loaded. */
  readonly auto?: Quantize
}

export interface QuantizeRow {
  readonly quantize: Quantize
  readonly totalBytes: number
  readonly fits: boolean | 'unknown'
}

/** A feature of the model that this version does not support. */
export interface UnsupportedFeature {
  readonly what: string
  readonly where: string // file and tensor; '' for the device
  readonly hint: string
}

/** Matrices that are stored alike and lie on the GPU alike. */
export interface PlannedWeights {
  readonly stored: string // "MLX 4 bits, groups of 64"
  readonly storedBytes: number
  readonly onGpu: string // "4-bit affine, groups of 64, scales BF16"
  readonly gpuBytes: number
  /** Relative RMS error that conversion adds to normally distributed weights; 0 without conversion. */
  readonly error: number
}

export interface PlannedModel {
  readonly attention: 'latent' | 'grouped' // as in `ModelInfo`; MLA latents can be stored in FP8
  readonly activeParameters: number
  readonly layers: number
  readonly denseLayers: number
  readonly hidden: number
  readonly vocab: number
  readonly experts: number
  readonly activeExperts: number
  /** Maximum context that the model was made for. */
  readonly maxContextLength: number
  readonly kvBytesPerToken: number
  readonly standardKvBytesPerToken: number
}

export interface PlannedMemory {
  readonly quantize: QuantizeChoice
  /** Tokens that the KV cache of `bytes` holds. */
  readonly contextLength: number
  readonly bytes: BytesByPurpose
  /** Right after loading, when the KV cache has one page. It grows with the chat. */
  readonly bytesAtStart: BytesByPurpose
  /** Tokens that certainly fit; missing if the memory is unknown. */
  readonly contextThatFits?: number
}
