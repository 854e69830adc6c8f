// Methods of Python's str, without those that need attributes (`format`).
import type { Budget } from './budget.ts'
import { type BuiltIn, builtIns, intArgument, textArgument } from './call.ts'
import { CodePoints, pointIndex, sliceBounds } from './code-points.ts'
import { isPrintable } from './format.ts'
import { ONLY_SPACE } from './lexer.ts'
import { alternatives, partition, replace, split, splitLines, strip } from './strip.ts'
import { countCodePoints, isTrue, listOf, Tuple, typeName, type Value } from './values.ts'

type Method = BuiltIn<string>['call']

/** Pays for reading the text, then acts. */
const reading =
  (act: (text: string, ...args: (Value | undefined)[]) => Value): Method =>
  (budget, text, ...args) => {
    budget.text(text.length)
    return act(text, ...args)
  }

const every = (pattern: RegExp): Method => reading((text) => text !== '' && pattern.test(text))
const isCased = (char: string): boolean => /[\p{Lu}\p{Ll}\p{Lt}]/u.test(char)
const optionalInt = (value: Value | undefined): number | undefined =>
  value === undefined || value === null ? undefined : intArgument(value)

/** The part of a text between two indices, and where it begins. */
function part(text: string, start: Value | undefined, end: Value | undefined) {
  if (start === undefined && end === undefined) return { text, offset: 0, valid: true }
  const points = new CodePoints(text)
  const [from, to] = sliceBounds(points.length, optionalInt(start), optionalInt(end), 1)
  const valid = (optionalInt(start) ?? 0) <= points.length && from <= to
  return { text: points.slice(from, to), offset: from, valid }
}

const find = (fromEnd: boolean, required: boolean): Method =>
  reading((whole, wanted, start, end) => {
    const { text, offset, valid } = part(whole, start, end)
    const needle = textArgument(wanted)
    const found = valid ? (fromEnd ? text.lastIndexOf(needle) : text.indexOf(needle)) : -1
    if (found >= 0) return offset + pointIndex(text, found)
    if (required) throw new Error('substring not found')
    return -1
  })

const edge = (test: (text: string, part: string) => boolean): Method =>
  reading((whole, wanted, start, end) => {
    const { text, valid } = part(whole, start, end)
    return valid && alternatives(wanted).some((one) => test(text, one))
  })

const justified =
  (left: (missing: number, width: number) => number): Method =>
  (budget, text, widthValue, fillValue = ' ') => {
    const width = intArgument(widthValue)
    const fill = textArgument(fillValue)
    if (countCodePoints(fill) !== 1) throw new Error('The fill character must be exactly one character long')
    budget.text(Math.max(width, text.length))
    const missing = Math.max(0, width - countCodePoints(text))
    const before = left(missing, width)
    return fill.repeat(before) + text + fill.repeat(missing - before)
  }

function isTitle(text: string): boolean {
  let cased = false
  let found = false
  for (const char of text) {
    if (/[\p{Lu}\p{Lt}]/u.test(char) && cased) return false
    if (/\p{Ll}/u.test(char) && !cased) return false
    cased = isCased(char)
    found ||= cased
  }
  return found
}

export const title = (text: string): string =>
  text.replace(/\p{L}+/gu, (word) => {
    const [first = ''] = word
    return first.toUpperCase() + word.slice(first.length).toLowerCase()
  })

export function capitalize(text: string): string {
  const [first = ''] = text
  return first.toUpperCase() + text.slice(first.length).toLowerCase()
}

const count: Method = reading((whole, wanted, start, end) => {
  const { text, valid } = part(whole, start, end)
  const needle = textArgument(wanted)
  if (!valid) return 0
  return needle === '' ? countCodePoints(text) + 1 : text.split(needle).length - 1
})

const join: Method = (budget, separator, items) => {
  const parts = listOf(budget, items ?? null).map((item, index) => {
    if (typeof item === 'string') return item
    throw new Error(`sequence item ${index}: expected str instance, ${typeName(item)} found`)
  })
  return joinTexts(budget, parts, separator)
}

/** Joins texts, paid for by the length of the result. */
export function joinTexts(budget: Budget, parts: readonly string[], separator: string): string {
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  budget.text(size + Math.max(0, parts.length - 1) * separator.length)
  return parts.join(separator)
}

