// What follows from the rows of a result: fractions, texts, and the comparison of latent and standard.
import type { BenchCache, BenchResult, BenchRow, CacheCheck, CacheKind } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/format.ts'

/**
 * Cache bytes that a decode step reads per second, as a fraction of the copy speed of the same run. Undefined
 * if decode or the copy was not timed.
 */
export function copyFraction(
  { copyBytesPerSecond }: BenchResult,
  { decode, readBytesPerStep }: BenchRow,
): number | undefined {
  if (!decode || decode.ms <= 0 || copyBytesPerSecond <= 0) return undefined
  return readBytesPerStep / (decode.ms / 1000) / copyBytesPerSecond
}

export function cacheOf(result: BenchResult, kind: CacheKind): BenchCache | undefined {
  return result.caches.find(({ cache }) => cache === kind)
}

/** Result of the check of a cache, in a few words. */
export function checkText(check: CacheCheck): string {
  switch (check.verdict) {
    case 'equal':
      return `same ${check.tokens} tokens`
    case 'wrong':
      return `wrong: different text from token ${check.at + 1} on`
    case 'near':
      return `${check.equal} of ${check.tokens} tokens the same, mean KL ${check.meanKl.toExponential(1)}`
    case 'shape':
      return 'shape only: not trained this way'
  }
}

export interface LatentVsStandard {
  readonly context: number
  readonly latent: BenchRow
  readonly standard: BenchRow
  /** Standard / latent bytes. */
  readonly less: number
  /** Latent / standard tokens per second; undefined unless both were timed. */
  readonly faster: number | undefined
}

/** Compares latent and standard at the longest context that has both. */
export function compareLatentWithStandard({ rows }: BenchResult): LatentVsStandard | undefined {
  const rowsOf = (kind: CacheKind) => rows.filter(({ cache, bytes }) => cache === kind && bytes > 0)
  const standards = rowsOf('standard')
  const pairs = rowsOf('latent').flatMap((latent) => {
    const standard = standards.find(({ context }) => context === latent.context)
    return standard ? [{ latent, standard }] : []
  })
  const longest = pairs.reduce<(typeof pairs)[number] | undefined>(
    (best, pair) => (best && best.latent.context >= pair.latent.context ? best : pair),
    undefined,
  )
  if (!longest) return undefined
  const { latent, standard } = longest
  const faster =
    latent.decode && standard.decode
      ? latent.decode.tokensPerSecond / standard.decode.tokensPerSecond
      : undefined
  return { context: latent.context, latent, standard, less: standard.bytes / latent.bytes, faster }
}

/** Largest cache that this device can hold, all layers: the height of the limit line. */
export function maxCacheBytes({ caches }: BenchResult): number {
  return Math.max(0, ...caches.map(({ bytesPerToken, maxContext }) => bytesPerToken * maxContext))
}

/** `960 KiB · 4.44 × latent`; without the ratio for the base itself. */
export function bytesWithRatio(bytes: number, base: number, name: string): string {
  const ratio = base > 0 && bytes !== base ? ` · ${(bytes / base).toFixed(2)} × ${name}` : ''
  return formatBytes(bytes) + ratio
}
