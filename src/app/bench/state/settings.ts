// Answers: what can be asked of a run, and what is asked if nobody says? It must not know how anything is measured.
import { type BenchSettings, CACHE_KINDS, type CacheKind } from '../../../bench/result.ts'

/** Tokens in the cache that the page offers: 1k to 128k. */
export const CONTEXTS: readonly number[] = Array.from({ length: 8 }, (_, power) => 1024 << power)
export const MOST_CONTEXT = 1 << 20
export const MOST_STEPS = 1024

export const NUMBERS = ['f16', 'f32'] as const

/** A processor that plays GPU is slow: it gets less to do. */
export function proposed(software: boolean): BenchSettings {
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
  latent: 'one latent and one rotated key a token, for all heads',
  'latent-fp8': 'the latent in E4M3 with scales',
  standard: 'keys and values of every head',
  'gqa-8': 'keys and values of 8 heads; same shape, other text',
  mqa: 'keys and values of one head; same shape, other text',
  grouped: 'keys and values of each group of heads',
}

/** The list with an entry put in or taken out, in the order of `all`. */
export function toggled<T>(list: readonly T[], entry: T, all: readonly T[]): T[] {
  const next = list.includes(entry) ? list.filter((each) => each !== entry) : [...list, entry]
  return all.filter((each) => next.includes(each))
}

/** 1,024 → `1k`; what is no multiple keeps its digits. */
export function contextName(tokens: number): string {
  return tokens % 1024 === 0 ? `${tokens / 1024}k` : String(tokens)
}
