// Reads a grammar in GBNF, the notation of llama.cpp.
import { badField } from '../../lib/check.ts'
import { formatValue, quoteName } from '../../lib/format.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import { ANY_CHARACTER, characters, complement, MAX_CODE_POINT } from './code-points.ts'
import { EMPTY, type Expression, type Grammar, GrammarBuilder, type Range, repeat, words } from './grammar.ts'
import { keptGrammar } from './kept-grammars.ts'

const FIELD = 'hadal.grammar'
const MAX_TEXT = 1 << 20
const MAX_DEPTH = 64
const MAX_REPEAT = 1_000_000
const NAME = /[A-Za-z\d_-]+/y
const COUNT = /\d+/y
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/**
 * Reads a grammar.
 * @param text rules in GBNF; `root` generates the whole answer
 * @throws HadalError bad_request, with line and column
 */
export function gbnfGrammar(text: string, tokenizer: Pick<TextTokenizer, 'encode' | 'bytesOf'>): Grammar {
  if (text.length > MAX_TEXT) throw badField(FIELD, `must not have more than ${MAX_TEXT} characters`)
  return keptGrammar(tokenizer, `GBNF ${text}`, () => new GbnfReader(text, tokenizer).read())
}

class GbnfReader {
  readonly #text: string
  readonly #tokenizer: Pick<TextTokenizer, 'encode' | 'bytesOf'>
  readonly #builder = new GrammarBuilder()
  /** Rules by name, each with the place where the name was first seen. */
  readonly #rules = new Map<string, { readonly rule: number; readonly at: number }>()
  #at = 0
  #depth = 0

  constructor(text: string, tokenizer: Pick<TextTokenizer, 'encode' | 'bytesOf'>) {
    this.#text = text
    this.#tokenizer = tokenizer
  }

