// Marks and dash patterns that tell the lines of a chart apart without color.
import type { SeriesStyle } from './series.ts'

const DASH_PATTERNS = ['none', '8 5', '2 4', '12 4 2 4', '5 2 1 2', '1 6'] as const

/** Solid for the first result, a dash pattern of its own for each of the others. */
export const dashPatternOf = (order: number): string => DASH_PATTERNS[order % DASH_PATTERNS.length] ?? 'none'

/** The mark of a point: filled for the first result, hollow for the others. */
export function Mark({ style, order = 0 }: { style: SeriesStyle; order?: number }) {
  return <path class={order === 0 ? 'mark' : 'mark hollow'} d={style.mark} />
}

/** A short line with its mark, for legends. */
export function Sample({ style, order = 0 }: { style: SeriesStyle; order?: number }) {
  return (
    <svg class={`sample ${style.className}`} viewBox="-16 -8 32 16" aria-hidden="true">
      <path class="line" d="M-16 0H16" stroke-dasharray={dashPatternOf(order)} />
      <Mark style={style} order={order} />
    </svg>
  )
}