function expandTabs(budget: Budget, text: string, size: number): string {
  budget.text(text.length + (text.split('\t').length - 1) * Math.max(0, size))
  let column = 0
  let result = ''
  for (const char of text) {
    const spaces = char === '\t' ? (size > 0 ? size - (column % size) : 0) : undefined
    column = /[\n\r]/.test(char) ? 0 : column + (spaces ?? 1)
    result += spaces === undefined ? char : ' '.repeat(spaces)
  }
  return result
}

const words = (parts: readonly string[]): Value => parts
const removed = (text: string, affix: Value | undefined, atStart: boolean): string => {
  const part = textArgument(affix)
  if (part === '' || !(atStart ? text.startsWith(part) : text.endsWith(part))) return text
  return atStart ? text.slice(part.length) : text.slice(0, -part.length)
}

/** Splitting makes lists: it is paid for by its parts. */
const splitting =
  (act: (text: string, ...args: (Value | undefined)[]) => string[]): Method =>
  (budget, text, ...args) => {
    budget.text(text.length)
    const parts = act(text, ...args)
    budget.items(parts.length)
    return words(parts)
  }

export const STRING_METHODS = builtIns<string>({
  'capitalize /': reading(capitalize),
  'casefold /': reading((text) => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ')),
  'center width fill? /': justified((missing, width) => Math.floor(missing / 2) + (missing & width & 1)),
  'count text start? end? /': count,
  'endswith suffix start? end? /': edge((text, suffix) => text.endsWith(suffix)),
  'expandtabs tabsize?': (budget, text, size) => expandTabs(budget, text, intArgument(size, 8)),
  'find text start? end? /': find(false, false),
  'index text start? end? /': find(false, true),
  'isalnum /': every(/^[\p{L}\p{N}]+$/u),
  'isalpha /': every(/^\p{L}+$/u),
  'isascii /': reading((text) => !/[^\0-\x7f]/.test(text)),
  'isdecimal /': every(/^\p{Nd}+$/u),
  'isdigit /': every(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨]+$/u),
  'isidentifier /': every(/^[\p{XID_Start}_]\p{XID_Continue}*$/u),
  'islower /': reading((text) => /\p{Ll}/u.test(text) && !/[\p{Lu}\p{Lt}]/u.test(text)),
  'isnumeric /': every(/^\p{N}+$/u),
  'isprintable /': reading((text) => [...text].every(isPrintable)),
  'isspace /': every(ONLY_SPACE),
  'istitle /': reading(isTitle),
  'isupper /': reading((text) => /\p{Lu}/u.test(text) && !/[\p{Ll}\p{Lt}]/u.test(text)),
  'join iterable /': join,
  'ljust width fill? /': justified(() => 0),
  'lower /': reading((text) => text.toLowerCase()),
  'lstrip chars? /': reading((text, chars) => strip(text, chars, 'start')),
  'partition sep /': reading((text, by) => new Tuple(partition(text, textArgument(by), false))),
  'removeprefix prefix /': reading((text, prefix) => removed(text, prefix, true)),
  'removesuffix suffix /': reading((text, suffix) => removed(text, suffix, false)),
  'replace old new count? /': (budget, text, from, to, limit) =>
    replace(budget, text, textArgument(from), textArgument(to), intArgument(limit, -1)),
  'rfind text start? end? /': find(true, false),
  'rindex text start? end? /': find(true, true),
  'rjust width fill? /': justified((missing) => missing),
  'rpartition sep /': reading((text, by) => new Tuple(partition(text, textArgument(by), true))),
  'rsplit sep? maxsplit?': splitting((text, by, limit) => split(text, by, intArgument(limit, -1), true)),
  'rstrip chars? /': reading((text, chars) => strip(text, chars, 'end')),
  'split sep? maxsplit?': splitting((text, by, limit) => split(text, by, intArgument(limit, -1))),
  'splitlines keepends?': splitting((text, keep = false) => splitLines(text, isTrue(keep))),
  'startswith prefix start? end? /': edge((text, prefix) => text.startsWith(prefix)),
  'strip chars? /': reading((text, chars) => strip(text, chars, 'both')),
  'swapcase /': reading((text) =>
    [...text].map((char) => (/\p{Lu}/u.test(char) ? char.toLowerCase() : char.toUpperCase())).join(''),
  ),
  'title /': reading(title),
  'upper /': reading((text) => text.toUpperCase()),
  'zfill width /': (budget, text, width) => {
    const size = intArgument(width)
    budget.text(Math.max(size, text.length))
    const sign = /^[+-]/.exec(text)?.[0] ?? ''
    return sign + '0'.repeat(Math.max(0, size - countCodePoints(text))) + text.slice(sign.length)
  },
})
