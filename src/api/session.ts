// Sessions of a model: what they hold, and what needs no engine. Their other calls are loaded on demand.
import { readField, wholeNumber } from '../lib/check.ts'
import type { ChatSession } from './openai-types.ts'
import { checkRequest } from './request.ts'
import type { Conversation, SessionModel, SessionState } from './session-state.ts'

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
