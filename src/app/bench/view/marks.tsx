// Answers: how are the lines of a picture told apart without colour? Each way to keep a cache has a mark of its own, each result its dashes.
// It must not know what is measured.
import type { CacheKind } from '../../../bench/result.ts'

/** Outlines around 0, 0. */
const shapes: Readonly<Record<CacheKind, string>> = {
  latent: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z',
  'latent-fp8': 'M-4.500-4.500h9v9h-9Z',
  standard: 'M0-6 6 5H-6Z',
  'gqa-8': 'M0-6.500 6 0 0 6.500-6 0Z',
  mqa: 'M0 6 6-5H-6Z',
  grouped: 'M-5-2.500-2.500-5H2.500L5-2.500V2.500L2.500 5H-2.500L-5 2.500Z',
}

const dashes = ['none', '8 5', '2 4', '12 4 2 4', '5 2 1 2', '1 6'] as const

/** Lines of the first result are whole, those of the others broken, each in its own way. */
export const dashOf = (order: number): string => dashes[order % dashes.length] ?? 'none'

/** Filled for the first result, hollow for the others. */
export function Mark({ kind, order = 0 }: { kind: CacheKind; order?: number }) {
  return <path class={order === 0 ? 'mark' : 'mark hollow'} d={shapes[kind]} />
}

/** A piece of line with its mark, beside a name. */
export function Sample({ kind, order = 0 }: { kind: CacheKind; order?: number }) {
  return (
    <svg class={`sample ${kind}`} viewBox="-16 -8 32 16" aria-hidden="true">
      <path class="line" d="M-16 0H16" stroke-dasharray={dashOf(order)} />
      <Mark kind={kind} order={order} />
    </svg>
  )
}
