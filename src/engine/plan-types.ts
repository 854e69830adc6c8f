// What a model needs to run, as plans report it: plain data that crosses a worker boundary unchanged.
import type { Quantize, QuantizeChoice } from './load/quantization.ts'

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
  /** Bytes of the weights that loading reads: all except draft layers that `speculative` does not ask for. */
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
