// Sessions of a model: what they hold, and what needs no engine. Their other calls are loaded on demand.
import { readField, wholeNumber } from '../lib/check.ts'
import type { SessionResult, SessionTask } from '../worker/protocol.ts'
import type { EventStream } from './engine-link.ts'
import type { ChatCompletionCreateParams, ChatCompletions, ChatSession } from './openai-types.ts'
import { checkRequest } from './request.ts'

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

/** Opens a session. Throws `bad_request` for messages that a request would refuse. */
export function openSession(model: SessionModel, begin: Conversation): ChatSession {
  if (begin.messages.length !== 0) checkRequest(begin)
  const conversation = JSON.parse(JSON.stringify(begin))
  const state: SessionState = { conversation, busy: false }
  const calls = async () => (await import('./session-calls.ts')).sessionCalls(model, state)
  return {
    get messages() {
      return state.conversation.messages
    },
    create: (async (...request: []) => (await calls()).create(...request)) as ChatSession['create'],
    append: async (...request) => (await calls()).append(...request),
    save: async (...request) => (await calls()).save(...request),
    restore: async (...request) => (await calls()).restore(...request),
    fork: () => openSession(model, state.conversation),
    rewind(count) {
      const { messages } = state.conversation
      const kept = readField('count', count, wholeNumber(0, messages.length))
      state.conversation = { ...state.conversation, messages: messages.slice(0, kept) }
    },
  }
}
