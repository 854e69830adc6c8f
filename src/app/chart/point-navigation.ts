// Finds the point of a chart that an arrow key or the pointer means.
import type { PixelPoint } from './plot-frame.ts'

/** Index of a line, and of a point on it. */
export interface PointIndex {
  readonly line: number
  readonly point: number
}

type PixelLines = readonly (readonly PixelPoint[])[]

const MAX_POINTER_DISTANCE = 48 // pixels

/**
 * The point that a key leads to: left and right along the line, up and down to the nearest point of the next
 * line. Undefined for other keys and past the ends.
 */
export function neighbourPoint(
  lines: PixelLines,
  { line, point }: PointIndex,
  key: string,
): PointIndex | undefined {
  const end = (lines[line]?.length ?? 0) - 1
  const along = { ArrowLeft: point - 1, ArrowRight: point + 1, Home: 0, End: end }[key]
  if (along !== undefined) return lines[line]?.[along] ? { line, point: along } : undefined
  const pixel = lines[line]?.[point]
  if (!pixel || (key !== 'ArrowUp' && key !== 'ArrowDown')) return undefined
  const up = key === 'ArrowUp'
  const candidates = lines.flatMap((pixels, index) => {
    const beside = index === line ? -1 : closestIndex(pixels, ({ x }) => Math.abs(x - pixel.x))
    const found = pixels[beside]
    if (!found) return []
    // At the same height, the order of the lines decides.
    const distance = up ? pixel.y - found.y : found.y - pixel.y
    const ahead = distance > 0 || (distance === 0 && (up ? index < line : index > line))
    return ahead ? [{ target: { line: index, point: beside }, distance }] : []
  })
  return candidates.sort((a, b) => a.distance - b.distance)[0]?.target
}

/** The point nearest to a pixel; undefined if none is within 48 pixels. */
export function nearestPoint(lines: PixelLines, x: number, y: number): PointIndex | undefined {
  let best: PointIndex | undefined
  let minDistance = MAX_POINTER_DISTANCE
  lines.forEach((pixels, line) => {
    pixels.forEach((pixel, point) => {
      const distance = Math.hypot(pixel.x - x, pixel.y - y)
      if (distance >= minDistance) return
      minDistance = distance
      best = { line, point }
    })
  })
  return best
}

function closestIndex(pixels: readonly PixelPoint[], distance: (pixel: PixelPoint) => number): number {
  const distances = pixels.map(distance)
  return distances.indexOf(Math.min(...distances))
}
