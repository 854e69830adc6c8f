// Answers: what is a benchmark of KV caches, as data? What is asked for, what was measured, on what; as it is shown, exported and imported.
// It must not know how anything is measured or drawn.

import type { CacheKind, CacheType } from '../models/cache-form.ts'

export { CACHE_KINDS, type CacheKind } from '../models/cache-form.ts'

export interface BenchSettings {
  /** Tokens in the cache at which is measured, ascending; more than the model was trained for is allowed. */
  readonly contexts: readonly number[]
  readonly caches: readonly CacheKind[]
  /** How numbers are kept, but for `latent-fp8`. */
  readonly numbers: CacheType
  /** Decode steps that are timed at each context. */
  readonly steps: number
}

/** Whether a cache gave the same greedy tokens as `latent`, before anything was timed. */
export type Check =
  | { readonly verdict: 'equal'; readonly tokens: number }
  /** Other text than `latent`, which is wrong: nothing is timed. `at`: the first token that differs. */
  | { readonly verdict: 'wrong'; readonly tokens: number; readonly at: number }
  /** FP8 changes numbers on purpose: `meanKl` in nats against `latent`, `equal` of `tokens` greedy tokens were the same. */
  | { readonly verdict: 'near'; readonly tokens: number; readonly equal: number; readonly meanKl: number }
  /** Not trained to attend so: only bytes and speed mean something. */
  | { readonly verdict: 'shape' }

export interface BenchRow {
  readonly cache: CacheKind
  readonly context: number
  /** Bytes of live GPU buffers of this cache, all layers. */
  readonly bytes: number
  /** What the formula says: layers × whole pages × tokens of a page × bytes of a record. */
  readonly formulaBytes: number
  readonly decode?: BenchTiming
  /** Of the last chunk before this context. */
  readonly prefill?: BenchTiming
  /** Bytes of the cache that attention reads in a decode step here, all layers. */
  readonly readBytesPerStep: number
  /** Why there is nothing measured: the check failed, the device refused, the person stopped. */
  readonly missing?: string
}

/** Medians over the steps that were timed. */
export interface BenchTiming {
  readonly tokensPerSecond: number
  readonly ms: number // of a step (decode) or of the chunk (prefill)
  /** The middle half of the times lies between these. */
  readonly msLow: number
  readonly msHigh: number
  /** Timestamps of the device, or the clock of the host around each step where there are none. */
  readonly clock: 'device' | 'host'
}

/** A way to keep keys and values, for one model on one device. One that the device refuses has no entry; its rows say why. */
export interface BenchCache {
  readonly cache: CacheKind
  readonly kvHeads: number // whose keys and values are kept; 0: latents are
  readonly bytesPerToken: number // all layers
  readonly recordBytes: number // a token, a layer
  /** Tokens that the device's limits allow. */
  readonly maxContext: number
  readonly check: Check
}

/** Attention of the model that was measured; enough to vary the formula. */
export interface BenchModel {
  readonly name: string
  readonly architecture: string
  readonly parameters: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number // of grouped attention; heads where there is a latent
  readonly latent: number // 0 without
  readonly rope: number
  readonly key: number // width of a whole key head
  readonly value: number
  /** Tokens that it was trained for; beyond them memory and speed are real, the text is not. */
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
  /** Bytes per second, read and written, of the best copy between two buffers in the same run. */
  readonly copyBytesPerSecond: number
  readonly caches: readonly BenchCache[]
  readonly rows: readonly BenchRow[]
  readonly complete: boolean // false: stopped, or still running
}

/** Where a benchmark is. */
export interface BenchProgress {
  /** `copy`: bandwidth; `check`: the same text?; then for each cache and context `fill`, `prefill`, `decode`; in the end `done`. */
  readonly phase: 'copy' | 'check' | 'fill' | 'prefill' | 'decode' | 'done'
  readonly cache?: CacheKind
  readonly context?: number
  /** Of `total` parts of equal rank, not of equal length. */
  readonly done: number
  readonly total: number
}

/** What a benchmark tells on its way: where it is, and all that it has found so far. */
export interface BenchEvent {
  readonly progress: BenchProgress
  readonly result: BenchResult
}
