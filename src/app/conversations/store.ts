// Where conversations are kept: IndexedDB, or the tab's memory where the browser has none.
import type { ConversationInfo, Message } from './types.ts'

/** A conversation found by its text, with the words around the first place. */
export interface FoundText {
  readonly id: string
  readonly excerpt: string
}

/** A record to write, and those of its messages that changed. */
export interface StoredChange {
  readonly info: ConversationInfo
  readonly messages: readonly Message[]
  /**
   * What `info` was made from. Other fields stay as another tab may have stored them meanwhile; nothing is
   * written if the conversation is gone. A conversation without it is written as it is.
   */
  readonly before?: ConversationInfo | undefined
}

export interface ConversationStore {
  /** Records of all conversations, deleted ones included, in no order. */
  list(): Promise<ConversationInfo[]>
  info(id: string): Promise<ConversationInfo | undefined>
  /** Messages in the order in which they were made. */
  messages(id: string): Promise<Message[]>
  /** Writes all changes or, if it rejects, none. */
  save(changes: readonly StoredChange[]): Promise<void>
  /** Removes conversations for good. */
  remove(ids: readonly string[]): Promise<void>
  /**
   * What search looks through: of all conversations, or of those with these ids. An answer is in it once it
   * is no longer being written.
   */
  texts(ids?: readonly string[]): Promise<SearchableText[]>
}

/** The text of a conversation that search looks through. */
export interface SearchableText {
  readonly id: string
  readonly text: string
}

/** The record to write; undefined if the conversation is gone. */
export function recordToStore(
  { info, before }: StoredChange,
  stored: ConversationInfo | undefined,
): ConversationInfo | undefined {
  if (!before || !stored) return before ? undefined : info
  const fields = new Set([...Object.keys(before), ...Object.keys(info)]) as Set<keyof ConversationInfo>
  const changed = [...fields].filter((field) => before[field] !== info[field])
  return { ...stored, ...Object.fromEntries(changed.map((field) => [field, info[field]])) }
}

/** What search looks through: the texts of the messages, without thinking and documents. */
export const searchText = (messages: readonly Message[]): string =>
  messages
    .map((message) =>
      message.role === 'user' && message.documents
        ? `${message.text} ${message.documents.map(({ name }) => name).join(' ')}`
        : message.text,
    )
    .join('\n')

const EXCERPT_BEFORE = 24
const EXCERPT_LENGTH = 90

/** One line around the first place where `wanted` (lower case) is in `text`; undefined if it is not there. */
export function excerptOf(text: string, wanted: string): string | undefined {
  const at = text.toLowerCase().indexOf(wanted)
  if (at < 0) return undefined
  const from = Math.max(0, at - EXCERPT_BEFORE)
  const words = text
    .slice(from, from + EXCERPT_LENGTH)
    .replace(/\s+/g, ' ')
    .trim()
  return `${from > 0 ? '…' : ''}${words}${from + EXCERPT_LENGTH < text.length ? '…' : ''}`
}

/** Messages in the order in which they were made. */
export const inOrder = <M extends Message>(messages: readonly M[]): M[] =>
  messages.toSorted((a, b) => a.created - b.created)
