// Plans which byte ranges of a file must still be fetched.

export interface ByteRange {
  readonly start: number
  readonly end: number // exclusive
}

/**
 * The gaps between the `present` ranges (in order, without overlaps) of a file of `bytes`. Gaps are cut at
 * multiples of `rangeBytes`, so that ranges keep their boundaries however often a download is interrupted.
 */
export function planMissingRanges(
  bytes: number,
  present: readonly ByteRange[],
  rangeBytes: number,
): readonly ByteRange[] {
  const missing: ByteRange[] = []
  let position = 0
  for (const { start, end } of [...present, { start: bytes, end: bytes }]) {
    while (position < start) {
      const cut = Math.min(start, (Math.floor(position / rangeBytes) + 1) * rangeBytes)
      missing.push({ start: position, end: cut })
      position = cut
    }
    position = end
  }
  return missing
}
