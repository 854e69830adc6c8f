// Drafts tokens by looking up where the latest ones have occurred before, in the prompt or in the answer.
// (Prompt lookup decoding: n-gram speculation without a draft model.)

/** Tokens that must agree before what followed them is a draft; the longest match is taken. */
export const NGRAM = { longest: 4, shortest: 2 } as const

/**
 * The tokens that followed the latest occurrence of the longest possible n-gram that ends `ids`, at most
 * `count`. Empty where none of its length has occurred before.
 */
export function lookUp(ids: readonly number[], count: number): readonly number[] {
  const end = ids.length
  let best = 0 // length of the longest match
  let found = 0 // where it ends
  // From the latest on, so that among matches of equal length the latest one counts.
  for (let at = end - 1; at >= NGRAM.shortest && best < NGRAM.longest; at--) {
    let length = 0
    while (length < NGRAM.longest && length < at && ids[at - 1 - length] === ids[end - 1 - length]) length++
    if (length > best && length >= NGRAM.shortest) [best, found] = [length, at]
  }
  if (best === 0) return []
  // A match that overlaps the end goes on with itself: a text that repeats is drafted as far as wanted.
  const period = end - found
  return Array.from({ length: count }, (_, index) => ids[found + (index % period)] ?? 0)
}
