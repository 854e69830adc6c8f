// Grammars of JSON text as Python's json.dumps spaces it: characters of strings, any value, any object.
import { ANY_CHARACTER, characters, codePoints, complement, difference, intersect } from '../code-points.ts'
import {
  bytes,
  choice,
  EMPTY,
  type Expression,
  type GrammarBuilder,
  NOTHING,
  optional,
  type Range,
  repeat,
  sequence,
  words,
} from '../grammar.ts'

export const COMMA = words(', ')
/** Characters that a string of JSON may hold as they are. */
export const PLAIN: readonly Range[] = intersect(
  complement([
    [0, 0x1f],
    [0x22, 0x22],
    [0x5c, 0x5c],
  ]),
  ANY_CHARACTER,
)
const HEX: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x46],
  [0x61, 0x66],
]
const DIGIT: Range = [0x30, 0x39]

export const digits = (min: number, max = min): Expression => repeat(bytes(DIGIT), min, max)
export const digitsFrom = (first: number, last: number): Expression => bytes([0x30 + first, 0x30 + last])

/** How strings are written: between quotes as in JSON, or raw, up to whatever follows. */
export interface StringForm {
  /** Any character, however it is written. */
  readonly character: Expression
  /** One character of these ranges. */
  of(ranges: readonly Range[]): Expression
  /** A string with this content. */
  whole(content: Expression): Expression
}

export const JSON_STRINGS: StringForm = {
  character: choice(characters(PLAIN), sequence(words('\\'), escaped())),
  of: stringCharacter,
  whole: quoted,
}

export const RAW_STRINGS: StringForm = {
  character: characters(ANY_CHARACTER),
  of: characters,
  whole: (content) => content,
}

/** What follows a backslash. Escapes of surrogates come in pairs. */
function escaped(): Expression {
  const hex = (count: number) => repeat(bytes(...HEX), count, count)
  const d = bytes([0x44, 0x44], [0x64, 0x64])
  const other = HEX.flatMap((range) =>
    difference(
      [range],
      [
        [0x44, 0x44],
        [0x64, 0x64],
      ],
    ),
  )
  return choice(
    words(...'"\\/bfnrt'),
    sequence(
      words('u'),
      choice(
        sequence(bytes(...other), hex(3)),
        sequence(d, bytes([0x30, 0x37]), hex(2)),
        sequence(
          sequence(d, bytes([0x38, 0x39], [0x41, 0x42], [0x61, 0x62]), hex(2)),
          sequence(words('\\u'), d, bytes([0x43, 0x46], [0x63, 0x66]), hex(2)),
        ),
      ),
    ),
  )
}

/** One character of these ranges within a string; it is escaped only where JSON demands it. */
function stringCharacter(ranges: readonly Range[]): Expression {
  const demanded = intersect(ranges, complement(PLAIN))
  const escapes = demanded.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, at) =>
      JSON.stringify(String.fromCodePoint(first + at)).slice(1, -1),
    ),
  )
  const plain = characters(intersect(ranges, PLAIN))
  return escapes.length === 0 ? plain : choice(plain, words(...escapes))
}

/** A string between its quotes. */
function quoted(content: Expression): Expression {
  return sequence(words('"'), content, words('"'))
}

/** The key of a member, with what follows it. */
export const keyText = (key: string): Expression => words(`${JSON.stringify(key)}: `)

/** A key other than these, without escapes, with what follows it. */
export function otherKey(builder: GrammarBuilder, keys: readonly string[]): Expression {
  const isPlain = (code: number) => intersect([[code, code]], PLAIN).length > 0
  const spelled = keys.map(codePoints).filter((codes) => codes.every(isPlain))
  const root = newFork()
  for (const codes of spelled) {
    let at = root
    for (const code of codes) {
      const next = at.children.get(code) ?? newFork()
      at.children.set(code, next)
      at = next
    }
    at.isKey = true
  }
  const free = repeat(characters(PLAIN))
  // Rules, not nested expressions: keys may be long.
  const rule = builder.declare('key')
  const left = [{ fork: root, rule }]
  for (let item = left.pop(); item !== undefined; item = left.pop()) {
    const options: Expression[] = item.fork.isKey ? [] : [EMPTY]
    for (const [code, fork] of item.fork.children) {
      const next = builder.declare('key')
      left.push({ fork, rule: next })
      options.push(sequence(words(String.fromCodePoint(code)), { kind: 'rule', rule: next }))
    }
    const spoken = [...item.fork.children.keys()].map((code): Range => [code, code])
    options.push(sequence(characters(difference(PLAIN, spoken)), free))
    builder.define(item.rule, { kind: 'choice', options })
  }
  return sequence(quoted({ kind: 'rule', rule }), words(': '))
}

interface Fork {
  readonly children: Map<number, Fork>
  isKey: boolean
}

const newFork = (): Fork => ({ children: new Map(), isKey: false })

/** A list of at least `min` and at most `max` items between separators. */
export function list(item: Expression, min: number, max: number): Expression {
  if (max <= 0) return min <= 0 ? EMPTY : NOTHING
  const items = sequence(item, repeat(sequence(COMMA, item), Math.max(0, min - 1), max - 1))
  return min <= 0 ? optional(items) : items
}

/** A number of at most 15 digits before and after the point, so that every one is finite. */
const NUMBER = sequence(
  optional(words('-')),
  choice(words('0'), sequence(digitsFrom(1, 9), digits(0, 14))),
  optional(sequence(words('.'), digits(1, 15))),
  optional(sequence(words('e', 'E'), optional(words('+', '-')), digits(1, 2))),
)

/** The rules of JSON that are the same in every schema. */
export class JsonRules {
  readonly string: Expression
  readonly number: Expression
  /** Any value. */
  readonly value: Expression
  readonly object: Expression

  constructor(builder: GrammarBuilder) {
    this.string = builder.rule('string', quoted(repeat(JSON_STRINGS.character)))
    this.number = builder.rule('number', NUMBER)
    const value = builder.declare('value')
    this.value = { kind: 'rule', rule: value }
    const member = sequence(this.string, words(': '), this.value)
    const all = Number.POSITIVE_INFINITY
    this.object = builder.rule('object', sequence(words('{'), list(member, 0, all), words('}')))
    const array = builder.rule('array', sequence(words('['), list(this.value, 0, all), words(']')))
    builder.define(
      value,
      choice(this.object, array, this.string, this.number, words('true', 'false', 'null')),
    )
  }
}
