// What can be asked of the loaded model in the conversation on the screen, and what views show of it.
import { computed, signal } from '@preact/signals'
import type { KvCacheUse } from '../../index.ts'
import {
  answerBelow,
  answersTogether,
  ask as askBelow,
  changeAnswer,
  findAnswer,
  shownPath,
  showVersion,
  withAnswers,
} from '../conversations/tree.ts'
import type { AttachedDocument, Conversation } from '../conversations/types.ts'
import type { Continuation } from '../experts/state/continuation.ts'
import { loadState } from '../shared/models/model-choice.ts'
import {
  changeInfo,
  conversation,
  liveConversation,
  updateConversation,
  writtenHere,
} from './conversations.ts'
import { generate, latestUse, running, stop } from './generate.ts'
import { beginTrace } from './traces.ts'

/** Whether this tab writes an answer of the conversation on the screen. */
export const generating = computed(() => running.value.has(conversation.value.info.id))
/** Ids of conversations with an answer in progress in this tab. */
export const runningConversations = computed(() => new Set(running.value.keys()))
export const thinkingEnabled = computed(() => conversation.value.info.thinking)

/** The path that is shown, from the first question to the last answer. */
export const path = computed(() => shownPath(conversation.value))
/** Tokens per second of the latest answer with a known speed; 0 without one. */
export const latestRate = computed(() => {
  const answers = path.value.flatMap(({ message }) => (message.role === 'assistant' ? message : []))
  return answers.findLast(({ tokensPerSecond }) => tokensPerSecond > 0)?.tokensPerSecond ?? 0
})

const NO_CACHE_USE: KvCacheUse = { tokens: 0, bytes: 0, standard_bytes: 0 }
/** KV cache use of the conversation on the screen; zeros unless the loaded model computed it. */
export const cacheUse = computed(() => {
  const { id, model, use } = latestUse.value ?? {}
  const current = id === conversation.value.info.id
  return (
    (current && loadState.value.phase === 'ready' && loadState.value.model === model && use) || NO_CACHE_USE
  )
})

/** Answers that a question gets, to choose from. */
export const answersWanted = signal(1)
export const MAX_ANSWERS = 4

/** Asks a question below the last answer. */
export function ask(question: string, documents: readonly AttachedDocument[] = []): Promise<void> {
  return generate(askBelow(conversation.value, question, { documents, answers: answersWanted.value }))
}

/** Asks an edited question beside an earlier one, which stays as another version. */
export function askEdited(id: string, question: string): Promise<void> {
  const before = conversation.value.messages.find((message) => message.id === id)
  if (before?.role !== 'user') return Promise.resolve()
  const { parent, documents = [] } = before
  return generate(askBelow(conversation.value, question, { parent, documents }))
}

/** Asks the same question again; the earlier answer stays as another version. */
export function regenerate(answerId: string): Promise<void> {
  const before = findAnswer(conversation.value, answerId)
  return before ? generate(answerBelow(conversation.value, before.parent)) : Promise.resolve()
}

/** Ends the thinking of the answer in progress: the answer itself begins at once. */
export async function answerNow(answerId: string): Promise<void> {
  const { id } = conversation.value.info
  await stop(id)
  const live = liveConversation(id)
  const answer = live && findAnswer(live, answerId)
  if (!live || answer?.status !== 'stopped') return // it was complete by then
  await generate(goingOn(live, answerId), { thinkingBudget: 0 })
}

/** Goes on with an answer that was stopped, cut off or failed. */
export function continueAnswer(answerId: string): Promise<void> {
  return generate(goingOn(conversation.value, answerId))
}

/** The conversation with an answer as its leaf that is in progress again. */
function goingOn(chat: Conversation, answerId: string): Conversation {
  const begun = changeAnswer(chat, answerId, ({ failure: _, ...answer }) => ({
    ...answer,
    status: answer.text !== '' ? 'writing' : answer.thinking !== '' ? 'thinking' : 'waiting',
    cut: false,
  }))
  return { ...begun, info: { ...begun.info, leaf: answerId } }
}

/** A new version of an answer that has another token in a place of its trace and goes on from there. */
export function continueFrom(answerId: string, { index, choice, message }: Continuation): Promise<void> {
  const before = findAnswer(conversation.value, answerId)
  if (!before) return Promise.resolve()
  const thinking = withoutTags(message.reasoning_content ?? '')
  const text = typeof message.content === 'string' ? message.content : ''
  const status = text !== '' ? 'writing' : 'thinking'
  const next = answerBelow(conversation.value, before.parent, { thinking, text, status, tokens: index + 1 })
  beginTrace(next.info.leaf, answerId, index, choice)
  return generate(next, { prefix: message })
}

const withoutTags = (thinking: string): string =>
  thinking.replace(/^<think>\n?/, '').replace(/\n?<\/think>\s*$/, '')

/** Shows another version of a question or an answer. */
export function showMessage(id: string): void {
  void updateConversation(showVersion(conversation.value, id), [])
}

/** Goes on with one of several answers; the others stay as versions. */
export function keepAnswer(id: string): void {
  const together = answersTogether(conversation.value, id)
  const apart = together.map(({ group: _, ...answer }) => answer)
  void updateConversation(showVersion(withAnswers(conversation.value, apart), id), apart)
}

/** Stops the answer in progress in the conversation on the screen. */
export function stopGenerating(): void {
  running.value.get(conversation.value.info.id)?.abort()
}

/** Tokens that thinking may take; undefined for any number. */
export function setThinkingBudget(thinkingBudget: number | undefined): void {
  void changeInfo(conversation.value.info.id, { thinkingBudget })
}

export function setThinking(thinking: boolean): void {
  void changeInfo(conversation.value.info.id, { thinking })
}

/** Saves unfinished answers when the page is closed or hidden, since browsers may end hidden pages. */
export function saveOnPageHide(): void {
  const saveAll = () => {
    for (const id of running.value.keys()) {
      const live = liveConversation(id)
      if (live)
        void updateConversation(
          live,
          live.messages.filter((message) => writtenHere.has(message.id)),
        )
    }
  }
  addEventListener('pagehide', saveAll)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') saveAll()
  })
}
