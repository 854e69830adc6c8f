// The tree of a conversation's messages as pure functions: the shown path, versions, new branches.
import { type ChatSettings, MODEL_DEFAULTS } from '../state/settings.ts'
import {
  type Answer,
  type AttachedDocument,
  type Conversation,
  type ConversationInfo,
  type Message,
  type Question,
  ROOT,
} from './types.ts'

/** A message of the shown path, with the ids of its versions: the messages in its place. */
export interface PathStep<M extends Message = Message> {
  readonly message: M
  readonly versions: readonly string[]
}

/** An empty conversation that is not kept yet. */
export function emptyConversation(settings: ChatSettings = MODEL_DEFAULTS, thinking = true): Conversation {
  const now = Date.now()
  const info = { title: '', renamed: false, pinned: false, created: now, updated: now, leaf: ROOT }
  return { info: { ...info, id: crypto.randomUUID(), settings, thinking }, messages: [] }
}

/** The messages from the root to the shown leaf. */
export function shownPath({ info, messages }: Conversation): PathStep[] {
  const byId = new Map(messages.map((message) => [message.id, message]))
  const versions = versionsByParent(messages)
  const path: PathStep[] = []
  for (let message = byId.get(info.leaf); message; message = byId.get(message.parent)) {
    path.push({ message, versions: versions.get(message.parent) ?? [] })
    if (path.length > messages.length) break // a damaged tree with a cycle
  }
  return path.reverse()
}

function versionsByParent(messages: readonly Message[]): Map<string, string[]> {
  const versions = new Map<string, string[]>()
  for (const { id, parent } of messages) {
    const siblings = versions.get(parent)
    if (siblings) siblings.push(id)
    else versions.set(parent, [id])
  }
  return versions
}

/** What a question may have besides its text; by default it is asked below the shown leaf, for one answer. */
export interface AskOptions {
  readonly parent?: string
  readonly documents?: readonly AttachedDocument[]
  readonly answers?: number
}

/** A new question with answers to come below it. */
export function ask(
  chat: Conversation,
  text: string,
  { parent = chat.info.leaf, documents = [], answers = 1 }: AskOptions,
): Conversation {
  const question: Question = {
    ...newMessage(parent),
    role: 'user',
    text,
    ...(documents.length > 0 && { documents }),
  }
  const title = chat.info.title || titleOf(text)
  const next = { info: { ...chat.info, title, leaf: question.id }, messages: [...chat.messages, question] }
  if (answers === 1) return answerBelow(next, question.id)
  const group = { group: crypto.randomUUID() as string }
  const asked = Array.from({ length: answers }).reduce<Conversation>(
    (grown) => answerBelow(grown, question.id, group),
    next,
  )
  return { ...asked, info: { ...asked.info, leaf: answersTogether(asked, asked.info.leaf)[0]?.id ?? ROOT } }
}

/** The answers that were asked for together with this one, itself included. */
export function answersTogether(chat: Conversation, id: string): Answer[] {
  const answer = findAnswer(chat, id)
  if (answer?.group === undefined) return answer ? [answer] : []
  return chat.messages.filter(
    (message): message is Answer => message.role === 'assistant' && message.group === answer.group,
  )
}

/** A new answer to a question, with some fields given; it becomes the shown one. */
export function answerBelow(chat: Conversation, parent: string, fields: Partial<Answer> = {}): Conversation {
  const answer: Answer = { ...BLANK_ANSWER, ...newMessage(parent), ...fields }
  return { info: { ...chat.info, leaf: answer.id }, messages: [...chat.messages, answer] }
}

/** Shows another version of a message, with what was last said below it. */
export function showVersion(chat: Conversation, id: string): Conversation {
  return { ...chat, info: { ...chat.info, leaf: newestLeaf(chat.messages, id) } }
}