  read(): Grammar {
    this.#skipSpace(true)
    while (this.#at < this.#text.length) this.#readRule()
    for (const [name, { rule, at }] of this.#rules)
      if (!this.#builder.isDefined(rule)) throw this.#error(`the rule ${quoteName(name)} is not defined`, at)
    const root = this.#rules.get('root')
    if (!root) throw this.#error('there is no rule with the name root', 0)
    return this.#builder.finish(root.rule)
  }

  #readRule(): void {
    const start = this.#at
    const name = this.#match(NAME)
    if (name === undefined) throw this.#error('expected the name of a rule')
    const rule = this.#ruleOf(name, start)
    if (this.#builder.isDefined(rule))
      throw this.#error(`the rule ${quoteName(name)} is defined twice`, start)
    this.#skipSpace(false)
    if (!this.#text.startsWith('::=', this.#at)) throw this.#error('expected ::=')
    this.#at += 3
    this.#skipSpace(true)
    this.#builder.define(rule, this.#readChoice(false))
    if (this.#at < this.#text.length && !'\r\n'.includes(this.#peek()))
      throw this.#error(`expected a new line or the end, not ${formatValue(this.#peek())}`)
    this.#skipSpace(true)
  }

  #ruleOf(name: string, at: number): number {
    const known = this.#rules.get(name)
    if (known) return known.rule
    const rule = this.#builder.declare(name)
    this.#rules.set(name, { rule, at })
    return rule
  }

  /** @param isNested within parentheses, where new lines are white space */
  #readChoice(isNested: boolean): Expression {
    if (++this.#depth > MAX_DEPTH) throw this.#error('groups are nested too deeply')
    const options = [this.#readSequence(isNested)]
    while (this.#peek() === '|') {
      this.#at++
      this.#skipSpace(true)
      options.push(this.#readSequence(isNested))
    }
    this.#depth--
    const [only = EMPTY] = options
    return options.length === 1 ? only : { kind: 'choice', options }
  }

  #readSequence(isNested: boolean): Expression {
    const parts: Expression[] = []
    for (let item = this.#readItem(); item !== undefined; item = this.#readItem()) {
      this.#skipSpace(isNested)
      const counts = this.#readCounts()
      parts.push(counts ? repeat(item, ...counts) : item)
      this.#skipSpace(isNested)
    }
    const [only = EMPTY] = parts
    return parts.length === 1 ? only : { kind: 'sequence', parts }
  }

  #readItem(): Expression | undefined {
    const start = this.#at
    const char = this.#peek()
    if (char === '"') return this.#readText()
    if (char === '[') return this.#readClass()
    if (char === '<' || char === '!') return this.#readToken()
    if (char === '.') {
      this.#at++
      return characters(ANY_CHARACTER)
    }
    if (char === '(') {
      this.#at++
      this.#skipSpace(true)
      const group = this.#readChoice(true)
      if (this.#peek() !== ')') throw this.#error('expected )')
      this.#at++
      return group
    }
    if ('*+?{'.includes(char) && char !== '') throw this.#error('there is nothing to repeat')
    const name = this.#match(NAME)
    return name === undefined ? undefined : { kind: 'rule', rule: this.#ruleOf(name, start) }
  }

  #readText(): Expression {
    let text = ''
    for (this.#at++; this.#peek() !== '"'; )
      text += String.fromCodePoint(this.#readCharacter('a text without its closing quote'))
    this.#at++
    return words(text)
  }

  #readClass(): Expression {
    this.#at++
    const isNegated = this.#peek() === '^'
    if (isNegated) this.#at++
    const ranges: Range[] = []
    while (this.#peek() !== ']') {
      const start = this.#at
      const first = this.#readCharacter('a class without its closing bracket')
      let last = first
      if (this.#peek() === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++
        last = this.#readCharacter('a class without its closing bracket')
      }
      if (last < first) throw this.#error('the range ends before it begins', start)
      ranges.push([first, last])
    }
    this.#at++
    return characters(isNegated ? complement(ranges) : ranges)
  }

  /** One character, perhaps written as an escape. */
  #readCharacter(unfinished: string): number {
    const start = this.#at
    const code = this.#text.codePointAt(start)
    if (code === undefined) throw this.#error(unfinished)
    if (code !== 0x5c) return this.#character(code, start, code > 0xffff ? 2 : 1)
    const char = this.#text[start + 1] ?? ''
    const digits = HEX_DIGITS[char]
    if (digits !== undefined) {
      const hex = this.#text.slice(start + 2, start + 2 + digits)
      if (hex.length < digits || /[^\da-f]/i.test(hex))
        throw this.#error(`expected ${digits} hexadecimal digits`, start)
      return this.#character(Number.parseInt(hex, 16), start, 2 + digits)
    }
    const escaped = ESCAPES[char] ?? ('\\"[]-'.includes(char) ? char : '')
    if (escaped === '') throw this.#error(`\\${char} is no escape`, start)
    return this.#character(escaped.charCodeAt(0), start, 2)
  }

  #character(code: number, start: number, length: number): number {
    if (code > MAX_CODE_POINT || (code >= 0xd800 && code < 0xe000))
      throw this.#error('this is no character of Unicode', start)
    this.#at = start + length
    return code
  }

  /** A token, as <[id]> or as its text; negated with ! before it. */
  #readToken(): Expression {
    const start = this.#at
    const isNegated = this.#peek() === '!'
    if (isNegated) this.#at++
    const end = this.#text.indexOf('>', this.#at)
    const text = this.#text.slice(this.#at, end + 1)
    if (end < 0 || !text.startsWith('<')) throw this.#error('expected a token as <[id]> or <text>', start)
    const number = /^<\[(\d+)\]>$/.exec(text)?.[1]
    const ids = number === undefined ? this.#tokenizer.encode(text) : [Number(number)]
    const [id] = ids
    if (id === undefined || ids.length !== 1 || this.#tokenizer.bytesOf(id).length === 0)
      throw this.#error(`${formatValue(text)} is no single token of the model`, start)
    this.#at = end + 1
    return { kind: 'tokens', ids, isNegated }
  }

  /** The counts of a repeat, if one follows. */
  #readCounts(): readonly [min: number, max: number] | undefined {
    const char = this.#peek()
    if (char === '*' || char === '+' || char === '?') {
      this.#at++
      return [char === '+' ? 1 : 0, char === '?' ? 1 : Number.POSITIVE_INFINITY]
    }
    if (char !== '{') return undefined
    const start = this.#at++
    this.#skipSpace(true)
    const min = this.#readCount()
    if (min === undefined) throw this.#error('expected a number of repeats')
    this.#skipSpace(true)
    let max = min
    if (this.#peek() === ',') {
      this.#at++
      this.#skipSpace(true)
      max = this.#readCount() ?? Number.POSITIVE_INFINITY
      this.#skipSpace(true)
    }
    if (this.#peek() !== '}') throw this.#error('expected , or }')
    this.#at++
    if (max < min) throw this.#error('the range of repeats ends before it begins', start)
    return [min, max]
  }

  #readCount(): number | undefined {
    const start = this.#at
    const digits = this.#match(COUNT)
    if (digits === undefined) return undefined
    if (Number(digits) > MAX_REPEAT)
      throw this.#error(`more than ${MAX_REPEAT} repeats are not supported`, start)
    return Number(digits)
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  /** Skips white space and comments. */
  #skipSpace(newLines: boolean): void {
    this.#match(newLines ? /(?:[ \t\r\n]|#[^\r\n]*)+/y : /(?:[ \t]|#[^\r\n]*)+/y)
  }

  #error(problem: string, at = this.#at): Error {
    const before = this.#text.slice(0, at).split(/\r\n|\r|\n/)
    const column = [...(before.at(-1) ?? '')].length + 1
    return badField(FIELD, `cannot be read: line ${before.length}, column ${column}: ${problem}`)
  }
}
