// Tests of conversation transitions and of saving and restoring conversations.
import { beforeEach, expect, test } from 'vitest'
import {
  addQuestion,
  appendChunk,
  type Conversation,
  EMPTY_CONVERSATION,
  isGenerating,
  markFailed,
  markFinished,
  markStopped,
  replaceQuestion,
  retryLastQuestion,
  toMessages,
} from '../../src/app/state/conversation.ts'
import {
  type ConversationStorage,
  restoreConversation,
  saveBeforeLeaving,
  saveConversation,
} from '../../src/app/state/conversation-storage.ts'
import { memoryStorage } from './memory-storage.ts'

const CACHE_USE = { tokens: 20, bytes: 73_728, standard_bytes: 102_400 }
const chunk = (thinking: string, text: string, tokens: number) => ({
  thinking,
  text,
  tokens,
  tokensPerSecond: 9,
  cache: CACHE_USE,
})
const END = { cut: false, tokens: 4, tokensPerSecond: 8, cachedTokens: 3, cache: CACHE_USE }
const last = (chat: Conversation) => chat.turns.at(-1)?.answer

function answered(chat: Conversation, question: string, text: string): Conversation {
  return markFinished(
    appendChunk(appendChunk(addQuestion(chat, question), chunk('Hm.', '', 1), 100), chunk('', text, 4), 350),
    END,
  )
}

test('an answer goes from waiting to thinking, writing and done', () => {
  let chat = addQuestion(EMPTY_CONVERSATION, 'Who are you?')
  expect([last(chat)?.status, isGenerating(chat)]).toEqual(['waiting', true])
  chat = appendChunk(chat, chunk('This is', '', 1), 100)
  expect(last(chat)).toMatchObject({ status: 'thinking', thinking: 'This is', thinkingSince: 100 })
  chat = appendChunk(chat, chunk(' me.', '', 2), 200)
  chat = appendChunk(chat, chunk('', 'I am', 3), 350)
  expect(last(chat)).toMatchObject({
    status: 'writing',
    thinking: 'This is me.',
    text: 'I am',
    thinkingMs: 250,
  })
  chat = appendChunk(chat, chunk('', ' here.', 4), 400)
  expect(last(chat)?.thinkingMs).toBe(250)
  chat = markFinished(chat, END)
  expect(last(chat)).toMatchObject({ status: 'done', text: 'I am here.', cachedTokens: 3 })
  expect([chat.cache, isGenerating(chat)]).toEqual([CACHE_USE, false])
})

test('messages contain no thinking and no unanswered earlier questions', () => {
  let chat = answered(EMPTY_CONVERSATION, 'One?', '1.')
  chat = markFailed(addQuestion(chat, 'Lost?'), { code: 'internal', message: 'x', hint: '' })
  chat = addQuestion(chat, 'Two?')
  expect(toMessages(chat)).toEqual([
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: '1.' },
    { role: 'user', content: 'Two?' },
  ])
})

test('stopping keeps the text; asking again drops it', () => {
  const chat = markStopped(appendChunk(addQuestion(EMPTY_CONVERSATION, 'Story?'), chunk('', 'Once', 1), 5))
  expect(last(chat)).toMatchObject({ status: 'stopped', text: 'Once' })
  expect(last(retryLastQuestion(chat))).toMatchObject({ status: 'waiting', text: '', thinking: '' })
  expect(toMessages(retryLastQuestion(chat))).toEqual([{ role: 'user', content: 'Story?' }])
})

test('an edited question replaces the earlier one and everything after it', () => {
  const chat = answered(answered(answered(EMPTY_CONVERSATION, 'One?', '1.'), 'Two?', '2.'), 'Three?', '3.')
  const next = replaceQuestion(chat, 2, 'Too?')
  expect(next.turns.map(({ id, question }) => [id, question])).toEqual([
    [1, 'One?'],
    [2, 'Too?'],
  ])
  expect([next.turns[0], last(next)?.status]).toEqual([chat.turns[0], 'waiting'])
})

test('finished answers stay the same object, so they are not redrawn', () => {
  const chat = answered(EMPTY_CONVERSATION, 'One?', '1.')
  const next = appendChunk(addQuestion(chat, 'Two?'), chunk('', '2', 1), 5)
  expect(next.turns[0]).toBe(chat.turns[0])
})

let shared = memoryStorage()
let storage: ConversationStorage
const newTab = (): ConversationStorage => ({ tab: memoryStorage(), shared })
const questions = (from: ConversationStorage) =>
  restoreConversation(from).turns.map(({ question }) => question)