/** The conversation with one answer changed. */
export function changeAnswer(
  chat: Conversation,
  id: string,
  change: (answer: Answer) => Answer,
): Conversation {
  const at = chat.messages.findLastIndex((message) => message.id === id)
  const found = chat.messages[at]
  if (found?.role !== 'assistant') return chat
  return { ...chat, messages: chat.messages.with(at, change(found)) }
}

/** The conversation with these answers in place of those with their ids. */
export const withAnswers = (chat: Conversation, answers: readonly Answer[]): Conversation =>
  answers.reduce((changed, answer) => changeAnswer(changed, answer.id, () => answer), chat)

export function findAnswer({ messages }: Conversation, id: string): Answer | undefined {
  const found = messages.findLast((message) => message.id === id)
  return found?.role === 'assistant' ? found : undefined
}

/** Whether an answer is still being generated, here or in another tab. */
export const isUnfinished = ({ status }: Answer): boolean =>
  status === 'waiting' || status === 'thinking' || status === 'writing'

/** A message as the model's template gets it. */
export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/**
 * The messages that lead to an answer, from the root to its question, without questions that have no answer.
 * Documents come before their question, so that other questions about them have the same beginning.
 */
export function promptFor(chat: Conversation, answerId: string): PromptMessage[] {
  const { system } = chat.info.settings
  const answer = findAnswer(chat, answerId)
  const path = shownPath({ ...chat, info: { ...chat.info, leaf: answer?.parent ?? ROOT } })
  const kept = path.filter(({ message }, index) => {
    const reply = path[index + 1]?.message
    if (message.role === 'assistant') return message.text !== ''
    return reply === undefined || (reply.role === 'assistant' && reply.text !== '')
  })
  return [
    ...(system.trim() === '' ? [] : [{ role: 'system', content: system } as const]),
    ...kept.map(({ message }) => ({ role: message.role, content: contentOf(message) })),
  ]
}

/** A question with its documents, as the model reads it. */
export function contentOf(message: Answer | Pick<Question, 'role' | 'text' | 'documents'>): string {
  if (message.role === 'assistant' || !message.documents) return message.text
  const parts = message.documents.map(({ name, text }) => `File ${JSON.stringify(name)}:\n\n${text}`)
  return [...parts, message.text].join('\n\n')
}

const MAX_TITLE = 60

/** The first line of a question, shortened between words. */
export function titleOf(question: string): string {
  const line = question.trim().split('\n')[0]?.replace(/\s+/g, ' ') ?? ''
  const characters = [...line]
  if (characters.length <= MAX_TITLE) return line
  const start = characters.slice(0, MAX_TITLE).join('')
  return `${start.replace(/\s+\S*$/, '') || start}…`
}

const MAX_GIVEN_TITLE = 500

/** A title that somebody gave, on one line; empty without one. */
export const readTitle = (given: string): string =>
  given.replace(/\s+/g, ' ').trim().slice(0, MAX_GIVEN_TITLE)

/** Changes of a record that the list shows at once. */
export const touched = (info: ConversationInfo): ConversationInfo => ({ ...info, updated: Date.now() })

const BLANK_ANSWER: Omit<Answer, keyof ReturnType<typeof newMessage>> = {
  role: 'assistant',
  status: 'waiting',
  thinking: '',
  text: '',
  thinkingMs: 0,
  model: '',
  tokens: 0,
  tokensPerSecond: 0,
  promptTokens: 0,
  cachedTokens: 0,
  cut: false,
}

// Strictly increasing, so that the order of messages is known within a millisecond too.
let lastCreated = 0
const newMessage = (parent: string) => {
  lastCreated = Math.max(Date.now(), lastCreated + 1)
  return { id: crypto.randomUUID() as string, parent, created: lastCreated }
}

/** The leaf reached from a message by following the newest replies. */
function newestLeaf(messages: readonly Message[], from: string): string {
  const next = messages.findLast(({ parent }) => parent === from)
  return next ? newestLeaf(messages, next.id) : from
}
