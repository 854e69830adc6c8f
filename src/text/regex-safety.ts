// Refuses regular expressions from downloaded files that could run for too long, before they are compiled.
// A JavaScript match cannot be interrupted; a match at one position must take time in proportion to the text.
//
// A backtracking matcher is slow only where a text can be matched in many ways and a later part of the
// pattern fails. So the rules count ways to match: n for an unbounded repeat over n characters, n² for two in
// sequence, and the product of all finite choices. They are stricter than necessary; the patterns of
// published tokenizers stay far below the limits.

const MAX_LENGTH = 65_536 // the older DeepSeek pattern spells out some 2,000 characters of letters
const MAX_DEPTH = 32
const MAX_WAYS = 256 // finite choices in one alternative, multiplied; real patterns have up to some 20
const MAX_FINITE = 16 // a count that varies by more is treated as unbounded
const MAX_COUNT = 1000
// Alternatives that backtrack over an unbounded repeat, in all patterns together; real ones have five.
const MAX_SLOW = 32

/** A part of a pattern with its repeat count: a character or class, or a group of alternatives. */
interface RegexItem {
  readonly group: readonly (readonly RegexItem[])[] | undefined
  readonly isLookaround: boolean // look-ahead or look-behind: consumes nothing, so it may search repeatedly
  min: number
  max: number
}

/** In how many ways a part of a pattern can match. */
interface MatchWays {
  readonly unbounded: number // unbounded repeats so far, in sequence
  readonly finite: number
}

class UnsafeRegex extends Error {}

/**
 * Checks all patterns of a file. Returns why they are refused, as the end of a sentence; undefined if they
 * are safe.
 */
export function checkRegexSafety(patterns: readonly string[]): string | undefined {
  const slow = { count: 0 }
  try {
    for (const pattern of patterns) {
      if (pattern.length > MAX_LENGTH)
        throw new UnsafeRegex(`is ${pattern.length} characters long, the limit is ${MAX_LENGTH}`)
      for (const branch of parse(pattern)) waysOf(branch, { unbounded: 0, finite: 1 }, slow)
    }
    return undefined
  } catch (error) {
    if (error instanceof UnsafeRegex) return error.message
    throw error
  }
}

function waysOf(branch: readonly RegexItem[], start: MatchWays, slow: { count: number }): MatchWays {
  let { unbounded, finite } = start
  let counted = false
  for (const { group, isLookaround, min, max } of branch) {
    const isUnbounded = max > min + MAX_FINITE
    if (min > 0 && unbounded > 1)
      throw new UnsafeRegex('repeats twice without a limit before something that can fail')
    if (min > 0 && unbounded === 1 && !counted) {
      counted = true
      if (++slow.count > MAX_SLOW) throw new UnsafeRegex('backtracks over too many repeats')
    }
    if (group !== undefined) {
      checkRepeatedGroup(group, max)
      // An optional group that fails to match is skipped; nothing before it is tried again.
      const inner = group.map((part) =>
        waysOf(part, min === 0 ? { unbounded: 0, finite: 1 } : { unbounded, finite: 1 }, slow),
      )
      const maxUnbounded = Math.max(...inner.map((ways) => ways.unbounded))
      if (isLookaround && maxUnbounded > 1)
        throw new UnsafeRegex('looks ahead or behind over several unbounded repeats')
      unbounded = min === 0 ? unbounded + maxUnbounded : maxUnbounded
      finite *= inner.reduce((sum, ways) => sum + ways.finite, min === 0 ? 1 : 0)
    }
    if (isUnbounded) unbounded++
    else finite *= max - min + 1
    if (finite > MAX_WAYS) throw new UnsafeRegex('leaves too many choices')
  }
  return { unbounded, finite }
}

/**
 * A repeated group must match in one way only, or every round multiplies the ways. Nor may counts multiply.
 */
