// Bins the errors of a result into a heat map, and finds the largest ones.
import type { ElementError, HeatMap } from './protocol.ts'

const MAX_WIDTH = 128
const MAX_HEIGHT = 64
/**
 * Results with few long rows are wrapped into about this many lines, so that the map is not a thin stripe.
 */
const WRAPPED_LINES = 32

/**
 * Distances from f64 divided by the root mean square of the expected values; Infinity for non-finite values.
 */
export function errorsOf(actual: ArrayLike<number>, expected: ArrayLike<number>): Float64Array {
  let squares = 0
  for (let i = 0; i < expected.length; i++) squares += (expected[i] ?? 0) ** 2
  const rootMeanSquare = Math.sqrt(squares / Math.max(1, expected.length)) || 1
  return Float64Array.from({ length: expected.length }, (_, i) => {
    const error = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? 0)) / rootMeanSquare
    return Number.isFinite(error) ? error : Number.POSITIVE_INFINITY
  })
}

/** The `max` largest errors in descending order; equal errors keep their order. */
export function worstOf(
  errors: Float64Array,
  { actual, expected }: { actual: ArrayLike<number>; expected: ArrayLike<number> },
  cols: number,
  max: number,
): ElementError[] {
  const found: number[] = []
  const at = (i: number | undefined) => (i === undefined ? -1 : (errors[i] ?? -1))
  for (let i = 0; i < errors.length; i++) {
    if (found.length === max && at(i) <= at(found.at(-1))) continue
    const insertAt = found.findIndex((other) => at(i) > at(other))
    found.splice(insertAt < 0 ? found.length : insertAt, 0, i)
    found.length = Math.min(found.length, max)
  }
  return found.map((i) => ({
    row: Math.floor(i / cols),
    col: i % cols,
    actual: actual[i] ?? Number.NaN,
    expected: expected[i] ?? Number.NaN,
    error: at(i),
  }))
}

/** Lays out [rows, cols] values in at most 128 × 64 cells. */
export function layoutCells(rows: number, cols: number): Omit<HeatMap, 'cells'> {
  const cellRows = Math.ceil(rows / MAX_HEIGHT)
  const maxLines = Math.max(1, Math.floor(WRAPPED_LINES / rows))
  const lineCols = Math.ceil(cols / Math.min(maxLines, Math.ceil(cols / MAX_WIDTH)))
  const cellCols = Math.ceil(lineCols / MAX_WIDTH)
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

/** The heat map of errors [rows, cols]: each cell holds its largest error. */
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
