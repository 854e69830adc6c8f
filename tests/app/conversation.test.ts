// Tests of a conversation's tree: paths, versions, prompts, and how answers grow.

import { expect, test } from 'vitest'
import { divergenceOf } from '../../src/app/conversations/divergence.ts'
import {
  answerBelow,
  ask,
  changeAnswer,
  contentOf,
  emptyConversation,
  findAnswer,
  promptFor,
  shownPath,
  showVersion,
  titleOf,
} from '../../src/app/conversations/tree.ts'
import type { Answer, Conversation } from '../../src/app/conversations/types.ts'
import { appendChunk, finish } from '../../src/app/state/answer.ts'
import { MODEL_DEFAULTS } from '../../src/app/state/settings.ts'

const texts = (chat: Conversation) => shownPath(chat).map(({ message }) => message.text)
const answered = (chat: Conversation, question: string, text: string, status: Answer['status'] = 'done') => {
  const asked = ask(chat, question, {})
  return changeAnswer(asked, asked.info.leaf, (answer) => ({ ...answer, text, status }))
}
const talk = () => answered(answered(emptyConversation(), 'One?', '1.'), 'Two?', '2.')
const CACHE = { tokens: 20, bytes: 73_728, standard_bytes: 102_400 }
const progress = (tokens: number) => ({ token_ids: [], tokens, tokens_per_second: 9, kv_cache: CACHE })

test('an answer goes from waiting to thinking, writing and done', () => {
  const chat = ask(emptyConversation(), 'Who are you?', {})
  let answer = findAnswer(chat, chat.info.leaf) as Answer
  expect(answer.status).toBe('waiting')
  answer = appendChunk(answer, { reasoning_content: 'This is' }, progress(1), 0, 100)
  expect(answer).toMatchObject({ status: 'thinking', thinking: 'This is' })
  answer = appendChunk(answer, { reasoning_content: ' me.' }, progress(2), 0, 200)
  answer = appendChunk(answer, { content: 'I am' }, progress(3), 0, 350)
  answer = appendChunk(answer, { content: ' here.' }, progress(4), 0, 400)
  expect(answer).toMatchObject({ status: 'writing', thinkingMs: 250, text: 'I am here.', tokens: 4 })
  const counts = { prompt_tokens: 12, cached_tokens: 3, tokens: 5, tokens_per_second: 8, kv_cache: CACHE }
  const rest = { prefill_ms: 1, decode_ms: 1, dispatches_per_token: 1, readbacks_per_token: 1 }
  answer = finish(answer, { ...counts, ...rest }, true, 10, 500)
  expect(answer).toMatchObject({ status: 'done', cut: true, tokens: 15, promptTokens: 12, cachedTokens: 3 })
  expect(answer.thinkingMs).toBe(250)
})

test('an edited question is a version beside the first; both keep what follows them', () => {
  const chat = talk()
  const first = shownPath(chat)[0]?.message
  const edited = answered({ ...chat, info: { ...chat.info, leaf: first?.parent ?? '' } }, 'Uno?', 'I.')
  expect(texts(edited)).toEqual(['Uno?', 'I.'])
  expect(shownPath(edited)[0]?.versions).toHaveLength(2)
  expect(texts(showVersion(edited, first?.id ?? ''))).toEqual(['One?', '1.', 'Two?', '2.'])
  expect(promptFor(edited, edited.info.leaf)).toEqual([{ role: 'user', content: 'Uno?' }])
})

test('a new answer is a version beside the first', () => {
  const chat = talk()
  const again = answerBelow(chat, shownPath(chat)[2]?.message.id ?? '', { text: '2, again.', status: 'done' })
  expect(texts(again)).toEqual(['One?', '1.', 'Two?', '2, again.'])
  expect(shownPath(again).map(({ versions }) => versions.length)).toEqual([1, 1, 1, 2])
  expect(texts(showVersion(again, chat.info.leaf)).at(-1)).toBe('2.')
})

test('prompts begin with the system prompt and leave out questions without an answer', () => {
  const settings = { ...MODEL_DEFAULTS, system: 'Be short.' }
  const begun = answered(emptyConversation(settings), 'One?', '1.')
  const chat = ask(answered(begun, 'Lost?', '', 'failed'), 'Two?', {})
  expect(promptFor(chat, chat.info.leaf)).toEqual([
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: '1.' },
    { role: 'user', content: 'Two?' },
  ])
})

test('documents come before their question', () => {
  const documents = [{ name: 'a "b".txt', text: 'Words.', tokens: 2 }]
  const chat = ask(emptyConversation(), 'What is in it?', { documents })
  const [question] = chat.messages
  expect(question && contentOf(question)).toBe('File "a \\"b\\".txt":\n\nWords.\n\nWhat is in it?')
})

test('a title is the first line of the first question, cut between words', () => {
  expect(titleOf('  Hi  there\nand more')).toBe('Hi there')
  expect(titleOf(`${'word '.repeat(20)}`)).toBe(`${'word '.repeat(11)}word…`)
  expect(titleOf('🐟'.repeat(70))).toBe(`${'🐟'.repeat(60)}…`)
  const chat = ask(emptyConversation(), 'Who are you?', {})
  expect([chat.info.title, ask(chat, 'Next?', {}).info.title]).toEqual(['Who are you?', 'Who are you?'])
})

test('several answers differ from a word on, which names the answers of each', () => {
  const texts = ['17+25 is 42.', '17+25 is 43.', '17+25 is 42!']
  expect(divergenceOf(texts)).toEqual({
    before: '17+25 is 4',
    branches: [
      { next: '2', texts: [0, 2] },
      { next: '3', texts: [1] },
    ],
  })
  expect(divergenceOf(['same', 'same'])).toBeUndefined()
  expect(divergenceOf(['a b', 'a b c'])).toEqual({
    before: 'a b',
    branches: [
      { next: '', texts: [0] },
      { next: 'c', texts: [1] },
    ],
  })
  expect(divergenceOf([`${'far '.repeat(50)}x`, `${'far '.repeat(50)}y`])?.before).toHaveLength(41)
})
