// Settings of a benchmark run: the choices, the defaults, and the names of cache layouts.
import { type BenchSettings, CACHE_KINDS, type CacheKind } from '../../../bench/result.ts'

/** Contexts that the page offers: 1k to 128k tokens. */
export const CONTEXTS: readonly number[] = Array.from({ length: 8 }, (_, power) => 1024 << power)
export const MAX_CONTEXT = 1 << 20
export const MAX_STEPS = 1024

export const KV_DTYPES = ['f16', 'f32'] as const

/** Defaults. A software adapter is slow, so it gets less to do. */
export function defaultSettings(software: boolean): BenchSettings {
  return {
    contexts: software ? [1024, 2048] : [1024, 4096, 16_384],
    caches: CACHE_KINDS,
    numbers: 'f16',
    steps: software ? 8 : 32,
  }
}

export const CACHE_NAMES: Readonly<Record<CacheKind, string>> = {
  latent: 'Latent',
  'latent-fp8': 'Latent, fp8',
  standard: 'Standard (MHA)',
  'gqa-8': 'GQA-8',
  mqa: 'MQA',
  grouped: 'As trained (GQA)',
}

export const CACHE_NOTES: Readonly<Record<CacheKind, string>> = {
  latent: 'one latent and one rotated key per token, shared by all heads',
  'latent-fp8': 'the latent in E4M3 with scales',
  standard: 'keys and values of every head',
  'gqa-8': 'keys and values of 8 heads; output is meaningless',
  mqa: 'keys and values of one head; output is meaningless',
  grouped: 'keys and values of each group of heads',
}

/** The list with an entry added or removed, in the order of `all`. */
export function toggled<T>(list: readonly T[], entry: T, all: readonly T[]): T[] {
  const next = list.includes(entry) ? list.filter((known) => known !== entry) : [...list, entry]
  return all.filter((known) => next.includes(known))
}

/** 1,024 → `1k`; other numbers keep their digits. */
export function contextText(tokens: number): string {
  return tokens % 1024 === 0 ? `${tokens / 1024}k` : String(tokens)
}
