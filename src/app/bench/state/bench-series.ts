// Chart series of benchmark results: memory, decode speed and prefill speed against the context.
import type { BenchResult, BenchRow, BenchTiming, CacheKind } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/format.ts'
import type { ChartPoint, ChartSeries } from '../../chart/series.ts'
import { formatCount, formatRate } from '../../shared/format.ts'
import { CACHE_STYLES } from './cache-styles.ts'
import { CACHE_NAMES, CONTEXTS } from './run-settings.ts'

const MAX_SHOWN_CONTEXT = Math.max(...CONTEXTS)

/** A result with the letter that names it in charts of several results. */
export interface LetteredResult {
  readonly letter: string
  readonly result: BenchResult
}

/** Cache bytes by context. Lines continue beyond what fits, to show where each crosses the limit. */
export function memorySeries(shown: readonly LetteredResult[]): ChartSeries[] {
  const maxContexts = shown.flatMap(({ result }) => result.caches.map(({ maxContext }) => maxContext))
  const farthest = 2 ** Math.ceil(Math.log2(Math.max(MAX_SHOWN_CONTEXT, ...maxContexts)))
  return seriesPerCache(shown, ({ caches, rows, settings }, kind, name) => {
    const cache = caches.find((entry) => entry.cache === kind)
    if (!cache) return undefined
    const { bytesPerToken, maxContext } = cache
    const first = Math.min(...settings.contexts, maxContext)
    const measured = rows
      .filter((row) => row.cache === kind && row.bytes > 0)
      .map(({ context, bytes }) => ({
        x: context,
        y: bytes,
        text: `${name} at ${formatCount(context)} tokens: ${formatBytes(bytes)}`,
      }))
    const end = {
      x: maxContext,
      y: maxContext * bytesPerToken,
      end: true,
      text: `${name}: ${formatCount(maxContext)} tokens fit at most`,
    }
    return {
      points: [...measured, end],
      line: [
        [first, first * bytesPerToken],
        [end.x, end.y],
      ],
      beyond: [
        [end.x, end.y],
        [farthest, farthest * bytesPerToken],
      ],
    }
  })
}

/** Tokens per second by context, with the middle half of the measurements. */
export function speedSeries(shown: readonly LetteredResult[], phase: 'decode' | 'prefill'): ChartSeries[] {
  return seriesPerCache(shown, ({ rows }, kind, name) => {
    const points = rows
      .filter((row) => row.cache === kind)
      .flatMap((row) => speedPoint(row, row[phase], name))
      .sort((a, b) => a.x - b.x)
    return points.length > 0 ? { points } : undefined
  })
}

function speedPoint({ context }: BenchRow, timing: BenchTiming | undefined, name: string): ChartPoint[] {
  if (!timing || timing.tokensPerSecond <= 0) return []
  const { tokensPerSecond, ms, msLow, msHigh } = timing
  return [
    {
      x: context,
      y: tokensPerSecond,
      low: msHigh > 0 ? (tokensPerSecond * ms) / msHigh : tokensPerSecond,
      high: msLow > 0 ? (tokensPerSecond * ms) / msLow : tokensPerSecond,
      text: `${name} at ${formatCount(context)} tokens: ${formatRate(tokensPerSecond)}`,
    },
  ]
}

type SeriesLines = Pick<ChartSeries, 'points' | 'line' | 'beyond'>

function seriesPerCache(
  shown: readonly LetteredResult[],
  draw: (result: BenchResult, kind: CacheKind, name: string) => SeriesLines | undefined,
): ChartSeries[] {
  return shown.flatMap(({ letter, result }, order) =>
    result.caches.flatMap(({ cache: kind }) => {
      const name = shown.length > 1 ? `${letter} ${CACHE_NAMES[kind]}` : CACHE_NAMES[kind]
      const drawn = draw(result, kind, name)
      return drawn ? [{ id: `${letter}-${kind}`, style: CACHE_STYLES[kind], order, name, ...drawn }] : []
    }),
  )
}
