// Tests of grammars in GBNF: what they generate, and where an error is.
import { describe, expect, it } from 'vitest'
import { openConstraint } from '../../../src/text/grammar/constraint.ts'
import { gbnfGrammar } from '../../../src/text/grammar/gbnf.ts'
import { openDemo } from '../fixtures.ts'
import { acceptor, END_ID, idsOf, VOCAB, walk } from './walk.ts'

const tokenizer = openDemo()
const read = (text: string) => gbnfGrammar(text, tokenizer)

const ARITHMETIC = `
root  ::= (expr "=" ws term "\\n")+   # lines
expr  ::= term ([-+*/] term)*
term  ::= ident | num | "(" ws expr ")" ws
ident ::= [a-z] [a-z0-9_]* ws
num   ::= [0-9]+ ws
ws    ::= [ \\t\\n]*
`

const TABLE: readonly (readonly [text: string, texts: readonly string[], others: readonly string[]])[] = [
  ['root ::= "yes" | "no"', ['yes', 'no'], ['', 'ye', 'yesno']],
  ['root ::= "a" b? c*\nb ::= "b"\nc ::= "c"', ['a', 'ab', 'abcc', 'ac'], ['abb', 'b']],
  [
    'root ::= "a"{2} "b"{1,} "c"{0,2} "d"{,1}'.replace('"d"{,1}', '"d"{0,1}'),
    ['aab', 'aabbccd'],
    ['ab', 'aa', 'aabccc'],
  ],
  ['root ::= ("a" | "b"){2,3}', ['ab', 'bba'], ['a', 'abab']],
  ['root ::= [a-cx-]+', ['abcx-'], ['d', '']],
  ['root ::= [^a-cé]', ['d', 'ü', '😀', '\n'], ['a', 'é', 'dd']],
  ['root ::= [\\]\\[\\\\^]+', [']', '[\\^'], ['a']],
  ['root ::= [ぁ-ゟ]+', ['ひらがな'], ['カ', 'a']],
  ['root ::= "\\x41\\u00e9\\U0001F600\\t\\"\\\\"', ['Aé😀\t"\\'], ['A']],
  ['root ::= ...', ['aé😀', '\n\r\t'], ['aa', 'aaaa']],
  ['root ::= (\n  "a" # first\n  | # or\n  "b"\n)', ['a', 'b'], ['']],
  ['root ::= "a" |\n  "b"\r\n\r\nrest ::= "c"', ['a', 'b'], ['c']],
  ['root ::= (("a"?)* ("b"? "c"?)+)*', ['', 'aacb', 'bca'], ['d']],
  ['root ::= nested\nnested ::= "(" nested ")" | ""', ['', '(())'], ['(', '())']],
  ['root ::= "a" tail\ntail ::= "b" tail |', ['a', 'abbb'], ['b']],
  [ARITHMETIC, ['a=1\n', 'x1 +(2*y)= z\n1=2\n'], ['a=\n', '=1\n', '(a=1\n']],
]

describe('a grammar in GBNF', () => {
  it.each(TABLE)('generates some texts and not others: %j', (text, texts, others) => {
    const accepts = acceptor(read(text))
    expect(texts.filter((answer) => !accepts(answer))).toEqual([])
    expect(others.filter(accepts)).toEqual([])
  })

  it('is followed by the tokens of a model', () => {
    const accepts = acceptor(read(ARITHMETIC))
    for (let seed = 0; seed < 20; seed++) {
      const { text, isComplete } = walk(read(ARITHMETIC), { tokenizer, seed, budget: 60 })
      expect(isComplete && accepts(text), text).toBe(true)
    }
  })

  it('may name tokens', () => {
    const grammar = read('root ::= <think> !<[6]>* </think> "done" <[0]>?')
    const constraint = openConstraint(grammar, { tokenizer, vocab: VOCAB, endIds: [END_ID] })
    expect(constraint.forced(9)).toEqual([5])
    constraint.accept(5)
    const all = Array.from({ length: VOCAB }, (_, id) => id)
    expect(idsOf(constraint.mask(99))).toEqual(all.filter((id) => id !== END_ID))
    expect(idsOf(constraint.mask('>done'.length))).toEqual([6])
    for (const id of [7, 0, 6, ...tokenizer.encodePlain('done')]) constraint.accept(id)
    expect(idsOf(constraint.mask(9))).toEqual([0, END_ID])
  })
})

