// Answers: what does a picture need to know? It must not know how it is drawn.
import type { ComponentChildren } from 'preact'
import type { Scale } from '../state/scale.ts'
import type { Series } from '../state/series.ts'

export interface ChartProps {
  readonly title: string
  /** What the axes mean: `tokens in the cache`, `bytes`. */
  readonly across: string
  readonly up: string
  readonly series: readonly Series[]
  readonly x: Scale
  readonly y: Scale
  readonly nameX: (value: number) => string
  readonly nameY: (value: number) => string
  /** A line across at a height, with its name. */
  readonly limit?: { readonly y: number; readonly name: string } | undefined
  /** A band across, from one height to another, with its name. */
  readonly band?: { readonly from: number; readonly to: number; readonly name: string } | undefined
  /** Below the picture. */
  readonly children?: ComponentChildren
}
