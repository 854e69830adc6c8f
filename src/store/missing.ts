// Answers: which ranges must still be fetched? A pure decision. It must not know what is fetched or how.

export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The gaps between what is `there` (in order, without overlaps) in a file of `bytes`, cut where multiples of `rangeBytes`
 * lie, so that ranges keep their borders however often a download is interrupted.
 */
export function planMissing(
  bytes: number,
  there: readonly ByteRange[],
  rangeBytes: number,
): readonly ByteRange[] {
  const missing: ByteRange[] = []
  let at = 0
  for (const { start, end } of [...there, { start: bytes, end: bytes }]) {
    while (at < start) {
      const cut = Math.min(start, (Math.floor(at / rangeBytes) + 1) * rangeBytes)
      missing.push({ start: at, end: cut })
      at = cut
    }
    at = end
  }
  return missing
}
