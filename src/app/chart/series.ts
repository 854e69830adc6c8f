// Data of a line chart: series of points, and the style that tells one series from another.

/** How the lines and marks of a series look. Dashes come from `ChartSeries.order`. */
export interface SeriesStyle {
  /** A CSS class of tones.css, which sets the color. */
  readonly className: string
  /** Outline of the mark: an SVG path around 0, 0. */
  readonly mark: string
}

export interface ChartPoint {
  readonly x: number
  readonly y: number
  /** The middle half of the measurements. */
  readonly low?: number
  readonly high?: number
  /** Ends the line; not a measurement. */
  readonly end?: boolean
  /** What the readout and screen readers say. */
  readonly text: string
  /** Drawn beside the point. */
  readonly label?: string
}

export interface ChartSeries {
  readonly id: string
  readonly style: SeriesStyle
  /** Index of the result: 0 has solid lines and filled marks, the others dashes and hollow marks. */
  readonly order: number
  readonly name: string
  readonly points: readonly ChartPoint[]
  /** The line by formula; without it the line joins the points. */
  readonly line?: readonly (readonly [number, number])[]
  /** Dotted continuation of the line, where nothing can be measured. */
  readonly beyond?: readonly (readonly [number, number])[]
}
