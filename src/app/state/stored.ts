// Answers: how does a conversation survive a reload? As JSON in the browser's storage, believed only as far as it has the right shape.
// Each tab has its own; a new tab begins with the one that was kept last. It must not know what the conversation is used for.
import { type Answer, asked, type Chat, emptyChat, finished, isAnswering, received, stopped } from './chat.ts'
import { attempt } from './shelf.ts'

/** Where a tab keeps its own conversation, and where new tabs find one. Browsers that keep nothing refuse at the first look. */
export interface Shelves {
  readonly tab: Storage
  readonly shared: Storage
}

const key = 'hadal.chat.1'
const noCache = { tokens: 0, bytes: 0, standard_bytes: 0 }
const browser: Shelves = {
  get tab() {
    return sessionStorage
  },
  get shared() {
    return localStorage
  },
}

/** Keeps the conversation. An empty one takes from new tabs only what was this tab's own. */
export function keep(chat: Chat, shelves: Shelves = browser): void {
  const text = JSON.stringify(chat.turns)
  const empty = chat.turns.length === 0
  const before = attempt(() => shelves.tab.getItem(key))
  attempt(() => shelves.tab.setItem(key, text))
  attempt(() => {
    if (!empty) shelves.shared.setItem(key, text)
    else if (shelves.shared.getItem(key) === before) shelves.shared.removeItem(key)
  })
}

/** Keeps, as the page goes, an answer in progress as far as it is, and what a new chat in another tab took from new tabs. */
export function keepOnLeaving(chat: Chat, shelves: Shelves = browser): void {
  const alone = chat.turns.length > 0 && attempt(() => shelves.shared.getItem(key)) === null
  if (alone || isAnswering(chat)) keep(chat, shelves)
}

/** The kept conversation, or an empty one. What was being answered when the page closed counts as stopped. */
export function restore(shelves: Shelves = browser): Chat {
  const own = attempt(() => shelves.tab.getItem(key))
  const found = own ?? attempt(() => shelves.shared.getItem(key)) ?? '[]'
  if (found !== own) attempt(() => shelves.tab.setItem(key, found))
  const turns = attempt((): unknown => JSON.parse(found))
  return (Array.isArray(turns) && attempt(() => turns.reduce(restoreTurn, emptyChat))) || emptyChat
}

// Built by the same steps as it was at first, so that a restored chat cannot be in a state that a live one is never in.
function restoreTurn(chat: Chat, turn: { question?: unknown; answer?: Partial<Answer> } | null): Chat {
  const { question, answer } = turn ?? {}
  if (typeof question !== 'string' || typeof answer !== 'object' || answer === null) return chat
  const { status, cut } = answer
  const numbers = {
    tokens: number(answer.tokens),
    tokensPerSecond: number(answer.tokensPerSecond),
    cache: noCache,
  }
  const thought = { ...numbers, thinking: text(answer.thinking), text: '' }
  const said = { ...numbers, thinking: '', text: text(answer.text) }
  const begun = received(received(asked(chat, question), thought, 1), said, 1 + number(answer.thinkingMs))
  const whole = { ...begun, cache: undefined }
  if (status !== 'done') return stopped(whole)
  const ending = { ...numbers, cut: cut === true, cachedTokens: number(answer.cachedTokens) }
  return { ...finished(whole, ending), cache: undefined }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