const ERRORS: readonly (readonly [text: string, error: string])[] = [
  ['', 'line 1, column 1: there is no rule with the name root'],
  ['rule ::= "a"', 'there is no rule with the name root'],
  ['root ::= "a" other', 'line 1, column 14: the rule "other" is not defined'],
  ['root ::= "a"\nroot ::= "b"', 'line 2, column 1: the rule "root" is defined twice'],
  ['root ::= "a', 'line 1, column 12: a text without its closing quote'],
  ['root ::= [a', 'line 1, column 12: a class without its closing bracket'],
  ['root ::= [z-a]', 'line 1, column 11: the range ends before it begins'],
  ['root ::= "\\q"', 'line 1, column 11: \\q is no escape'],
  ['root ::= "\\x4"', 'expected 2 hexadecimal digits'],
  ['root ::= "\\ud800"', 'this is no character of Unicode'],
  ['root ::= "\\U00110000"', 'this is no character of Unicode'],
  ['root ::= ("a"', 'line 1, column 14: expected )'],
  ['root ::= "a")', 'line 1, column 13: expected a new line or the end, not ")"'],
  ['root ::= *', 'line 1, column 10: there is nothing to repeat'],
  ['root ::= "a"{3,2}', 'the range of repeats ends before it begins'],
  ['root ::= "a"{}', 'expected a number of repeats'],
  ['root ::= "a"{1', 'expected , or }'],
  ['root ::= "a"{9999999}', 'more than 1000000 repeats'],
  ['root = "a"', 'line 1, column 6: expected ::='],
  ['root ::= "é😀" <nothing>', 'line 1, column 15: "<nothing>" is no single token'],
  ['root ::= <[99999999]>', 'is no single token'],
  ['root ::= !"a"', 'expected a token'],
  [`root ::= ${'('.repeat(100)}`, 'groups are nested too deeply'],
]

it.each(ERRORS)('an error in GBNF says where it is: %j', (text, error) => {
  expect(() => read(text)).toThrowError(
    expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(error) }),
  )
  expect(() => read(text)).toThrowError(/^`hadal\.grammar` cannot be read: line \d+, column \d+: /)
})

const range = (length: number, textOf: (at: number) => string): readonly string[] =>
  Array.from({ length }, (_, at) => textOf(at))

describe('a hostile grammar', () => {
  const open = (text: string) => openConstraint(read(text), { tokenizer, vocab: VOCAB, endIds: [END_ID] })

  it.each([
    ['root ::= root "a" | "b"', 'root'],
    ['root ::= a\na ::= b? c\nb ::= "b"\nc ::= "" a "x"', 'c|a'],
    ['root ::= (x | "a")*\nx ::= (root | "b")?', 'root|x'],
  ])('that begins a rule with itself is refused by the name of the rule: %j', (text, rule) => {
    expect(() => open(text)).toThrowError(
      expect.objectContaining({
        code: 'bad_request',
        message: expect.stringMatching(`^The rule (${rule}) begins with itself`),
      }),
    )
  })

  it.each(['root ::= "a" root', 'root ::= "a" | x\nx ::= [] "b"'.replace('"a" | x', 'x')])(
    'without an end is refused: %j',
    (text) => {
      expect(() => open(text)).toThrowError(expect.objectContaining({ code: 'bad_request' }))
    },
  )

  it.each([
    [
      'ambiguous',
      'root ::= a a\na ::= b b\nb ::= c c\nc ::= d d\nd ::= ("x" | "xx" | a2)*\na2 ::= "x" d "x"?',
    ],
    ['nested repeats', 'root ::= ((("a"{0,999} "b"?){0,999} "c"?){0,999})'],
    ['empty repeats', 'root ::= ((((""?)*)*)+){0,1000000} ("" | "a"?){1000,1000000}'],
    ['long repeats', 'root ::= [ab]{1000000} | "c"'],
    ['many classes', `root ::= (${range(500, (at) => `[^${String.fromCodePoint(200 + at)}]`).join(' | ')})+`],
    [
      'a long chain',
      `root ::= r0\n${range(9000, (at) => `r${at} ::= "" r${at + 1}\n`).join('')}r9000 ::= "x"*`,
    ],
  ])('answers in bounds, or is refused: %s', (_, text) => {
    try {
      expect(walk(read(text), { tokenizer, seed: 1, budget: 120 }).ids.length).toBeLessThanOrEqual(120)
    } catch (error) {
      expect(error).toMatchObject({ code: 'bad_request' })
    }
  })
})
