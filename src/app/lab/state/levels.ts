// Answers: how does a map of errors become a picture? Each decade of error is a level, each level one outline. It must not know which colour
// a level has.
import type { HeatMap } from '../../../lab/protocol.ts'

const LOWEST = -8
/** `exact` and `none` stand for no error at all and for what is no number; between them powers of ten, `-7` for errors from 1e-8 on below 1e-7. */
export const LEVELS = ['exact', '-8', '-7', '-6', '-5', '-4', '-3', '-2', '-1', '0', 'none'] as const
export type Level = (typeof LEVELS)[number]

export const LEVEL_NAMES: Readonly<Record<Level, string>> = {
  exact: 'none',
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

/** The level of an error; undefined where nothing lies. */
export function levelOf(error: number): Level | undefined {
  if (error < 0) return undefined
  if (error === 0) return 'exact'
  if (!Number.isFinite(error)) return 'none'
  const power = Math.min(0, Math.max(LOWEST, Math.floor(Math.log10(error)) + 1))
  return LEVELS.find((level) => level === String(power))
}

/** For each level that occurs, the outline of its cells as the path of an SVG in which a cell has size 1. */
export function outlines({ width, height, cells }: HeatMap): readonly { level: Level; path: string }[] {
  const runs = new Map<Level, string[]>()
  for (let line = 0; line < height; line++) {
    for (let from = 0; from < width; ) {
      const level = levelOf(cells[line * width + from] ?? -1)
      let to = from + 1
      while (to < width && levelOf(cells[line * width + to] ?? -1) === level) to++
      if (level) {
        const own = runs.get(level) ?? []
        own.push(`M${from} ${line}h${to - from}v1h-${to - from}z`)
        runs.set(level, own)
      }
      from = to
    }
  }
  return LEVELS.flatMap((level) => {
    const path = runs.get(level)?.join('')
    return path === undefined ? [] : [{ level, path }]
  })
}

/** What lies at a cell: rows and columns from … to, both included. */
export function spotOf(map: HeatMap, cols: number, rows: number, x: number, y: number) {
  const row = Math.floor(y / map.lines) * map.cellRows
  const start = (y % map.lines) * map.lineCols
  const col = start + x * map.cellCols
  return {
    rows: [row, Math.min(rows, row + map.cellRows) - 1] as const,
    cols: [col, Math.min(cols, start + map.lineCols, col + map.cellCols) - 1] as const,
    error: map.cells[y * map.width + x] ?? -1,
  }
}
