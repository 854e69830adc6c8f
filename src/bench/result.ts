// Types of a KV-cache benchmark result, as it is shown, exported and imported.

import type { CacheKind, KvDtype } from '../models/cache-layout.ts'

export { CACHE_KINDS, type CacheKind } from '../models/cache-layout.ts'

export interface BenchSettings {
  /** Context lengths to measure, ascending, in tokens; may exceed the trained length. */
  readonly contexts: readonly number[]
  readonly caches: readonly CacheKind[]
  /** Data type of the cache, except for `latent-fp8`. */
  readonly numbers: KvDtype
  /** Decode steps timed at each context. */
  readonly steps: number
}

/** Whether a cache layout gave the same greedy tokens as `latent`, checked before timing. */
export type CacheCheck =
  | { readonly verdict: 'equal'; readonly tokens: number }
  /** The tokens differ, so the layout is not timed. `at`: index of the first different token. */
  | { readonly verdict: 'wrong'; readonly tokens: number; readonly at: number }
  /**
   * FP8 rounds on purpose: `meanKl` in nats against `latent`; `equal` of `tokens` greedy tokens are the same.
   */
  | { readonly verdict: 'near'; readonly tokens: number; readonly equal: number; readonly meanKl: number }
  /** The model was not trained with this layout: only bytes and speed are meaningful. */
  | { readonly verdict: 'shape' }

export interface BenchRow {
  readonly cache: CacheKind
  readonly context: number
  /** Bytes of the allocated GPU buffers of this cache, all layers. */
  readonly bytes: number
  /** The formula's value: layers × whole pages × tokens per page × bytes per KV entry. */
  readonly formulaBytes: number
  readonly decode?: BenchTiming
  /** Of the last chunk of this context. */
  readonly prefill?: BenchTiming
  /** Cache bytes that attention reads in a decode step at this context, all layers. */
  readonly readBytesPerStep: number
  /** Why nothing was measured: the check failed, the device refused, or the user stopped. */
  readonly missing?: string
}

/** Medians over the timed steps. */
export interface BenchTiming {
  readonly tokensPerSecond: number
  readonly ms: number // of a step (decode) or of the chunk (prefill)
  /** Lower quartile of the times. */
  readonly msLow: number
  readonly msHigh: number // upper quartile
  /** Device timestamps, or the host clock around each step where there are none. */
  readonly clock: 'device' | 'host'
}

/**
 * A cache layout of one model on one device. A layout the device refuses has no entry; its rows state why.
 */
export interface BenchCache {
  readonly cache: CacheKind
  readonly kvHeads: number // heads with keys and values in the cache; 0 for a latent cache
  readonly bytesPerToken: number // all layers
  readonly recordBytes: number // of a KV entry: one token, one layer
  /** Longest context within the device's limits, in tokens. */
  readonly maxContext: number
  readonly check: CacheCheck
}

/** Attention of the measured model: all inputs of the cache formula. */
export interface BenchModel {
  readonly name: string
  readonly architecture: string
  readonly parameters: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number // of GQA; for MLA the number of heads
  readonly latent: number // kv_lora_rank; 0 without a latent
  readonly rope: number
  readonly key: number // width of a key head, rotary part included
  readonly value: number
  /** Trained context in tokens; beyond it memory and speed are real, the text is not. */
  readonly trainedContext: number
  readonly quantize: string
}

export interface BenchEnvironment {
  readonly hadal: string // version
  readonly host: string // browser and its version, or Node's
  readonly adapter: string
  readonly software: boolean
  readonly features: readonly string[]
  readonly limits: Readonly<Record<string, number>>
}

export interface BenchResult {
  readonly format: 'hadal-bench'
  readonly version: 1
  readonly date: string // ISO 8601
  readonly environment: BenchEnvironment
  readonly model: BenchModel
  readonly settings: BenchSettings
  /** Bytes per second, reads plus writes, of the fastest buffer copy in the same run. */
  readonly copyBytesPerSecond: number
  readonly caches: readonly BenchCache[]
  readonly rows: readonly BenchRow[]
  readonly complete: boolean // false: stopped, or still running
}

/** Progress of a benchmark. */
export interface BenchProgress {
  /**
   * `copy`: bandwidth; `check`: greedy tokens of a layout; then `fill`, `prefill` and `decode` of each layout
   * and context; finally `done`.
   */
  readonly phase: 'copy' | 'check' | 'fill' | 'prefill' | 'decode' | 'done'
  readonly cache?: CacheKind
  readonly context?: number
  /** Finished parts of `total`; parts differ in duration. */
  readonly done: number
  readonly total: number
}

/** Progress, with all results so far. */
export interface BenchEvent {
  readonly progress: BenchProgress
  readonly result: BenchResult
}
