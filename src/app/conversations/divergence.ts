// Finds where several answers to one question begin to differ.

/** The words before that place, and what comes there in which of the texts, the most frequent first. */
export interface Divergence {
  readonly before: string
  readonly branches: readonly { readonly next: string; readonly texts: readonly number[] }[]
}

/** Characters of the common part that are shown. */
const BEFORE = 40

/** Undefined if all texts are equal. The place is the beginning of the first word or number that differs. */
export function divergenceOf(texts: readonly string[]): Divergence | undefined {
  const words = texts.map((text) => text.match(/\s*(?:[\p{L}\p{M}]+|\p{N}|[^\s\p{L}\p{N}])/gu) ?? [])
  const [first = []] = words
  const same = (at: number) => words.every((other) => other[at] === first[at])
  let at = 0
  while (at < first.length && same(at)) at++
  if (at === first.length && same(at)) return undefined
  const branches = new Map<string, number[]>()
  for (const [index, other] of words.entries()) {
    const next = other[at]?.trim() ?? ''
    branches.set(next, [...(branches.get(next) ?? []), index])
  }
  const common = first.slice(0, at).join('').replace(/\s+/g, ' ').trim()
  return {
    before: common.length > BEFORE ? `…${common.slice(-BEFORE)}` : common,
    branches: [...branches]
      .map(([next, texts]) => ({ next, texts }))
      .sort((a, b) => b.texts.length - a.texts.length),
  }
}
