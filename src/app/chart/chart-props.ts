// Props of a line chart.
import type { ComponentChildren } from 'preact'
import type { AxisScale } from './axis-scale.ts'
import type { ChartSeries } from './series.ts'

export interface ChartProps {
  readonly title: string
  /** Quantities of the axes, with their units: `seconds`, `bytes`. */
  readonly xName: string
  readonly yName: string
  readonly series: readonly ChartSeries[]
  readonly xScale: AxisScale
  readonly yScale: AxisScale
  readonly formatX: (value: number) => string
  readonly formatY: (value: number) => string
  /** A named horizontal line. */
  readonly limit?: { readonly y: number; readonly name: string } | undefined
  /** A named horizontal band. */
  readonly band?: { readonly from: number; readonly to: number; readonly name: string } | undefined
  /** Shown below the chart. */
  readonly children?: ComponentChildren
}
