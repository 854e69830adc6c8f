// What a session holds, and what it needs of its model.
import type { SessionResult, SessionTask } from '../worker/protocol.ts'
import type { EventStream } from './engine-link.ts'
import type { ChatCompletionCreateParams, ChatCompletions } from './openai-types.ts'

/** What sessions need of their model. */
export interface SessionModel {
  readonly completions: ChatCompletions
  work(task: SessionTask, signal?: AbortSignal): EventStream<SessionResult>
}

/** The messages, and the fields of the latest request that a prompt follows from. */
export type Conversation = Pick<
  ChatCompletionCreateParams,
  'messages' | 'tools' | 'tool_choice' | 'thinking' | 'reasoning_effort' | 'chat_template_kwargs'
>

export interface SessionState {
  /** Replaced, never changed. */
  conversation: Conversation
  /** Whether an answer, `append` or `restore` is in progress. */
  busy: boolean
}
