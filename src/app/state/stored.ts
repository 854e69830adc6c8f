// Answers: how does a conversation survive a reload? As JSON in the browser's storage, believed only as far as it has the right shape.
// It must not know what the conversation is used for.
import { type Answer, asked, type Chat, emptyChat, finished, received, stopped } from './chat.ts'

const key = 'hadal.chat.1'
const noCache = { tokens: 0, bytes: 0, standard_bytes: 0 }

/** Keeps the conversation. A full or forbidden storage is no reason to disturb anyone. */
export function keep(chat: Chat, storage: Storage = localStorage): void {
  try {
    if (chat.turns.length === 0) storage.removeItem(key)
    else storage.setItem(key, JSON.stringify(chat.turns))
  } catch {}
}

/** The kept conversation, or an empty one. What was being answered when the page closed counts as stopped. */
export function restore(storage: Storage = localStorage): Chat {
  try {
    const turns: unknown = JSON.parse(storage.getItem(key) ?? '[]')
    return Array.isArray(turns) ? turns.reduce(restoreTurn, emptyChat) : emptyChat
  } catch {
    return emptyChat
  }
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
