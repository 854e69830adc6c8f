// Tests of final answers and of votes over them.
import { expect, test } from 'vitest'
import { vote } from '../../src/index.ts'
import { type FinalAnswerKind, finalAnswer } from '../../src/vote/final-answer.ts'

test.each<[FinalAnswerKind, string, string | undefined]>([
  ['number', '4736 + 5861 = 10597.', '10597'],
  ['number', 'It is 1,000.0 metres', '1000'],
  ['number', 'about −0.50', '-0.5'],
  ['number', 'minus nothing: -0.0', '0'],
  ['number', '3-5', '5'],
  ['number', 'v2 has 7 parts', '7'],
  ['number', '12345678901234567890123', '12345678901234567890123'],
  ['number', '6.02e23', '6.02e+23'],
  ['number', 'none', undefined],
  ['boxed', 'so \\boxed{42}, or rather \\boxed{ \\text{forty } 3}', 'forty3'],
  ['boxed', '\\boxed{\\dfrac{1}{2}}', '\\frac{1}{2}'],
  ['boxed', '\\boxed{1{,}000.50}', '1{,}000.50'],
  ['boxed', '\\boxed{1,000.50}', '1000.5'],
  ['boxed', '\\boxed{a \\} b}', 'a\\}b'],
  ['boxed', '\\boxed{cut', undefined],
  ['letter', 'The answer is (B), since A is wrong.', 'B'],
  ['letter', '**C**', 'C'],
  ['letter', 'Answer: d', 'D'],
  ['letter', "An answer isn't here. I think so.", undefined],
  ['json', '{"b": 1, "a": [1, {"d": 2, "c": 3}]}', '{"a":[1,{"c":3,"d":2}],"b":1}'],
  ['json', '```json\n{"a": 1.0}\n```', '{"a":1}'],
  ['json', '{"a": ', undefined],
  ['text', '  The Sea.\n', 'the sea'],
  ['text', ' ', undefined],
])('the %s of %j is %j', (kind, text, answer) => {
  expect(finalAnswer(text, kind)).toBe(answer)
})

const token = (logprob: number, top: readonly number[] = []) => ({
  token: '',
  bytes: null,
  logprob,
  top_logprobs: top.map((other) => ({ token: '', bytes: null, logprob: other })),
})
const choice = (index: number, content: string | null, tokens?: ReturnType<typeof token>[]) => ({
  index,
  message: { content },
  logprobs: tokens ? { content: tokens, reasoning_content: [], refusal: null } : null,
})

test('most choices win, whatever else their texts say', () => {
  const choices = [
    choice(0, 'It is 12.'),
    choice(1, '6 + 7 = 13'),
    choice(2, 'Thirteen: 13.0'),
    choice(3, null),
  ]
  const { winner, answer, counts, without, extract } = vote(choices)
  expect(winner).toBe(choices[1])
  expect([answer, extract, without]).toEqual(['13', 'number', [3]])
  expect(counts).toMatchObject([
    { answer: '13', votes: 2, choices: [1, 2] },
    { answer: '12', votes: 1, choices: [0] },
  ])
})

test('a tie goes to the more certain answer, by log-probabilities or by whole distributions', () => {
  const unsure = [token(-2), token(-1)]
  const sure = [token(-0.1), token(-0.2)]
  expect(vote([choice(0, '1', unsure), choice(1, '2', sure)]).answer).toBe('2')
  expect(vote([choice(0, '1'), choice(1, '2')]).answer).toBe('1')
  const flat = [token(-0.7, [-0.7, -0.7])]
  const peaked = [token(-0.01, [-0.01, -9])]
  const { winner, counts } = vote([choice(0, '1', flat), choice(1, '2', peaked)])
  expect(winner?.index).toBe(1)
  expect(counts.map(({ certainty }) => certainty)).toEqual([4.505, 0.7])
})

test('a kind or a function can be given, and nothing is no vote', () => {
  const choices = [choice(0, '{"n": 1}'), choice(1, 'n is 1'), choice(2, '{ "n" : 1 }')]
  expect(vote(choices)).toMatchObject({ extract: 'json', answer: '{"n":1}', without: [1] })
  expect(vote(choices, { extract: 'number' }).counts[0]?.votes).toBe(3)
  const extract = (text: string) => (text.includes('is') ? 'prose' : undefined)
  expect(vote(choices, { extract })).toMatchObject({ extract: 'custom', answer: 'prose', without: [0, 2] })
  expect(vote([])).toMatchObject({ winner: undefined, answer: undefined, counts: [] })
  const unknown = { extract: 'colour' as unknown as 'number' }
  expect(() => vote(choices, unknown)).toThrow('extract is "colour"')
})

test('hostile texts take little time and throw nothing', () => {
  const texts = ['\\boxed{'.repeat(9999), '1,'.repeat(9999), '{"a":'.repeat(9999), 'answer is '.repeat(9999)]
  expect(vote(texts.map((text, index) => choice(index, text))).counts.length).toBeGreaterThan(0)
})
