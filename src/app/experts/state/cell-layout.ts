// Places the cells of a map of layers and experts: a strip for each layer, of several lines where it is long.

/** Places in CSS pixels. */
export interface CellLayout {
  readonly cell: number // side of a cell, its gap included
  readonly columns: number // cells in a line
  readonly lines: number // of a layer
  readonly layerHeight: number // of all lines of a layer and the gap after them
  readonly labelWidth: number // before the first cell
  readonly width: number
  readonly height: number
}

const LABEL = 34
const LARGEST = 26
const SMALLEST = 5

/** Lays out `layers` strips of `experts` cells within a width. */
export function layOutCells(width: number, layers: number, experts: number): CellLayout {
  const room = Math.max(SMALLEST, width - LABEL)
  const cell = Math.max(SMALLEST, Math.min(LARGEST, Math.floor(room / experts)))
  const lines = Math.ceil(experts / Math.max(1, Math.floor(room / cell)))
  const columns = Math.ceil(experts / lines)
  const layerHeight = lines * cell + (lines > 1 || cell < 10 ? 4 : 2)
  const height = layers * layerHeight
  return { cell, columns, lines, layerHeight, labelWidth: LABEL, width: LABEL + columns * cell, height }
}

/** The left upper corner of a cell. @param index layer × experts + expert */
export function cellPlace(
  { cell, columns, layerHeight, labelWidth }: CellLayout,
  experts: number,
  index: number,
): { readonly x: number; readonly y: number } {
  const [layer, expert] = [Math.floor(index / experts), index % experts]
  return {
    x: labelWidth + (expert % columns) * cell,
    y: layer * layerHeight + Math.floor(expert / columns) * cell,
  }
}

/** The cell at a place; undefined if there is none. */
export function cellAt(
  { cell, columns, lines, layerHeight, labelWidth, height }: CellLayout,
  experts: number,
  place: { readonly x: number; readonly y: number },
): number | undefined {
  const column = Math.floor((place.x - labelWidth) / cell)
  const layer = Math.floor(place.y / layerHeight)
  const line = Math.floor((place.y % layerHeight) / cell)
  if (place.y < 0 || place.y >= height || column < 0 || column >= columns || line >= lines) return undefined
  const expert = line * columns + column
  return expert < experts ? layer * experts + expert : undefined
}

/** The cell that an arrow key leads to: left and right within a layer, up and down between layers. */
export function neighbourCell(
  index: number,
  key: string,
  layers: number,
  experts: number,
): number | undefined {
  const [layer, expert] = [Math.floor(index / experts), index % experts]
  const next = {
    ArrowLeft: [layer, expert - 1],
    ArrowRight: [layer, expert + 1],
    ArrowUp: [layer - 1, expert],
    ArrowDown: [layer + 1, expert],
    Home: [layer, 0],
    End: [layer, experts - 1],
  }[key]
  if (!next) return undefined
  const [row = -1, column = -1] = next
  const isInside = row >= 0 && row < layers && column >= 0 && column < experts
  return isInside ? row * experts + column : undefined
}
