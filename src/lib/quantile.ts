// Answers: below which of some numbers does a share of them lie? It must not know what they measure.

/** Of sorted numbers; between two of them where the share falls between: 0.5 is the median. NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const [low = Number.NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return low + (at % 1) * (high - low)
}
