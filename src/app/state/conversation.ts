// Conversation state and its transitions, as pure functions.
import type { KvCacheUse } from '../../index.ts'
import type { Failure } from '../shared/failure.ts'

export type AnswerStatus = 'waiting' | 'thinking' | 'writing' | 'done' | 'stopped' | 'failed'

export interface ChatAnswer {
  readonly status: AnswerStatus
  readonly thinking: string
  readonly text: string
  /** Time of the first thinking text and duration of thinking, both in ms; 0 while unknown. */
  readonly thinkingSince: number
  readonly thinkingMs: number
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly cachedTokens: number
  /** The answer hit the token limit or the end of the context. */
  readonly cut: boolean
  readonly failure?: Failure | undefined
}

export interface ChatTurn {
  readonly id: number
  readonly question: string
  readonly answer: ChatAnswer
}

export interface Conversation {
  readonly turns: readonly ChatTurn[]
  /** KV cache use of this conversation; undefined until something was computed. */
  readonly cache?: KvCacheUse | undefined
}

/** Text added to the answer, with the totals so far. */
export interface AnswerChunk {
  readonly thinking: string
  readonly text: string
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly cache: KvCacheUse
}

export interface AnswerEnd {
  readonly cut: boolean
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly cachedTokens: number
  readonly cache: KvCacheUse
}

export const EMPTY_CONVERSATION: Conversation = { turns: [] }

export const NO_CACHE_USE: KvCacheUse = { tokens: 0, bytes: 0, standard_bytes: 0 }

const BLANK_ANSWER: ChatAnswer = {
  status: 'waiting',
  thinking: '',
  text: '',
  thinkingSince: 0,
  thinkingMs: 0,
  tokens: 0,
  tokensPerSecond: 0,
  cachedTokens: 0,
  cut: false,
}

/** Adds a question with an answer to come. */
export function addQuestion(chat: Conversation, question: string): Conversation {
  const id = (chat.turns.at(-1)?.id ?? 0) + 1
  return { ...chat, turns: [...chat.turns, { id, question, answer: BLANK_ANSWER }] }
}

/** Drops the last answer and asks its question again. */
export function retryLastQuestion(chat: Conversation): Conversation {
  return updateLastAnswer(chat, () => BLANK_ANSWER)
}

/** Replaces an earlier question; everything after it is dropped. */
export function replaceQuestion(chat: Conversation, id: number, question: string): Conversation {
  return addQuestion({ ...chat, turns: chat.turns.filter((turn) => turn.id < id) }, question)
}

/** Appends text to the last answer; `now` in ms. */
export function appendChunk(chat: Conversation, chunk: AnswerChunk, now: number): Conversation {
  return updateLastAnswer({ ...chat, cache: chunk.cache }, (answer) => {
    const thinking = answer.thinking + chunk.thinking
    const text = answer.text + chunk.text
    const thinkingSince = answer.thinkingSince || (chunk.thinking ? now : 0)
    const thinkingEnds = text !== '' && answer.text === '' && thinkingSince > 0
    return {
      ...answer,
      thinking,
      text,
      thinkingSince,
      status: text !== '' ? 'writing' : thinking !== '' ? 'thinking' : answer.status,
      thinkingMs: thinkingEnds ? now - thinkingSince : answer.thinkingMs,
      tokens: chunk.tokens,
      tokensPerSecond: chunk.tokensPerSecond,
    }
  })
}

/** Completes the last answer. */
export function markFinished(chat: Conversation, { cache, ...ending }: AnswerEnd): Conversation {
  return updateLastAnswer({ ...chat, cache }, (answer) => ({ ...answer, ...ending, status: 'done' }))
}

/** Marks the last answer as stopped by the user; its text stays. */
export function markStopped(chat: Conversation): Conversation {
  return updateLastAnswer(chat, (answer) => ({ ...answer, status: 'stopped' }))
}

/** Marks the last answer as failed. */
export function markFailed(chat: Conversation, failure: Failure): Conversation {
  return updateLastAnswer(chat, (answer) => ({ ...answer, status: 'failed', failure }))
}

/** Whether an answer is still being generated. */
export const isUnfinished = ({ status }: ChatAnswer): boolean =>
  status === 'waiting' || status === 'thinking' || status === 'writing'

/** Whether the conversation's last answer is still being generated. */
export function isGenerating({ turns }: Conversation): boolean {
  const last = turns.at(-1)
  return last !== undefined && isUnfinished(last.answer)
}

/**
 * The conversation as messages for the model, up to the last question. Turns without an answer are left out.
 */
export function toMessages({ turns }: Conversation): { role: 'user' | 'assistant'; content: string }[] {
  const last = turns.at(-1)
  const earlier = turns.slice(0, -1).filter(({ answer }) => answer.text !== '')
  return [
    ...earlier.flatMap(({ question, answer }) => [
      { role: 'user' as const, content: question },
      { role: 'assistant' as const, content: answer.text },
    ]),
    ...(last ? [{ role: 'user' as const, content: last.question }] : []),
  ]
}

function updateLastAnswer(chat: Conversation, change: (answer: ChatAnswer) => ChatAnswer): Conversation {
  const last = chat.turns.at(-1)
  if (!last) return chat
  return { ...chat, turns: [...chat.turns.slice(0, -1), { ...last, answer: change(last.answer) }] }
}
