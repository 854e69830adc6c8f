// Reads a pattern of a JSON schema: regular expressions of ECMAScript without lookaround, back-references.
import { ANY_CHARACTER, complement, MAX_CODE_POINT, union } from '../code-points.ts'
import type { Range } from '../grammar.ts'

/** A character of a set, or one of several sequences. */
type PatternAtom = { readonly ranges: readonly Range[] } | { readonly options: readonly PatternSequence[] }
type Counts = { readonly min: number; readonly max: number }
export type PatternItem = PatternAtom & Counts

export interface PatternSequence {
  readonly items: readonly PatternItem[]
  /** Whether it begins with ^ and ends with $. */
  readonly fromStart: boolean
  readonly toEnd: boolean
}

/** Why a pattern is refused, as the end of a sentence. */
export class UnsupportedPattern extends Error {}

const MAX_LENGTH = 4096
const MAX_DEPTH = 32
const MAX_COUNT = 100_000
const DIGITS: readonly Range[] = [[0x30, 0x39]]
const WORD: readonly Range[] = [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]
const SPACE: readonly Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: union(WORD),
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}
const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 }
const COUNTS = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y
const GROUP = /\((?:\?:|\?<[\p{L}_$][\p{L}\p{N}_$]*>|(?!\?))/uy
const HEX = /(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]{1,6})\})/iy

/**
 * The alternatives of a pattern.
 * @throws UnsupportedPattern
 */
export function readPattern(pattern: string): readonly PatternSequence[] {
  if (pattern.length > MAX_LENGTH) throw new UnsupportedPattern(`is longer than ${MAX_LENGTH} characters`)
  return new PatternReader(pattern).read()
}

class PatternReader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): readonly PatternSequence[] {
    const options = this.#readOptions()
    if (this.#at < this.#text.length) throw new UnsupportedPattern('has an unbalanced parenthesis')
    return options
  }

  #readOptions(): readonly PatternSequence[] {
    if (++this.#depth > MAX_DEPTH) throw new UnsupportedPattern('nests too many groups')
    const options = [this.#readSequence()]
    while (this.#take('|')) options.push(this.#readSequence())
    this.#depth--
    return options
  }

  #readSequence(): PatternSequence {
    const items: PatternItem[] = []
    const fromStart = this.#take('^')
    while (this.#at < this.#text.length && !'|)'.includes(this.#peek())) {
      if (this.#take('$')) {
        if (this.#peek() !== '' && !'|)'.includes(this.#peek()))
          throw new UnsupportedPattern('has $ before other parts')
        return { items, fromStart, toEnd: true }
      }
      if (this.#peek() === '^') throw new UnsupportedPattern('has ^ after other parts')
      items.push({ ...this.#readAtom(), ...this.#readCounts() })
    }
    return { items, fromStart, toEnd: false }
  }

  #readAtom(): PatternAtom {
    const char = this.#peek()
    if (char === '(') {
      if (this.#match(GROUP) === null) throw new UnsupportedPattern('looks ahead or behind, or sets flags')
      const options = this.#readOptions()
      if (!this.#take(')')) throw new UnsupportedPattern('has an unbalanced parenthesis')
      return { options }
    }
    if (this.#take('[')) return { ranges: this.#readClass() }
    if (this.#take('.')) return { ranges: complement(LINE_ENDS) }
    if (this.#take('\\')) return { ranges: this.#readEscape() }
    if ('*+?{'.includes(char)) throw new UnsupportedPattern('has a repeat of nothing')
    return { ranges: this.#readPlain() }
  }

  #readPlain(): readonly Range[] {
    const code = this.#text.codePointAt(this.#at) ?? 0
    this.#at += code > 0xffff ? 2 : 1
    return [[code, code]]
  }

  #readCounts(): Counts {
    const found = this.#match(COUNTS)
    if (found === null) return { min: 1, max: 1 }
    const [text, from, comma, to] = found
    const all = Number.POSITIVE_INFINITY
    if (from === undefined) return { min: text.startsWith('+') ? 1 : 0, max: text.startsWith('?') ? 1 : all }
    const min = Number(from)
    const max = comma === '' ? min : to === '' ? all : Number(to)
    if (max < min) throw new UnsupportedPattern('has a range of repeats out of order')
    if (min > MAX_COUNT || (max !== all && max > MAX_COUNT))
      throw new UnsupportedPattern(`repeats more than ${MAX_COUNT} times`)
    return { min, max }
  }

  #readClass(): readonly Range[] {
    const isNegated = this.#take('^')
    const ranges: Range[] = []
    while (!this.#take(']')) {
      const first = this.#readMember()
      if (this.#peek() === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++
        const from = only(first)
        const to = only(this.#readMember())
        if (to < from) throw new UnsupportedPattern('has a range of characters out of order')
        ranges.push([from, to])
      } else ranges.push(...first)
    }
    return isNegated ? complement(ranges) : union(ranges)
  }

  #readMember(): readonly Range[] {
    if (this.#peek() === '') throw new UnsupportedPattern('has an unbalanced bracket')
    if (!this.#take('\\')) return this.#readPlain()
    return this.#take('b') ? [[8, 8]] : this.#readEscape()
  }

  /** What follows a backslash. */
  #readEscape(): readonly Range[] {
    const code = this.#readHex()
    if (code !== undefined) return [[code, code]]
    const char = this.#peek()
    const known = CLASSES[char]
    this.#at++
    if (known) return known
    const control = CONTROLS[char]
    if (control !== undefined && !/\d/.test(this.#peek())) return [[control, control]]
    if (char === 'c' && /[a-z]/i.test(this.#peek())) {
      const letter = this.#peek().charCodeAt(0) % 32
      this.#at++
      return [[letter, letter]]
    }
    if (char === '' || /[\da-z\u0080-\uffff]/i.test(char)) throw new UnsupportedPattern(`uses \\${char}`)
    return [[char.charCodeAt(0), char.charCodeAt(0)]]
  }

  #readHex(): number | undefined {
    const found = this.#match(HEX)
    if (found === null) return undefined
    const code = Number.parseInt(found[1] ?? found[2] ?? found[3] ?? '', 16)
    const isHigh = code >= 0xd800 && code < 0xdc00
    if (isHigh && this.#text.startsWith('\\u', this.#at)) {
      this.#at++
      const low = this.#readHex() ?? 0
      if (low >= 0xdc00 && low < 0xe000) return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
    }
    if (code > MAX_CODE_POINT || (code >= 0xd800 && code < 0xe000))
      throw new UnsupportedPattern('names half a character')
    return code
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #take(char: string): boolean {
    const isNext = this.#peek() === char
    if (isNext) this.#at++
    return isNext
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    this.#at += found?.[0].length ?? 0
    return found
  }
}

/** The character of a set of one. */
function only(ranges: readonly Range[]): number {
  const [range] = ranges
  if (ranges.length === 1 && range && range[0] === range[1]) return range[0]
  throw new UnsupportedPattern('has a range that begins or ends with a class')
}

export const ANY: PatternItem = { ranges: ANY_CHARACTER, min: 0, max: Number.POSITIVE_INFINITY }
