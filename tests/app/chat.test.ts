// Answers: does every event change the conversation as it should, and does it survive a reload? It must not know the screen.
import { beforeEach, expect, test } from 'vitest'
import {
  asked,
  askedAgain,
  askedInstead,
  type Chat,
  emptyChat,
  failed,
  finished,
  isAnswering,
  messagesOf,
  received,
  stopped,
} from '../../src/app/state/chat.ts'
import { keep, keepOnLeaving, restore, type Shelves } from '../../src/app/state/stored.ts'
import { memoryStorage } from './memory-storage.ts'

const cache = { tokens: 20, bytes: 73_728, standard_bytes: 102_400 }
const piece = (thinking: string, text: string, tokens: number) => ({
  thinking,
  text,
  tokens,
  tokensPerSecond: 9,
  cache,
})
const ending = { cut: false, tokens: 4, tokensPerSecond: 8, cachedTokens: 3, cache }
const last = (chat: Chat) => chat.turns.at(-1)?.answer

function answered(chat: Chat, question: string, text: string): Chat {
  return finished(
    received(received(asked(chat, question), piece('Hm.', '', 1), 100), piece('', text, 4), 350),
    ending,
  )
}

test('an answer waits, thinks, writes and is done', () => {
  let chat = asked(emptyChat, 'Who are you?')
  expect([last(chat)?.status, isAnswering(chat)]).toEqual(['waiting', true])
  chat = received(chat, piece('This is', '', 1), 100)
  expect(last(chat)).toMatchObject({ status: 'thinking', thinking: 'This is', thinkingSince: 100 })
  chat = received(chat, piece(' me.', '', 2), 200)
  chat = received(chat, piece('', 'I am', 3), 350)
  expect(last(chat)).toMatchObject({
    status: 'writing',
    thinking: 'This is me.',
    text: 'I am',
    thinkingMs: 250,
  })
  chat = received(chat, piece('', ' here.', 4), 400)
  expect(last(chat)?.thinkingMs).toBe(250)
  chat = finished(chat, ending)
  expect(last(chat)).toMatchObject({ status: 'done', text: 'I am here.', cachedTokens: 3 })
  expect([chat.cache, isAnswering(chat)]).toEqual([cache, false])
})

test('the model reads earlier answers without their thinking, and no unanswered questions', () => {
  let chat = answered(emptyChat, 'One?', '1.')
  chat = failed(asked(chat, 'Lost?'), { code: 'internal', message: 'x', hint: '' })
  chat = asked(chat, 'Two?')
  expect(messagesOf(chat)).toEqual([
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: '1.' },
    { role: 'user', content: 'Two?' },
  ])
})

test('stopping keeps what was written; asking again drops it', () => {
  const chat = stopped(received(asked(emptyChat, 'Story?'), piece('', 'Once', 1), 5))
  expect(last(chat)).toMatchObject({ status: 'stopped', text: 'Once' })
  expect(last(askedAgain(chat))).toMatchObject({ status: 'waiting', text: '', thinking: '' })
  expect(messagesOf(askedAgain(chat))).toEqual([{ role: 'user', content: 'Story?' }])
})

test('a question in other words takes the place of the earlier one and of what followed it', () => {
  const chat = answered(answered(answered(emptyChat, 'One?', '1.'), 'Two?', '2.'), 'Three?', '3.')
  const next = askedInstead(chat, 2, 'Too?')
  expect(next.turns.map(({ id, question }) => [id, question])).toEqual([
    [1, 'One?'],
    [2, 'Too?'],
  ])
  expect([next.turns[0], last(next)?.status]).toEqual([chat.turns[0], 'waiting'])
})

test('finished answers stay the same object, so that they are not drawn again', () => {
  const chat = answered(emptyChat, 'One?', '1.')
  const next = received(asked(chat, 'Two?'), piece('', '2', 1), 5)
  expect(next.turns[0]).toBe(chat.turns[0])
})

let shared = memoryStorage()
let shelves: Shelves
const newTab = (): Shelves => ({ tab: memoryStorage(), shared })
const questions = (from: Shelves) => restore(from).turns.map(({ question }) => question)
beforeEach(() => {
  shared = memoryStorage()
  shelves = newTab()
})

test('a conversation comes back after a reload; an answer in progress counts as stopped', () => {
  const chat = received(asked(answered(emptyChat, 'One?', '1.'), 'Two?'), piece('', '2', 1), 5)
  keep(chat, shelves)
  const back = restore(shelves)
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
  keep(emptyChat, shelves)
  expect(restore(shelves)).toEqual(emptyChat)
  expect(restore(newTab())).toEqual(emptyChat)
})

test('each tab has its own conversation, and a new one begins with the one kept last', () => {
  const other = newTab()
  keep(asked(emptyChat, 'First tab?'), shelves)
  expect(questions(other)).toEqual(['First tab?'])
  keep(asked(emptyChat, 'Second tab?'), other)
  expect([questions(shelves), questions(other), questions(newTab())]).toEqual([
    ['First tab?'],
    ['Second tab?'],
    ['Second tab?'],
  ])
  keep(emptyChat, shelves)
  expect([questions(shelves), questions(other), questions(newTab())]).toEqual([
    [],
    ['Second tab?'],
    ['Second tab?'],
  ])
})

test('a new chat takes a conversation from new tabs; another tab that still shows it leaves it again', () => {
  const chat = asked(emptyChat, 'Mine?')
  keep(stopped(chat), shelves)
  const other = newTab()
  restore(other)
  keep(emptyChat, other)
  expect([questions(shelves), questions(other), questions(newTab())]).toEqual([['Mine?'], [], []])
  keepOnLeaving(restore(shelves), shelves)
  expect(questions(newTab())).toEqual(['Mine?'])
})

test('as the page goes, an answer in progress is kept; what is kept already takes no place', () => {
  const chat = asked(emptyChat, 'One?')
  keep(chat, shelves)
  keepOnLeaving(received(chat, piece('', 'I am', 1), 5), shelves)
  expect(restore(shelves).turns[0]?.answer).toMatchObject({ status: 'stopped', text: 'I am' })
  keep(answered(emptyChat, 'Newer?', 'Yes.'), newTab())
  keepOnLeaving(restore(shelves), shelves)
  expect(questions(newTab())).toEqual(['Newer?'])
})

test.each(['nonsense', '7', 'null', '[null, 3, {"question": 5}, {"question": "x"}]', '{"turns": []}'])(
  'stored %s is no conversation',
  (text) => {
    shared.setItem('hadal.chat.1', text)
    expect(restore(shelves).turns).toEqual([])
  },
)

test('a storage that refuses disturbs nobody', () => {
  const full = { ...memoryStorage(), setItem: () => fail(), getItem: () => fail() }
  const chat = asked(emptyChat, 'One?')
  for (const refusing of [
    { tab: full, shared: full },
    // A browser that keeps nothing refuses at the first look.
    {
      tab: full,
      get shared() {
        return fail()
      },
    },
    {
      get tab() {
        return fail()
      },
      shared: full,
    },
  ]) {
    keep(chat, refusing)
    keepOnLeaving(chat, refusing)
    expect(restore(refusing)).toEqual(emptyChat)
  }
  // Nor one that is not there at all.
  keep(chat)
  expect(restore()).toEqual(emptyChat)
})

function fail(): never {
  throw new DOMException('full', 'QuotaExceededError')
}
