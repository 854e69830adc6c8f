// Answers: where does a number lie on an axis, and which numbers stand beside it? It must not know what is drawn, nor how large.

export interface Scale {
  /** 0 at the axis's beginning, 1 at its end; may lie outside. */
  at(value: number): number
  readonly ticks: readonly number[]
}

/** Powers of two around all values, with `most` ticks or fewer. */
export function logScale(values: readonly number[], most: number): Scale {
  const known = values.filter((value) => value > 0)
  const low = Math.floor(Math.log2(Math.min(...known)) + 1e-9)
  const high = Math.max(low + 1, Math.ceil(Math.log2(Math.max(...known)) - 1e-9))
  const step = Math.max(1, Math.ceil((high - low) / (most - 1)))
  const ticks: number[] = []
  for (let power = low; power <= high; power += step) ticks.push(2 ** power)
  return { at: (value) => (Math.log2(value) - low) / (high - low), ticks }
}

/** From zero, which does not flatter, to a round number above all values. */
export function linearScale(values: readonly number[], most: number): Scale {
  const top = Math.max(...values)
  const rough = top / (most - 1)
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10)
  const count = Math.max(1, Math.ceil(top / step - 1e-9))
  return {
    at: (value) => value / (step * count),
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
  }
}

/** From zero where that shows all values; powers of two where they lie too far apart. */
export function rateScale(values: readonly number[], most: number): Scale {
  const known = values.filter((value) => value > 0)
  return Math.max(...known) > 30 * Math.min(...known) ? logScale(known, most) : linearScale(known, most)
}

/** Heights moved apart so that texts beside them do not overlap: `gap` between them, all from `top` to `bottom`, in the order given. */
export function apart(heights: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = heights.map((height, index) => ({ height, index })).sort((a, b) => a.height - b.height)
  let before = top - gap
  for (const entry of order) {
    entry.height = Math.max(entry.height, before + gap)
    before = entry.height
  }
  let after = bottom + gap
  for (const entry of order.toReversed()) {
    entry.height = Math.min(entry.height, after - gap)
    after = entry.height
  }
  const placed = heights.slice()
  for (const { height, index } of order) placed[index] = height
  return placed
}
