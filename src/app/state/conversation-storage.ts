// Saves and restores the conversation: each tab has its own, and a new tab starts with the last saved one.

import { tryOrUndefined } from '../shared/storage.ts'
import {
  addQuestion,
  appendChunk,
  type ChatAnswer,
  type Conversation,
  EMPTY_CONVERSATION,
  isGenerating,
  markFinished,
  markStopped,
  NO_CACHE_USE,
} from './conversation.ts'

/**
 * `tab`: the conversation of this tab. `shared`: the one that new tabs start with.
 * Browsers that block storage throw when the properties are read.
 */
export interface ConversationStorage {
  readonly tab: Storage
  readonly shared: Storage
}

const STORAGE_KEY = 'hadal.chat.1'
const browserStorage: ConversationStorage = {
  get tab() {
    return sessionStorage
  },
  get shared() {
    return localStorage
  },
}

/** Saves the conversation. An empty one clears the shared copy only if that came from this tab. */
export function saveConversation(chat: Conversation, storage: ConversationStorage = browserStorage): void {
  const json = JSON.stringify(chat.turns)
  const empty = chat.turns.length === 0
  const before = tryOrUndefined(() => storage.tab.getItem(STORAGE_KEY))
  tryOrUndefined(() => storage.tab.setItem(STORAGE_KEY, json))
  tryOrUndefined(() => {
    if (!empty) storage.shared.setItem(STORAGE_KEY, json)
    else if (storage.shared.getItem(STORAGE_KEY) === before) storage.shared.removeItem(STORAGE_KEY)
  })
}

/**
 * Saves an unfinished answer before the page closes, and shares the conversation again if another tab cleared
 * it.
 */
export function saveBeforeLeaving(chat: Conversation, storage: ConversationStorage = browserStorage): void {
  const unshared = chat.turns.length > 0 && tryOrUndefined(() => storage.shared.getItem(STORAGE_KEY)) === null
  if (unshared || isGenerating(chat)) saveConversation(chat, storage)
}

/** The saved conversation, or an empty one. An answer in progress when the page closed counts as stopped. */
export function restoreConversation(storage: ConversationStorage = browserStorage): Conversation {
  const tabText = tryOrUndefined(() => storage.tab.getItem(STORAGE_KEY))
  const found = tabText ?? tryOrUndefined(() => storage.shared.getItem(STORAGE_KEY)) ?? '[]'
  if (found !== tabText) tryOrUndefined(() => storage.tab.setItem(STORAGE_KEY, found))
  const turns = tryOrUndefined((): unknown => JSON.parse(found))
  return (
    (Array.isArray(turns) && tryOrUndefined(() => turns.reduce(restoreTurn, EMPTY_CONVERSATION))) ||
    EMPTY_CONVERSATION
  )
}

// Replays the usual transitions, so that a restored conversation can only be in states that a live one has.
function restoreTurn(
  chat: Conversation,
  turn: { question?: unknown; answer?: Partial<ChatAnswer> } | null,
): Conversation {
  const { question, answer } = turn ?? {}
  if (typeof question !== 'string' || typeof answer !== 'object' || answer === null) return chat
  const { status, cut } = answer
  const numbers = {
    tokens: asNumber(answer.tokens),
    tokensPerSecond: asNumber(answer.tokensPerSecond),
    cache: NO_CACHE_USE,
  }
  const thought = { ...numbers, thinking: asText(answer.thinking), text: '' }
  const said = { ...numbers, thinking: '', text: asText(answer.text) }
  const begun = appendChunk(
    appendChunk(addQuestion(chat, question), thought, 1),
    said,
    1 + asNumber(answer.thinkingMs),
  )
  const whole = { ...begun, cache: undefined }
  if (status !== 'done') return markStopped(whole)
  const ending = { ...numbers, cut: cut === true, cachedTokens: asNumber(answer.cachedTokens) }
  return { ...markFinished(whole, ending), cache: undefined }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')
const asNumber = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
