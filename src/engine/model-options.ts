// Options of loading a model that decide what memory it needs and what it runs: plain data.
import type { QuantizeChoice } from './load/quantization.ts'

/** A `QuantizeChoice`, or 'auto' for the best that fits. */
export type QuantizeOption = QuantizeChoice | 'auto'

/** Data types of the KV cache that a model is loaded with. */
export const KV_CACHE_DTYPES = ['f16', 'f32', 'fp8'] as const

/** How tokens are drafted for speculative decoding. */
export const SPECULATIVE = ['off', 'auto', 'mtp', 'lookup'] as const

export type SpeculativeMode = (typeof SPECULATIVE)[number]

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
   * Bytes of KV cache that conversations may keep between requests. Those unused for longest go first; the
   * latest stays in any case, and a running answer may take more. Default: as many as 8192 tokens take, or
   * the context if that is shorter.
   */
  readonly kvCacheBytes?: number
  /**
   * Speculative decoding, default 'off': tokens are drafted and checked several at a time; the text is the
   * same. 'mtp' drafts with the model's draft layer, which is loaded for it, 'lookup' with what followed the
   * latest tokens earlier in the prompt and the answer. 'auto' takes the draft layer where there is one, else
   * lookup, and goes on without drafts where those measure slower.
   */
  readonly speculative?: SpeculativeMode
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
