// Size of a chart, and the pixel position of a value in it.
import type { AxisScale } from './axis-scale.ts'

export interface PixelPoint {
  readonly x: number
  readonly y: number
}

/** Size of a chart and of its plot area, in CSS pixels. */
export interface PlotFrame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  /** True if the names of the lines fit beside them. */
  readonly labelled: boolean
  toPixels(x: number, y: number): PixelPoint
}

const MIN_LABELLED_WIDTH = 480
const LETTER_WIDTH = 7.6 // of the label font, on average

/** The frame of a chart of this width. `letters`: length of the longest line name. */
export function plotFrame(width: number, x: AxisScale, y: AxisScale, letters: number): PlotFrame {
  const labelled = width >= MIN_LABELLED_WIDTH
  const height = Math.round(Math.min(360, Math.max(240, width * 0.55)))
  const [left, right, top, bottom] = [
    60,
    width - (labelled ? 20 + letters * LETTER_WIDTH : 14),
    18,
    height - 30,
  ]
  return {
    width,
    height,
    left,
    right,
    top,
    bottom,
    labelled,
    toPixels: (valueX, valueY) => ({
      x: left + x.positionOf(valueX) * (right - left),
      y: bottom - y.positionOf(valueY) * (bottom - top),
    }),
  }
}
