// Answers: what follows from the rows of a result? Shares, names, the sentence that sums it up. It must not know how it is shown.
import type { BenchCache, BenchResult, BenchRow, CacheKind, Check } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/bytes.ts'

/** The cache's bytes that a decode step reads in a second, as a share of the copy speed of the same run; nothing where neither is known. */
export function copyShare(
  { copyBytesPerSecond }: BenchResult,
  { decode, readBytesPerStep }: BenchRow,
): number | undefined {
  if (!decode || decode.ms <= 0 || copyBytesPerSecond <= 0) return undefined
  return readBytesPerStep / (decode.ms / 1000) / copyBytesPerSecond
}

export function cacheOf(result: BenchResult, kind: CacheKind): BenchCache | undefined {
  return result.caches.find(({ cache }) => cache === kind)
}

/** What the check of a cache found, in words. */
export function checkText(check: Check): string {
  switch (check.verdict) {
    case 'equal':
      return `same ${check.tokens} tokens`
    case 'wrong':
      return `wrong: other text from token ${check.at + 1} on`
    case 'near':
      return `${check.equal} of ${check.tokens} tokens the same, mean KL ${check.meanKl.toExponential(1)}`
    case 'shape':
      return 'shape only: not trained so'
  }
}

export interface Summary {
  readonly context: number
  readonly latent: BenchRow
  readonly standard: BenchRow
  /** Standard / latent bytes. */
  readonly less: number
  /** Latent / standard tokens a second, where both were timed. */
  readonly faster: number | undefined
}

/** Latent against standard at the longest context that has both. */
export function summaryOf({ rows }: BenchResult): Summary | undefined {
  const of = (kind: CacheKind) => rows.filter(({ cache, bytes }) => cache === kind && bytes > 0)
  const standards = of('standard')
  const pairs = of('latent').flatMap((latent) => {
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

/** Bytes that all layers may take for one cache on this device: where the line of the limit lies. */
export function limitBytes({ caches }: BenchResult): number {
  return Math.max(0, ...caches.map(({ bytesPerToken, maxContext }) => bytesPerToken * maxContext))
}

/** Bytes in words, and how many times those of `name` they are. */
export function comparedWith(bytes: number, base: number, name: string): string {
  const times = base > 0 && bytes !== base ? ` · ${(bytes / base).toFixed(2)} × ${name}` : ''
  return formatBytes(bytes) + times
}
