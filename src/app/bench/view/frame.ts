// Answers: how large is a picture of a given width, and where in it does a point lie? It must not know what is drawn.
import type { Scale } from '../state/scale.ts'

export interface Place {
  readonly x: number
  readonly y: number
}

/** A picture's measures, in CSS pixels. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  /** There is room beside the lines for their names. */
  readonly labelled: boolean
  place(x: number, y: number): Place
}

const narrow = 480
const letterWidth = 7.6

/** `letters`: of the longest name beside a line. */
export function frameOf(width: number, x: Scale, y: Scale, letters: number): Frame {
  const labelled = width >= narrow
  const height = Math.round(Math.min(360, Math.max(240, width * 0.55)))
  const [left, right, top, bottom] = [
    60,
    width - (labelled ? 20 + letters * letterWidth : 14),
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
    place: (valueX, valueY) => ({
      x: left + x.at(valueX) * (right - left),
      y: bottom - y.at(valueY) * (bottom - top),
    }),
  }
}
