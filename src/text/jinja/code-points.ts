// Lengths, indices and slices of texts in code points, as Python counts them.
import { countCodePoints, hasPairs } from './values.ts'

/** A text whose code points can be counted and cut. */
export class CodePoints {
  readonly #text: string
  readonly #points: readonly string[] | undefined // only if some take two code units
  readonly length: number

  constructor(text: string) {
    this.#text = text
    this.#points = hasPairs(text) ? [...text] : undefined
    this.length = this.#points?.length ?? text.length
  }

  at(index: number): string | undefined {
    return this.#points ? this.#points[index] : this.#text[index]
  }

  slice(start: number, end = this.length): string {
    return this.#points ? this.#points.slice(start, end).join('') : this.#text.slice(start, end)
  }
}

/** The index in code points of an index in code units. */
export const pointIndex = (text: string, index: number): number =>
  index < 0 ? index : countCodePoints(text.slice(0, index))

/** Bounds of a slice, as Python adjusts them. */
export function sliceBounds(
  length: number,
  start: number | undefined,
  stop: number | undefined,
  step: number,
): readonly [start: number, stop: number] {
  const [low, high] = step < 0 ? [-1, length - 1] : [0, length]
  const clip = (index: number) => Math.min(high, Math.max(low, index < 0 ? index + length : index))
  return step < 0
    ? [start === undefined ? high : clip(start), stop === undefined ? low : clip(stop)]
    : [start === undefined ? low : clip(start), stop === undefined ? high : clip(stop)]
}
