// Tests of constraints: masks against a check of every token, budgets, forced stretches, odd vocabularies.
import { describe, expect, it } from 'vitest'
import { Automaton, DEAD } from '../../../src/text/grammar/automaton.ts'
import { openConstraint } from '../../../src/text/grammar/constraint.ts'
import { gbnfGrammar } from '../../../src/text/grammar/gbnf.ts'
import type { Grammar } from '../../../src/text/grammar/grammar.ts'
import { jsonObjectGrammar } from '../../../src/text/grammar/schema/json-object.ts'
import type { TextTokenizer } from '../../../src/text/tokenizer.ts'
import { openDemo, random } from '../fixtures.ts'
import { SCHEMAS } from './schemas.ts'
import { compileBytes, END_ID, idsOf, jsonSchemaGrammar, VOCAB, walk } from './walk.ts'

const tokenizer = openDemo()
const open = (grammar: Grammar, own: TextTokenizer = tokenizer) =>
  openConstraint(grammar, { tokenizer: own, vocab: VOCAB, endIds: [END_ID] })
const gbnf = (text: string, own = tokenizer) => gbnfGrammar(text, own)
const schemaGrammar = (schema: unknown) => jsonSchemaGrammar(schema, 'schema')

/** The ids that a mask must have, each token tried on its own. */
function expectedIds(automaton: Automaton, state: number, budget: number): number[] {
  return Array.from({ length: VOCAB }, (_, id) => id).filter((id) => {
    if (id === END_ID) return automaton.isAccepting(state)
    if (tokenizer.isControl(id)) return false
    let next = state
    for (const byte of tokenizer.bytesOf(id)) next = automaton.next(next, byte)
    return next !== DEAD && (automaton.costs[next] ?? 0) < budget
  })
}

describe('a mask', () => {
  const grammars = [
    ...SCHEMAS.map(({ name, schema }) => ({ name, grammar: schemaGrammar(schema) })),
    { name: 'any object', grammar: jsonObjectGrammar() },
    { name: 'counts', grammar: gbnf('root ::= (("a"{2,40} | [a-z]{30,60} " "){3,9} "."){2}') },
    {
      name: 'ambiguous',
      grammar: gbnf('root ::= (word " "?)* end\nword ::= [a-z]+ | "the" | .\nend ::= "."+'),
    },
  ]
  it.each(grammars)('has the tokens that may follow, and no others: $name', ({ grammar }) => {
    for (let seed = 0; seed < 3; seed++) {
      const automaton = new Automaton(compileBytes(grammar))
      const constraint = open(grammar)
      const chance = random(seed)
      let state = automaton.start
      for (let left = 120; left > 0 && !constraint.isFinished; left--) {
        const budget = (automaton.costs[state] ?? 0) <= left ? left : Number.POSITIVE_INFINITY
        const ids = idsOf(constraint.mask(left))
        if (left % 5 === 0 || left < 10) expect(ids).toEqual(expectedIds(automaton, state, budget))
        const id = ids[Math.floor(chance() * ids.length)] ?? END_ID
        if (id === END_ID) break
        constraint.accept(id)
        for (const byte of tokenizer.bytesOf(id)) state = automaton.next(state, byte)
      }
    }
  })

  it('ends an answer within every budget that is enough', () => {
    const grammar = schemaGrammar({
      properties: { a: { type: 'string' }, b: { items: { type: 'string', minLength: 3 } }, c: true },
      required: ['a'],
    })
    for (let budget = '{"a": ""}'.length; budget < 60; budget++) {
      const { text, isComplete } = walk(grammar, { tokenizer, seed: budget, budget })
      expect(isComplete, `${budget} ${text}`).toBe(true)
    }
  })

  it('has the end only where the answer may end', () => {
    const constraint = open(gbnf('root ::= "ab" "c"?'))
    const steps = ['a', 'b', 'c'].map((text) => {
      const before = [
        idsOf(constraint.mask(9)).includes(END_ID),
        constraint.isComplete,
        constraint.isFinished,
      ]
      constraint.accept(tokenizer.idOf(text) ?? -1)
      return before
    })
    expect(steps).toEqual([
      [false, false, false],
      [false, false, false],
      [true, true, false],
    ])
    expect(idsOf(constraint.mask(9))).toEqual([END_ID])
    expect(constraint.isFinished).toBe(true)
  })

  it('refuses a token that it does not allow', () => {
    const constraint = open(gbnf('root ::= "a"'))
    expect(() => constraint.accept(tokenizer.idOf('b') ?? -1)).toThrowError(/does not follow the grammar/)
  })

  it('stays right when what was kept is dropped', () => {
    // Each number of letters is a state of its own.
    const grammar = gbnf('root ::= ([a-z]{9000} [0-9]{9000})* "."')
    const constraint = open(grammar)
    for (let at = 0; at < 20_000; at++) {
      const isLetter = at % 18_000 < 9000
      if (at % 997 === 0 || at % 9000 < 3) {
        const texts = idsOf(constraint.mask(1e6)).map((id) => tokenizer.tokenText(id))
        expect(texts).toContain(isLetter ? 'x' : '7')
        expect(texts).not.toContain(isLetter ? '7' : 'x')
      }
      constraint.accept(tokenizer.idOf(isLetter ? 'x' : '7') ?? -1)
    }
    const other = open(grammar) // begins anew beside it
    expect(idsOf(other.mask(1e6))).not.toContain(tokenizer.idOf('7'))
  })
})

