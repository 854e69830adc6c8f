// Answers: which point is meant by a key, or by a place on the screen? It must not know what the points say.
import type { Place } from './frame.ts'

/** A point by its line and its number on it. */
export interface Spot {
  readonly line: number
  readonly point: number
}

type Lines = readonly (readonly Place[])[]

const near = 48 // pixels around a point that still mean it

/** Where a key leads: along the line, or to the nearest point of the next line up or down. Nothing for other keys, or at an end. */
export function neighbour(lines: Lines, { line, point }: Spot, key: string): Spot | undefined {
  const along = { ArrowLeft: point - 1, ArrowRight: point + 1, Home: 0, End: (lines[line]?.length ?? 0) - 1 }[
    key
  ]
  if (along !== undefined) return lines[line]?.[along] ? { line, point: along } : undefined
  const place = lines[line]?.[point]
  if (!place || (key !== 'ArrowUp' && key !== 'ArrowDown')) return undefined
  const up = key === 'ArrowUp'
  const others = lines.flatMap((places, index) => {
    const beside = index === line ? -1 : closest(places, ({ x }) => Math.abs(x - place.x))
    const found = places[beside]
    if (!found) return []
    // Lines that meet are left in the order of their names.
    const distance = up ? place.y - found.y : found.y - place.y
    const ahead = distance > 0 || (distance === 0 && (up ? index < line : index > line))
    return ahead ? [{ spot: { line: index, point: beside }, distance }] : []
  })
  return others.sort((a, b) => a.distance - b.distance)[0]?.spot
}

/** The point nearest to a place, if any is near. */
export function nearest(lines: Lines, x: number, y: number): Spot | undefined {
  let best: Spot | undefined
  let least = near
  lines.forEach((places, line) => {
    places.forEach((place, point) => {
      const distance = Math.hypot(place.x - x, place.y - y)
      if (distance >= least) return
      least = distance
      best = { line, point }
    })
  })
  return best
}

function closest(places: readonly Place[], distance: (place: Place) => number): number {
  const distances = places.map(distance)
  return distances.indexOf(Math.min(...distances))
}