beforeEach(() => {
  shared = memoryStorage()
  storage = newTab()
})

test('a conversation survives a reload; an unfinished answer counts as stopped', () => {
  const chat = appendChunk(
    addQuestion(answered(EMPTY_CONVERSATION, 'One?', '1.'), 'Two?'),
    chunk('', '2', 1),
    5,
  )
  saveConversation(chat, storage)
  const back = restoreConversation(storage)
  expect(back.turns.map(({ id, question }) => [id, question])).toEqual([
    [1, 'One?'],
    [2, 'Two?'],
  ])
  expect(back.turns[0]?.answer).toMatchObject({
    status: 'done',
    thinking: 'Hm.',
    text: '1.',
    thinkingMs: 250,
    tokens: 4,
  })
  expect(back.turns[1]?.answer).toMatchObject({ status: 'stopped', text: '2' })
  expect(back.cache).toBeUndefined()
  saveConversation(EMPTY_CONVERSATION, storage)
  expect(restoreConversation(storage)).toEqual(EMPTY_CONVERSATION)
  expect(restoreConversation(newTab())).toEqual(EMPTY_CONVERSATION)
})

test('each tab has its own conversation; a new tab starts with the last saved one', () => {
  const other = newTab()
  saveConversation(addQuestion(EMPTY_CONVERSATION, 'First tab?'), storage)
  expect(questions(other)).toEqual(['First tab?'])
  saveConversation(addQuestion(EMPTY_CONVERSATION, 'Second tab?'), other)
  expect([questions(storage), questions(other), questions(newTab())]).toEqual([
    ['First tab?'],
    ['Second tab?'],
    ['Second tab?'],
  ])
  saveConversation(EMPTY_CONVERSATION, storage)
  expect([questions(storage), questions(other), questions(newTab())]).toEqual([
    [],
    ['Second tab?'],
    ['Second tab?'],
  ])
})

test('a new chat clears the shared copy; another tab that still shows it shares it again', () => {
  const chat = addQuestion(EMPTY_CONVERSATION, 'Mine?')
  saveConversation(markStopped(chat), storage)
  const other = newTab()
  restoreConversation(other)
  saveConversation(EMPTY_CONVERSATION, other)
  expect([questions(storage), questions(other), questions(newTab())]).toEqual([['Mine?'], [], []])
  saveBeforeLeaving(restoreConversation(storage), storage)
  expect(questions(newTab())).toEqual(['Mine?'])
})

test('leaving saves an unfinished answer but does not overwrite a newer conversation', () => {
  const chat = addQuestion(EMPTY_CONVERSATION, 'One?')
  saveConversation(chat, storage)
  saveBeforeLeaving(appendChunk(chat, chunk('', 'I am', 1), 5), storage)
  expect(restoreConversation(storage).turns[0]?.answer).toMatchObject({ status: 'stopped', text: 'I am' })
  saveConversation(answered(EMPTY_CONVERSATION, 'Newer?', 'Yes.'), newTab())
  saveBeforeLeaving(restoreConversation(storage), storage)
  expect(questions(newTab())).toEqual(['Newer?'])
})

test.each(['nonsense', '7', 'null', '[null, 3, {"question": 5}, {"question": "x"}]', '{"turns": []}'])(
  'stored %s restores an empty conversation',
  (text) => {
    shared.setItem('hadal.chat.1', text)
    expect(restoreConversation(storage).turns).toEqual([])
  },
)

test('unusable storage causes no error', () => {
  const full = { ...memoryStorage(), setItem: () => throwQuotaError(), getItem: () => throwQuotaError() }
  const chat = addQuestion(EMPTY_CONVERSATION, 'One?')
  for (const refusing of [
    { tab: full, shared: full },
    // A browser that blocks storage throws when the property is read.
    {
      tab: full,
      get shared() {
        return throwQuotaError()
      },
    },
    {
      get tab() {
        return throwQuotaError()
      },
      shared: full,
    },
  ]) {
    saveConversation(chat, refusing)
    saveBeforeLeaving(chat, refusing)
    expect(restoreConversation(refusing)).toEqual(EMPTY_CONVERSATION)
  }
  // Node has no storage at all.
  saveConversation(chat)
  expect(restoreConversation()).toEqual(EMPTY_CONVERSATION)
})

function throwQuotaError(): never {
  throw new DOMException('full', 'QuotaExceededError')
}
