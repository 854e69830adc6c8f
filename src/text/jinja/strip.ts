// Python's strip, split and their relatives.
import type { Budget } from './budget.ts'
import { textArgument } from './call.ts'
import { ONLY_SPACE } from './lexer.ts'
import { itemsOf, type Value } from './values.ts'

/** Removes white space, or these characters, from the start, the end or both. */
export function strip(text: string, chars: Value | undefined, side: 'start' | 'end' | 'both'): string {
  const set = chars === undefined || chars === null ? undefined : new Set(textArgument(chars))
  const drops = (char: string) => (set ? set.has(char) : ONLY_SPACE.test(char))
  let start = 0
  let end = text.length
  const charAt = (index: number) => String.fromCodePoint(text.codePointAt(index) ?? 0)
  if (side !== 'end') while (start < end && drops(charAt(start))) start += charAt(start).length
  if (side === 'start') return text.slice(start)
  while (end > start) {
    const isPair = end - start > 1 && /[\udc00-\udfff]/.test(text.charAt(end - 1))
    const size = isPair && charAt(end - 2).length === 2 ? 2 : 1
    if (!drops(charAt(end - size))) break
    end -= size
  }
  return text.slice(start, end)
}

/** Splits at white space or a separator, at most `limit` times (-1: always), from the start or the end. */
export function split(text: string, separator: Value | undefined, limit: number, fromEnd = false): string[] {
  if (separator === undefined || separator === null) return splitSpace(text, limit, fromEnd)
  const by = textArgument(separator)
  if (by === '') throw new Error('empty separator')
  if (fromEnd) return splitFromEnd(text, by, limit)
  const parts = text.split(by)
  if (limit < 0 || parts.length <= limit + 1) return parts
  return [...parts.slice(0, limit), parts.slice(limit).join(by)]
}

function splitFromEnd(text: string, by: string, limit: number): string[] {
  const parts: string[] = []
  let end = text.length
  while (parts.length !== limit) {
    const at = end < by.length ? -1 : text.lastIndexOf(by, end - by.length)
    if (at < 0) break
    parts.push(text.slice(at + by.length, end))
    end = at
  }
  return [...parts, text.slice(0, end)].reverse()
}

function splitSpace(text: string, limit: number, fromEnd: boolean): string[] {
  const words: { start: number; end: number }[] = []
  for (let at = 0, start = -1; at <= text.length; at++) {
    const isSpace = at === text.length || ONLY_SPACE.test(text.charAt(at))
    if (!isSpace && start < 0) start = at
    if (isSpace && start >= 0) {
      words.push({ start, end: at })
      start = -1
    }
  }
  const all = words.map(({ start, end }) => text.slice(start, end))
  if (limit < 0 || words.length <= limit) return all
  if (!fromEnd) return [...all.slice(0, limit), text.slice(words[limit]?.start)]
  const cut = words.length - limit
  return [text.slice(0, words[cut - 1]?.end), ...all.slice(cut)]
}

const LINE_ENDS = '\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029'
const LINE_END = new RegExp(`\\r\\n|[${LINE_ENDS}]`, 'g')

export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = []
  let start = 0
  for (const match of text.matchAll(LINE_END)) {
    const end = match.index + match[0].length
    lines.push(text.slice(start, keepEnds ? end : match.index))
    start = end
  }
  if (start < text.length) lines.push(text.slice(start))
  return lines
}

/** Python's `replace`. @param limit how many at most; negative: all */
export function replace(budget: Budget, text: string, from: string, to: string, limit: number): string {
  budget.text(text.length)
  const parts = from === '' ? ['', ...text, ''] : text.split(from)
  const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1)
  budget.text(text.length + count * to.length)
  if (count === parts.length - 1) return parts.join(to)
  return parts.slice(0, count + 1).join(to) + from + parts.slice(count + 1).join(from)
}

export function partition(text: string, separator: string, fromEnd: boolean): [string, string, string] {
  if (separator === '') throw new Error('empty separator')
  const at = fromEnd ? text.lastIndexOf(separator) : text.indexOf(separator)
  if (at < 0) return fromEnd ? ['', '', text] : [text, '', '']
  return [text.slice(0, at), separator, text.slice(at + separator.length)]
}

/** A text, or a tuple of texts, as `startswith` takes them. */
export function alternatives(value: Value | undefined): readonly string[] {
  const items = Array.isArray(value) || value === undefined ? undefined : itemsOf(value)
  return items ? items.map(textArgument) : [textArgument(value)]
}
