// Answers: where is a result how wrong? The error of each number, the worst of them, and all of them binned into cells of a picture.
// It must not know what was computed, nor how a picture looks.
import type { HeatMap, Spot } from './protocol.ts'

const MOST_WIDTH = 128
const MOST_HEIGHT = 64
/** A few long rows are folded into about so many lines, so that the picture is no hair. */
const FOLDED_LINES = 32

/** Distances from f64, in root mean squares of what is wanted; Infinity for what is no finite number. */
export function errorsOf(actual: ArrayLike<number>, wanted: ArrayLike<number>): Float64Array {
  let squares = 0
  for (let i = 0; i < wanted.length; i++) squares += (wanted[i] ?? 0) ** 2
  const size = Math.sqrt(squares / Math.max(1, wanted.length)) || 1
  return Float64Array.from({ length: wanted.length }, (_, i) => {
    const error = Math.abs((actual[i] ?? Number.NaN) - (wanted[i] ?? 0)) / size
    return Number.isFinite(error) ? error : Number.POSITIVE_INFINITY
  })
}

/** The `most` largest errors, the largest first; of equal ones the first in order. */
export function worstOf(
  errors: Float64Array,
  { actual, wanted }: { actual: ArrayLike<number>; wanted: ArrayLike<number> },
  cols: number,
  most: number,
): Spot[] {
  const found: number[] = []
  const at = (i: number | undefined) => (i === undefined ? -1 : (errors[i] ?? -1))
  for (let i = 0; i < errors.length; i++) {
    if (found.length === most && at(i) <= at(found.at(-1))) continue
    const place = found.findIndex((other) => at(i) > at(other))
    found.splice(place < 0 ? found.length : place, 0, i)
    found.length = Math.min(found.length, most)
  }
  return found.map((i) => ({
    row: Math.floor(i / cols),
    col: i % cols,
    actual: actual[i] ?? Number.NaN,
    wanted: wanted[i] ?? Number.NaN,
    error: at(i),
  }))
}

/** How [rows, cols] numbers are laid out in at most 128 × 64 cells. */
export function layoutCells(rows: number, cols: number): Omit<HeatMap, 'cells'> {
  const cellRows = Math.ceil(rows / MOST_HEIGHT)
  const most = Math.max(1, Math.floor(FOLDED_LINES / rows))
  const lineCols = Math.ceil(cols / Math.min(most, Math.ceil(cols / MOST_WIDTH)))
  const cellCols = Math.ceil(lineCols / MOST_WIDTH)
  const lines = Math.ceil(cols / lineCols)
  return {
    lineCols,
    cellCols,
    cellRows,
    lines,
    width: Math.ceil(lineCols / cellCols),
    height: Math.ceil(rows / cellRows) * lines,
  }
}

/** The largest error of each cell. */
export function heatMap(errors: Float64Array, cols: number): HeatMap {
  const layout = layoutCells(Math.ceil(errors.length / cols), cols)
  const { width, height, lines, lineCols, cellCols, cellRows } = layout
  const cells = new Float32Array(width * height).fill(-1)
  errors.forEach((error, i) => {
    const [row, col] = [Math.floor(i / cols), i % cols]
    const line = Math.floor(row / cellRows) * lines + Math.floor(col / lineCols)
    const cell = line * width + Math.floor((col % lineCols) / cellCols)
    cells[cell] = Math.max(cells[cell] ?? -1, error)
  })
  return { ...layout, cells }
}
