// Answers: is a regular expression from a downloaded file safe to run? A JavaScript match cannot be interrupted, so patterns
// whose matching time can explode are refused before they are compiled. It must not know what the pattern is for.

const MAX_LENGTH = 65_536 // the older DeepSeek pattern spells out some 2,000 characters of letters
const MAX_DEPTH = 32
const MAX_REPEATS = 4 // repeats in one alternative: n open-ended ones can cost length^n; real patterns have two
const MAX_BRANCH_REPEATS = 8 // how often a group with alternatives may repeat

/** One group of the pattern, or the whole of it. */
interface Group {
  readonly outer: Group | undefined
  readonly depth: number
  branches: number
  repeats: number // in the current alternative, groups inside included
  mostRepeats: number // in any alternative
}

/** Why the pattern is refused, or undefined when it is tame: no repeated group that itself repeats, no back-reference. */
export function whyUntame(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH) return `is ${pattern.length} characters long, the limit is ${MAX_LENGTH}`
  let group = openGroup(undefined)
  let before: Group | string = '' // what a repeat sign here would repeat: the group that just ended, or a sign
  for (let at = 0; at < pattern.length; ) {
    const sign = readSign(pattern, at)
    at += sign.length
    if (/^\\[1-9k]/.test(sign)) return 'uses a back-reference'
    const times = timesOf(sign)
    if (times !== undefined) {
      const refusal = repeat(group, before, sign, times)
      if (refusal !== undefined) return refusal
    } else if (sign.startsWith('(')) {
      group = openGroup(group)
      if (group.depth > MAX_DEPTH) return 'nests too many groups'
    } else if (sign === '|') {
      group.branches++
      group.repeats = 0
    }
    before = sign
    if (sign === ')') {
      if (group.outer === undefined) return 'has an unbalanced parenthesis'
      before = group
      group = group.outer
      count(group, before.mostRepeats)
    }
    if (group.repeats > MAX_REPEATS) return 'chains too many repeats'
  }
  return group.outer === undefined ? undefined : 'has an unbalanced parenthesis'
}

function openGroup(outer: Group | undefined): Group {
  return { outer, depth: (outer?.depth ?? 0) + 1, branches: 1, repeats: 0, mostRepeats: 0 }
}

function count(group: Group, repeats: number): void {
  group.repeats += repeats
  group.mostRepeats = Math.max(group.mostRepeats, group.repeats)
}

/** Notes that `before` is repeated up to `times` times; says why that is refused. */
function repeat(group: Group, before: Group | string, sign: string, times: number): string | undefined {
  if (typeof before === 'string' && timesOf(before) !== undefined) {
    // A second sign after the first makes it lazy (a+?) or possessive (a++); anything else would repeat a repeat.
    return sign === '?' || (sign === '+' && !before.startsWith('{')) ? undefined : 'repeats a repeat'
  }
  if (times <= 1) return undefined
  if (typeof before !== 'string') {
    if (before.mostRepeats > 0) return 'repeats a group that itself repeats'
    if (before.branches > 1 && times > MAX_BRANCH_REPEATS) return 'repeats a group with alternatives'
  }
  count(group, 1)
  return undefined
}

/** How often a repeat sign repeats at most; undefined for any other sign. */
function timesOf(sign: string): number | undefined {
  if (sign === '?') return 1
  if (sign === '*' || sign === '+') return Number.POSITIVE_INFINITY
  const counts = /^\{(\d*)(,?)(\d*)\}$/.exec(sign)
  if (counts === null) return undefined
  if (counts[2] === '') return Number(counts[1])
  return counts[3] === '' ? Number.POSITIVE_INFINITY : Number(counts[3])
}

const SIGN = /\\[\s\S]|\((?:\?(?:<?[=!]|[:>]|[a-z]+:))?|\{\d*,?\d*\}|[\s\S]/y

/** The sign at a position: an escape, a whole character class, the opening of a group, a repeat count, or one character. */
function readSign(pattern: string, at: number): string {
  if (pattern[at] === '[') return pattern.slice(at, endOfClass(pattern, at))
  SIGN.lastIndex = at
  return SIGN.exec(pattern)?.[0] ?? pattern.slice(at, at + 1)
}

/** The position after the character class that opens at `at`. */
function endOfClass(pattern: string, at: number): number {
  let depth = 0
  for (let i = at; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++
    else if (pattern[i] === '[') depth++
    else if (pattern[i] === ']' && --depth === 0) return i + 1
  }
  return pattern.length
}
