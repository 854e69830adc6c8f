// Scales of chart axes: where a value lies, and which ticks are drawn.

export interface AxisScale {
  /** 0 at the start of the axis, 1 at its end; values outside give positions outside. */
  positionOf(value: number): number
  readonly ticks: readonly number[]
}

/** Logarithmic: from a power of two below all values to one above, with at most `maxTicks` ticks. */
export function logScale(values: readonly number[], maxTicks: number): AxisScale {
  const known = values.filter((value) => value > 0)
  const low = Math.floor(Math.log2(Math.min(...known)) + 1e-9)
  const high = Math.max(low + 1, Math.ceil(Math.log2(Math.max(...known)) - 1e-9))
  const step = Math.max(1, Math.ceil((high - low) / (maxTicks - 1)))
  const ticks: number[] = []
  for (let power = low; power <= high; power += step) ticks.push(2 ** power)
  return { positionOf: (value) => (Math.log2(value) - low) / (high - low), ticks }
}

/** Linear: from zero, so that differences are not exaggerated, to a round number above all values. */
export function linearScale(values: readonly number[], maxTicks: number): AxisScale {
  const top = Math.max(...values)
  const rough = top / (maxTicks - 1)
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10)
  const count = Math.max(1, Math.ceil(top / step - 1e-9))
  return {
    positionOf: (value) => value / (step * count),
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
  }
}

/** Linear, or logarithmic if the values differ by more than a factor of 30. */
export function rateScale(values: readonly number[], maxTicks: number): AxisScale {
  const known = values.filter((value) => value > 0)
  return Math.max(...known) > 30 * Math.min(...known)
    ? logScale(known, maxTicks)
    : linearScale(known, maxTicks)
}

/**
 * Moves heights apart so that labels do not overlap: at least `gap` between them, all from `top` to `bottom`.
 * Returned in the order given.
 */
export function spreadLabels(heights: readonly number[], gap: number, top: number, bottom: number): number[] {
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