function checkRepeatedGroup(group: readonly (readonly RegexItem[])[], max: number): void {
  if (max <= 1) return
  if (group.length > 1) throw new UnsafeRegex('repeats a group with alternatives')
  for (const { group: inner, min, max: innerMax } of group[0] ?? []) {
    if (min !== innerMax || innerMax > 1) throw new UnsafeRegex('repeats a group that itself repeats')
    if (inner !== undefined) checkRepeatedGroup(inner, max)
  }
}

/** The alternatives of a pattern. */
function parse(pattern: string): readonly (readonly RegexItem[])[] {
  // The groups around the current position, each with its alternatives so far.
  const open: RegexItem[][][] = [[[]]]
  const openings: string[] = []
  let repeated = '' // the repeat token just read, which a further token can only make lazy or possessive
  for (let at = 0; at < pattern.length; ) {
    const token = readRegexToken(pattern, at)
    at += token.length
    if (/^\\[1-9k]/.test(token)) throw new UnsafeRegex('uses a back-reference')
    const branches = open.at(-1) ?? []
    const branch = branches.at(-1) ?? []
    const counts = countsOf(token)
    if (counts !== undefined) {
      if (repeated === '') repeatLast(branch, counts)
      else if (token !== '?' && (token !== '+' || repeated.startsWith('{')))
        throw new UnsafeRegex('repeats a repeat')
      repeated = repeated === '' ? token : '{' // a third token would repeat again
    } else {
      repeated = ''
      if (token.startsWith('(')) {
        open.push([[]])
        openings.push(token)
      } else if (token === '|') branches.push([])
      else if (token === ')') closeGroup(open, /[=!]$/.test(openings.pop() ?? ''))
      else branch.push({ group: undefined, isLookaround: false, min: 1, max: 1 })
    }
    if (open.length > MAX_DEPTH) throw new UnsafeRegex('nests too many groups')
  }
  if (open.length !== 1) throw new UnsafeRegex('has an unbalanced parenthesis')
  return open[0] ?? []
}

function closeGroup(open: RegexItem[][][], isLookaround: boolean): void {
  const group = open.pop()
  const outer = open.at(-1)?.at(-1)
  if (outer === undefined) throw new UnsafeRegex('has an unbalanced parenthesis')
  outer.push({ group, isLookaround, min: 1, max: 1 })
}

function repeatLast(branch: RegexItem[], { min, max }: { min: number; max: number }): void {
  const item = branch.at(-1)
  if (item === undefined) return // "(?" of a flag, or nothing to repeat: compiling reports it
  if (min > MAX_COUNT || (max > MAX_COUNT && max !== Number.POSITIVE_INFINITY))
    throw new UnsafeRegex(`repeats more than ${MAX_COUNT} times`)
  item.min = min
  item.max = max
}

/** The lowest and highest count of a repeat token; undefined for any other token. */
function countsOf(token: string): { min: number; max: number } | undefined {
  if (token === '?') return { min: 0, max: 1 }
  if (token === '*') return { min: 0, max: Number.POSITIVE_INFINITY }
  if (token === '+') return { min: 1, max: Number.POSITIVE_INFINITY }
  const counts = /^\{(\d*)(,?)(\d*)\}$/.exec(token)
  if (counts === null) return undefined
  const min = Number(counts[1])
  if (counts[2] === '') return { min, max: min }
  return { min, max: counts[3] === '' ? Number.POSITIVE_INFINITY : Number(counts[3]) }
}

const TOKEN = /\\(?:[pPxu]\{[^}]*\}|[\s\S])|\((?:\?(?:<?[=!]|[:>]|[a-z]+:))?|\{\d*,?\d*\}|[\s\S]/y

/**
 * The token at a position: an escape, a whole character class, the opening of a group, a repeat count, or one
 * character.
 */
function readRegexToken(pattern: string, at: number): string {
  if (pattern[at] === '[') return pattern.slice(at, endOfClass(pattern, at))
  TOKEN.lastIndex = at
  return TOKEN.exec(pattern)?.[0] ?? pattern.slice(at, at + 1)
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
