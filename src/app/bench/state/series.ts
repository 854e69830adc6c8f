// Answers: which lines and points do results make in each picture? It must not know how they are drawn.
import type { BenchResult, BenchRow, BenchTiming, CacheKind } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { formatCount, formatRate } from '../../state/format.ts'
import { CACHE_NAMES, CONTEXTS } from './settings.ts'

const LONGEST_SHOWN = Math.max(...CONTEXTS)

/** A result in pictures: its letter tells it apart where there are several. */
export interface Shown {
  readonly letter: string
  readonly result: BenchResult
}

export interface Point {
  readonly x: number
  readonly y: number
  /** The middle half of what was measured. */
  readonly low?: number
  readonly high?: number
  /** The end of a line rather than a measurement. */
  readonly end?: boolean
  /** What is said of it. */
  readonly text: string
  /** What stands beside it. */
  readonly label?: string
}

export interface Series {
  readonly id: string
  readonly kind: CacheKind
  /** Which of several results: decides dashes and hollow marks. */
  readonly order: number
  readonly name: string
  readonly points: readonly Point[]
  /** What the formula says, where the line is not drawn from point to point. */
  readonly line?: readonly (readonly [number, number])[]
  /** What it would say where nothing can be measured. */
  readonly beyond?: readonly (readonly [number, number])[]
}

/** Lines go on beyond what fits, so that one sees where each crosses the limit. */
export function memorySeries(shown: readonly Shown[]): Series[] {
  const most = shown.flatMap(({ result }) => result.caches.map(({ maxContext }) => maxContext))
  const farthest = 2 ** Math.ceil(Math.log2(Math.max(LONGEST_SHOWN, ...most)))
  return eachCache(shown, ({ caches, rows, settings }, kind, name) => {
    const cache = caches.find((each) => each.cache === kind)
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

export function speedSeries(shown: readonly Shown[], what: 'decode' | 'prefill'): Series[] {
  return eachCache(shown, ({ rows }, kind, name) => {
    const points = rows
      .filter((row) => row.cache === kind)
      .flatMap((row) => speedPoint(row, row[what], name))
      .sort((a, b) => a.x - b.x)
    return points.length > 0 ? { points } : undefined
  })
}

function speedPoint({ context }: BenchRow, timing: BenchTiming | undefined, name: string): Point[] {
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

type Drawn = Pick<Series, 'points' | 'line' | 'beyond'>

function eachCache(
  shown: readonly Shown[],
  draw: (result: BenchResult, kind: CacheKind, name: string) => Drawn | undefined,
): Series[] {
  return shown.flatMap(({ letter, result }, order) =>
    result.caches.flatMap(({ cache: kind }) => {
      const name = shown.length > 1 ? `${letter} ${CACHE_NAMES[kind]}` : CACHE_NAMES[kind]
      const drawn = draw(result, kind, name)
      return drawn ? [{ id: `${letter}-${kind}`, kind, order, name, ...drawn }] : []
    }),
  )
}
