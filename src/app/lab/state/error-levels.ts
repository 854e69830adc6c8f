// Turns an error map into a picture: each decade of error is a level, each level one SVG path.
import type { HeatMap } from '../../../bench/lab/protocol.ts'

const MIN_POWER = -8
/**
 * `exact`: no error. `none`: not a number. Between them powers of ten: `-7` is an error of at least 1e-8 and
 * below 1e-7.
 */
export const ERROR_LEVELS = ['exact', '-8', '-7', '-6', '-5', '-4', '-3', '-2', '-1', '0', 'none'] as const
export type ErrorLevel = (typeof ERROR_LEVELS)[number]

export const ERROR_LEVEL_NAMES: Readonly<Record<ErrorLevel, string>> = {
  exact: 'no error',
  '-8': 'under 1e-8',
  '-7': 'under 1e-7',
  '-6': 'under 1e-6',
  '-5': 'under 1e-5',
  '-4': 'under 1e-4',
  '-3': 'under 1e-3',
  '-2': 'under 0.01',
  '-1': 'under 0.1',
  '0': '0.1 and more',
  none: 'no number',
}

/** The level of an error; undefined for an empty cell. */
export function errorLevelOf(error: number): ErrorLevel | undefined {
  if (error < 0) return undefined
  if (error === 0) return 'exact'
  if (!Number.isFinite(error)) return 'none'
  const power = Math.min(0, Math.max(MIN_POWER, Math.floor(Math.log10(error)) + 1))
  return ERROR_LEVELS.find((level) => level === String(power))
}

/** The cells of each level that occurs, as an SVG path. A cell has size 1. */
export function levelOutlines({
  width,
  height,
  cells,
}: HeatMap): readonly { level: ErrorLevel; path: string }[] {
  const runs = new Map<ErrorLevel, string[]>()
  for (let line = 0; line < height; line++) {
    for (let from = 0; from < width; ) {
      const level = errorLevelOf(cells[line * width + from] ?? -1)
      let to = from + 1
      while (to < width && errorLevelOf(cells[line * width + to] ?? -1) === level) to++
      if (level) {
        const paths = runs.get(level) ?? []
        paths.push(`M${from} ${line}h${to - from}v1h-${to - from}z`)
        runs.set(level, paths)
      }
      from = to
    }
  }
  return ERROR_LEVELS.flatMap((level) => {
    const path = runs.get(level)?.join('')
    return path === undefined ? [] : [{ level, path }]
  })
}

/** The rows and columns of a cell, from and to inclusive, and its error. */
export function mapCellAt(
  map: HeatMap,
  { cols, rows }: { readonly cols: number; readonly rows: number },
  { x, y }: { readonly x: number; readonly y: number },
) {
  const row = Math.floor(y / map.lines) * map.cellRows
  const start = (y % map.lines) * map.lineCols
  const col = start + x * map.cellCols
  return {
    rows: [row, Math.min(rows, row + map.cellRows) - 1] as const,
    cols: [col, Math.min(cols, start + map.lineCols, col + map.cellCols) - 1] as const,
    error: map.cells[y * map.width + x] ?? -1,
  }
}
