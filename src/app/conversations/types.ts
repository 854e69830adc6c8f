// Conversations as they are kept: a record for the list, and a tree of messages, each with its parent.
import type { Failure } from '../shared/failure.ts'
import type { ChatSettings } from '../state/settings.ts'

/** Parent of the first messages of a conversation. */
export const ROOT = ''

/** Unfinished: `waiting`, `thinking` and `writing`. */
export const ANSWER_STATUSES = ['waiting', 'thinking', 'writing', 'done', 'stopped', 'failed'] as const
export type AnswerStatus = (typeof ANSWER_STATUSES)[number]

/** A text file that goes with a question. */
export interface AttachedDocument {
  readonly name: string
  readonly text: string
  /** Tokens of the model that it was attached for. */
  readonly tokens: number
}

interface MessageBase {
  readonly id: string
  readonly parent: string
  /** Milliseconds since 1970; orders the versions of a message. */
  readonly created: number
}

export interface Question extends MessageBase {
  readonly role: 'user'
  readonly text: string
  readonly documents?: readonly AttachedDocument[]
}

export interface Answer extends MessageBase {
  readonly role: 'assistant'
  readonly status: AnswerStatus
  readonly thinking: string
  readonly text: string
  /** Duration of thinking, in milliseconds; 0 while unknown. */
  readonly thinkingMs: number
  /** Name of the model that answered. */
  readonly model: string
  readonly tokens: number
  readonly tokensPerSecond: number
  /** Tokens of the prompt, and those of them that were in the KV cache. */
  readonly promptTokens: number
  readonly cachedTokens: number
  /** The answer hit the token limit or the end of the context. */
  readonly cut: boolean
  readonly failure?: Failure
  /** Answers asked for together have the same group. */
  readonly group?: string
}

export type Message = Question | Answer

/** The model of a conversation. One without a source that is not bundled was read from a picked folder. */
export interface ConversationModel {
  readonly name: string
  readonly bundled?: boolean
  readonly source?: string
}

/** What the list shows of a conversation, and what it is continued with. */
export interface ConversationInfo {
  readonly id: string
  readonly title: string
  /** The title was given, not taken from the first question. */
  readonly renamed: boolean
  readonly pinned: boolean
  /** Milliseconds since 1970. */
  readonly created: number
  readonly updated: number
  /** The message whose path from the root is shown. */
  readonly leaf: string
  readonly model?: ConversationModel
  readonly settings: ChatSettings
  readonly thinking: boolean
  /** Tokens that thinking may take. */
  readonly thinkingBudget?: number | undefined
  /** When it was deleted, as long as that can be undone. */
  readonly deleted?: number
  /** The KV cache kept on disk. */
  readonly savedCache?: { readonly bytes: number; readonly model: string } | undefined
}

/** A conversation with its messages, in the order in which they were made. */
export interface Conversation {
  readonly info: ConversationInfo
  readonly messages: readonly Message[]
}
