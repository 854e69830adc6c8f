// Answers: are regular expressions from a downloaded file safe to run? A JavaScript match cannot be interrupted, so patterns
// for which a match at one position could take more than time in proportion to the text are refused before they are compiled.
// It must not know what the patterns are for.
//
// A backtracking matcher is slow only where a text can be divided in many ways and something after that fails. So the rules count
// ways: repeats without end that come before something that must match (one is the text's length in ways, two its square), and
// finite choices, multiplied. They are stricter than need be; the patterns of published tokenizers keep far from them.

const MAX_LENGTH = 65_536 // the older DeepSeek pattern spells out some 2,000 characters of letters
const MAX_DEPTH = 32
const MAX_WAYS = 256 // finite choices in one alternative, multiplied; real patterns have up to some 20
const MAX_FINITE = 16 // a count that varies by more is as good as endless
const MAX_COUNT = 1000
const MAX_SLOW = 32 // alternatives that go back over one endless repeat, in all patterns together; real ones have five

/** What a pattern repeats or not: a sign, or a group of alternatives. */
interface Item {
  readonly group: readonly (readonly Item[])[] | undefined
  readonly looks: boolean // a look ahead or behind: what it finds is not kept, so that it may look again and again
  min: number
  max: number
}

interface Ways {
  readonly endless: number // endless repeats so far, in sequence
  readonly finite: number
}

class Untame extends Error {}

/** Why these patterns are refused, as the end of a sentence; undefined when they are tame. */
export function checkTame(patterns: readonly string[]): string | undefined {
  const slow = { count: 0 }
  try {
    for (const pattern of patterns) {
      if (pattern.length > MAX_LENGTH)
        throw new Untame(`is ${pattern.length} characters long, the limit is ${MAX_LENGTH}`)
      for (const branch of parse(pattern)) waysOf(branch, { endless: 0, finite: 1 }, slow)
    }
    return undefined
  } catch (error) {
    if (error instanceof Untame) return error.message
    throw error
  }
}

function waysOf(branch: readonly Item[], start: Ways, slow: { count: number }): Ways {
  let { endless, finite } = start
  let counted = false
  for (const { group, looks, min, max } of branch) {
    const endlessly = max > min + MAX_FINITE
    if (min > 0 && endless > 1) throw new Untame('repeats twice without end before something that can fail')
    if (min > 0 && endless === 1 && !counted) {
      counted = true
      if (++slow.count > MAX_SLOW) throw new Untame('goes back over too many repeats')
    }
    if (group !== undefined) {
      checkRepeatedGroup(group, max)
      // What an optional group fails to match is left out; nothing before it is tried again.
      const inner = group.map((part) =>
        waysOf(part, min === 0 ? { endless: 0, finite: 1 } : { endless, finite: 1 }, slow),
      )
      const most = Math.max(...inner.map((ways) => ways.endless))
      if (looks && most > 1) throw new Untame('looks far again and again')
      endless = min === 0 ? endless + most : most
      finite *= inner.reduce((sum, ways) => sum + ways.finite, min === 0 ? 1 : 0)
    }
    if (endlessly) endless++
    else finite *= max - min + 1
    if (finite > MAX_WAYS) throw new Untame('leaves too many choices')
  }
  return { endless, finite }
}

/** A group that repeats must match in one way only, or every round multiplies the ways; nor may counts multiply. */
function checkRepeatedGroup(group: readonly (readonly Item[])[], max: number): void {
  if (max <= 1) return
  if (group.length > 1) throw new Untame('repeats a group with alternatives')
  for (const { group: inner, min, max: most } of group[0] ?? []) {
    if (min !== most || most > 1) throw new Untame('repeats a group that itself repeats')
    if (inner !== undefined) checkRepeatedGroup(inner, max)
  }
}

/** The alternatives of a pattern. */
function parse(pattern: string): readonly (readonly Item[])[] {
  const open: Item[][][] = [[[]]] // the groups around the current position, each with its alternatives so far
  const openings: string[] = []
  let repeated = '' // the repeat sign just read, which a further sign can only make lazy or possessive
  for (let at = 0; at < pattern.length; ) {
    const sign = readSign(pattern, at)
    at += sign.length
    if (/^\\[1-9k]/.test(sign)) throw new Untame('uses a back-reference')
    const branches = open.at(-1) ?? []
    const branch = branches.at(-1) ?? []
    const counts = countsOf(sign)
    if (counts !== undefined) {
      if (repeated === '') repeatLast(branch, counts)
      else if (sign !== '?' && (sign !== '+' || repeated.startsWith('{')))
        throw new Untame('repeats a repeat')
      repeated = repeated === '' ? sign : '{' // a third sign would repeat again
    } else {
      repeated = ''
      if (sign.startsWith('(')) {
        open.push([[]])
        openings.push(sign)
      } else if (sign === '|') branches.push([])
      else if (sign === ')') closeGroup(open, /[=!]$/.test(openings.pop() ?? ''))
      else branch.push({ group: undefined, looks: false, min: 1, max: 1 })
    }
    if (open.length > MAX_DEPTH) throw new Untame('nests too many groups')
  }
  if (open.length !== 1) throw new Untame('has an unbalanced parenthesis')
  return open[0] ?? []
}

function closeGroup(open: Item[][][], looks: boolean): void {
  const group = open.pop()
  const outer = open.at(-1)?.at(-1)
  if (outer === undefined) throw new Untame('has an unbalanced parenthesis')
  outer.push({ group, looks, min: 1, max: 1 })
}

function repeatLast(branch: Item[], { min, max }: { min: number; max: number }): void {
  const item = branch.at(-1)
  if (item === undefined) return // "(?" of a flag, or nothing to repeat: compiling will tell
  if (min > MAX_COUNT || (max > MAX_COUNT && max !== Number.POSITIVE_INFINITY))
    throw new Untame(`repeats more than ${MAX_COUNT} times`)
  item.min = min
  item.max = max
}

/** The least and most rounds of a repeat sign; undefined for any other sign. */
function countsOf(sign: string): { min: number; max: number } | undefined {
  if (sign === '?') return { min: 0, max: 1 }
  if (sign === '*') return { min: 0, max: Number.POSITIVE_INFINITY }
  if (sign === '+') return { min: 1, max: Number.POSITIVE_INFINITY }
  const counts = /^\{(\d*)(,?)(\d*)\}$/.exec(sign)
  if (counts === null) return undefined
  const min = Number(counts[1])
  if (counts[2] === '') return { min, max: min }
  return { min, max: counts[3] === '' ? Number.POSITIVE_INFINITY : Number(counts[3]) }
}

const SIGN = /\\(?:[pPxu]\{[^}]*\}|[\s\S])|\((?:\?(?:<?[=!]|[:>]|[a-z]+:))?|\{\d*,?\d*\}|[\s\S]/y

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
