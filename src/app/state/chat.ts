// Answers: what is a conversation, and how does each event change it? Pure functions from a chat to the next chat.
// It must not know the model, the clock, storage or the screen.
import type { KvCacheUse } from '../../index.ts'

export type AnswerStatus = 'waiting' | 'thinking' | 'writing' | 'done' | 'stopped' | 'failed'

/** An error as it is shown: where it happened and what to do. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly file?: string | undefined
  readonly tensor?: string | undefined
}

export interface Answer {
  readonly status: AnswerStatus
  readonly thinking: string
  readonly text: string
  /** When the first thought came, and how long thinking took; 0 while unknown. */
  readonly thinkingSince: number
  readonly thinkingMs: number
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly cachedTokens: number
  /** It ran into the end of the context or the token limit. */
  readonly cut: boolean
  readonly failure?: Failure | undefined
}

export interface Turn {
  readonly id: number
  readonly question: string
  readonly answer: Answer
}

export interface Chat {
  readonly turns: readonly Turn[]
  /** What the KV cache holds for this conversation; missing until something was computed. */
  readonly cache?: KvCacheUse | undefined
}

/** A piece of an answer. */
export interface Piece {
  readonly thinking: string
  readonly text: string
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly cache: KvCacheUse
}

export interface Ending {
  readonly cut: boolean
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly cachedTokens: number
  readonly cache: KvCacheUse
}

export const emptyChat: Chat = { turns: [] }

const blank: Answer = {
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

/** A new question, its answer still to come. */
export function asked(chat: Chat, question: string): Chat {
  const id = (chat.turns.at(-1)?.id ?? 0) + 1
  return { ...chat, turns: [...chat.turns, { id, question, answer: blank }] }
}

/** The last question again, its answer dropped. */
export function askedAgain(chat: Chat): Chat {
  return withAnswer(chat, () => blank)
}

/** Another question in place of an earlier one; what followed that one is dropped. */
export function askedInstead(chat: Chat, id: number, question: string): Chat {
  return asked({ ...chat, turns: chat.turns.filter((turn) => turn.id < id) }, question)
}

/** A piece of the last answer has arrived at time `now` (ms). */
export function received(chat: Chat, piece: Piece, now: number): Chat {
  return withAnswer({ ...chat, cache: piece.cache }, (answer) => {
    const thinking = answer.thinking + piece.thinking
    const text = answer.text + piece.text
    const thinkingSince = answer.thinkingSince || (piece.thinking ? now : 0)
    const thoughtEnds = text !== '' && answer.text === '' && thinkingSince > 0
    return {
      ...answer,
      thinking,
      text,
      thinkingSince,
      status: text !== '' ? 'writing' : thinking !== '' ? 'thinking' : answer.status,
      thinkingMs: thoughtEnds ? now - thinkingSince : answer.thinkingMs,
      tokens: piece.tokens,
      tokensPerSecond: piece.tokensPerSecond,
    }
  })
}

/** The last answer is complete. */
export function finished(chat: Chat, { cache, ...ending }: Ending): Chat {
  return withAnswer({ ...chat, cache }, (answer) => ({ ...answer, ...ending, status: 'done' }))
}

/** The person has stopped the last answer; what there is of it stays. */
export function stopped(chat: Chat): Chat {
  return withAnswer(chat, (answer) => ({ ...answer, status: 'stopped' }))
}

/** The last answer has failed. */
export function failed(chat: Chat, failure: Failure): Chat {
  return withAnswer(chat, (answer) => ({ ...answer, status: 'failed', failure }))
}

/** An answer is being made. */
export function isAnswering({ turns }: Chat): boolean {
  const status = turns.at(-1)?.answer.status
  return status === 'waiting' || status === 'thinking' || status === 'writing'
}

/** The conversation up to the last question as the model reads it. A turn without an answer is left out: it has nothing to say. */
export function messagesOf({ turns }: Chat): { role: 'user' | 'assistant'; content: string }[] {
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

function withAnswer(chat: Chat, change: (answer: Answer) => Answer): Chat {
  const last = chat.turns.at(-1)
  if (!last) return chat
  return { ...chat, turns: [...chat.turns.slice(0, -1), { ...last, answer: change(last.answer) }] }
}
