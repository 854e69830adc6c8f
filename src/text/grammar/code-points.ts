// Sets of Unicode code points as sorted ranges, and the UTF-8 bytes that write them.
import { bytes, choice, type Expression, NOTHING, type Range, sequence } from './grammar.ts'

export const MAX_CODE_POINT = 0x10ffff
/** All that UTF-8 can write: surrogates are left out. */
export const ANY_CHARACTER: readonly Range[] = [
  [0, 0xd7ff],
  [0xe000, MAX_CODE_POINT],
]

/** Sorted ranges without overlaps. */
export function union(ranges: readonly Range[]): readonly Range[] {
  const joined: [number, number][] = []
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    const open = joined.at(-1)
    if (open !== undefined && first <= open[1] + 1) open[1] = Math.max(open[1], last)
    else joined.push([first, last])
  }
  return joined
}

/** The characters that are in none of these ranges. */
export function complement(ranges: readonly Range[]): readonly Range[] {
  const gaps: Range[] = []
  let next = 0
  for (const [first, last] of union(ranges)) {
    if (first > next) gaps.push([next, first - 1])
    next = last + 1
  }
  if (next <= MAX_CODE_POINT) gaps.push([next, MAX_CODE_POINT])
  return intersect(gaps, ANY_CHARACTER)
}

/** Both lists are sorted and without overlaps. */
export function intersect(a: readonly Range[], b: readonly Range[]): readonly Range[] {
  return a.flatMap(([first, last]) =>
    b
      .map(([from, to]): Range => [Math.max(first, from), Math.min(last, to)])
      .filter(([from, to]) => from <= to),
  )
}

/** The characters of a set without those of another. */
export const difference = (ranges: readonly Range[], removed: readonly Range[]): readonly Range[] =>
  intersect(union(ranges), complement(removed))

export const codePoints = (text: string): readonly number[] =>
  [...text].map((char) => char.codePointAt(0) ?? 0)

/** The last code points that take one, two, three and four bytes. */
const LIMITS = [0x7f, 0x7ff, 0xffff, MAX_CODE_POINT]

/** One character of these ranges, in UTF-8. */
export function characters(ranges: readonly Range[]): Expression {
  const options: Expression[] = []
  const ascii: Range[] = []
  for (const [first, last] of intersect(union(ranges), ANY_CHARACTER)) {
    for (const [at, limit] of LIMITS.entries()) {
      const from = Math.max(first, at === 0 ? 0 : (LIMITS[at - 1] ?? 0) + 1)
      const to = Math.min(last, limit)
      if (from > to) continue
      if (at === 0) ascii.push([from, to])
      else options.push(...encoded(from, to, at))
    }
  }
  if (ascii.length > 0) options.unshift(bytes(...ascii))
  return options.length === 1 ? (options[0] ?? NOTHING) : choice(...options)
}

/** The alternatives for code points of equal length: a lead and `more` continuation bytes. */
function encoded(from: number, to: number, more: number): readonly Expression[] {
  const lead = more === 0 ? 0 : 0xff00 >> (more + 1)
  return byteRanges(from, to, more).map((ranges) =>
    sequence(
      ...ranges.map(([first, last], at) => {
        const mark = at === 0 ? lead & 0xff : 0x80
        return bytes([mark | first, mark | last])
      }),
    ),
  )
}

/** Splits a range of numbers into products of ranges of 6-bit digits, the first of which may be larger. */
function byteRanges(from: number, to: number, more: number): readonly (readonly Range[])[] {
  if (more === 0) return [[[from, to]]]
  const unit = 1 << (6 * more)
  const first = Math.floor(from / unit)
  const last = Math.floor(to / unit)
  const rest = (low: number, high: number, digit: Range) =>
    byteRanges(low, high, more - 1).map((ranges): readonly Range[] => [digit, ...ranges])
  if (first === last) return rest(from % unit, to % unit, [first, first])
  const startsWhole = from % unit === 0
  const endsWhole = to % unit === unit - 1
  const wholeFrom = startsWhole ? first : first + 1
  const wholeTo = endsWhole ? last : last - 1
  return [
    ...(startsWhole ? [] : rest(from % unit, unit - 1, [first, first])),
    ...(wholeFrom <= wholeTo ? rest(0, unit - 1, [wholeFrom, wholeTo]) : []),
    ...(endsWhole ? [] : rest(0, to % unit, [last, last])),
  ]
}