describe('a forced stretch', () => {
  const textOf = (ids: readonly number[]) => ids.map((id) => tokenizer.tokenText(id)).join('')

  it('is what the tokenizer writes', () => {
    const grammar = schemaGrammar({
      properties: { some_name: { const: 'a long constant' } },
      required: ['some_name'],
    })
    const text = '{"some_name": "a long constant"}'
    const constraint = open(grammar)
    expect(constraint.fewestTokens).toBe(text.length)
    expect(constraint.forced(100)).toEqual(tokenizer.encodePlain(text))
    expect(constraint.forced(3)).toEqual(tokenizer.encodePlain(text).slice(0, 3))
    for (const id of constraint.forced(100)) constraint.accept(id)
    expect(constraint.isFinished).toBe(true)
    expect(constraint.forced(100)).toEqual([])
  })

  it('leaves out a token that a longer one may replace', () => {
    const [zero, th] = tokenizer.encodePlain('0th')
    expect([th, tokenizer.idOf('the')]).toEqual([tokenizer.idOf('th'), expect.any(Number)])
    expect(open(gbnf('root ::= "0th" ("e" | "z")')).forced(9)).toEqual([zero])
    expect(open(gbnf('root ::= "0th" ("😀" | "7")')).forced(9)).toEqual([zero, th])
  })

  it('is empty where there is a choice, and within a character', () => {
    expect(open(gbnf('root ::= "a" | "b"')).forced(9)).toEqual([])
    expect(open(gbnf('root ::= "a"*')).forced(9)).toEqual([])
    const constraint = open(gbnf('root ::= "é" "x"'))
    const [first] = [...Array(VOCAB).keys()].filter((id) => tokenizer.bytesOf(id).join() === '195')
    constraint.accept(first ?? -1)
    expect(constraint.forced(9)).toEqual([])
    expect(idsOf(constraint.mask(9)).map((id) => tokenizer.bytesOf(id).join())).toEqual(['169'])
  })

  it('goes over tokens that the grammar names', () => {
    const ids = open(gbnf('root ::= "a b" <think> "c d" </think> [xy]')).forced(99)
    expect(textOf(ids)).toBe('a b<think>c d</think>')
    expect(ids).toContain(tokenizer.controlId('<think>'))
  })
})

describe('a vocabulary without tokens for some bytes', () => {
  const lacking = (isLacking: (bytes: Uint8Array) => boolean): TextTokenizer => ({
    ...tokenizer,
    bytesOf: (id) => {
      const bytes = tokenizer.bytesOf(id)
      return isLacking(bytes) ? new Uint8Array(0) : bytes
    },
  })
  const isByte =
    (...values: readonly number[]) =>
    (bytes: Uint8Array) =>
      bytes.length === 1 && values.includes(bytes[0] ?? -1)

  it('leads into no dead end', () => {
    // Without the byte of "}", only longer tokens can close an object.
    const own = lacking(isByte(0x5d, 0xc3))
    const grammar = gbnf('root ::= ("a" | "b]" | "é" | "c")* "."', own)
    for (let seed = 0; seed < 20; seed++) {
      const { text, isComplete } = walk(grammar, { tokenizer: own, seed, budget: 12 })
      expect(isComplete && !/[\]é]/.test(text), text).toBe(true)
    }
  })

  it('is refused for a grammar that needs them', () => {
    const own = lacking((bytes) => bytes.includes(0x7b))
    expect(() => open(jsonObjectGrammar(), own)).toThrowError(
      expect.objectContaining({ code: 'bad_request', message: expect.stringMatching(/No answer/) }),
    )
  })
})
