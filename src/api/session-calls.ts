// The calls of a session that need its engine: answers, prefill, saves. Loaded on demand.
import { badField } from '../lib/check.ts'
import { asHadalError, expectDefined, HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { damagedSession, openSavedSession, readJson } from '../lib/saved-session.ts'
import type { SessionResult, SessionTask } from '../worker/protocol.ts'
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatCompletionMessageParam,
  ChatCompletionStream,
  ChatSession,
  ChatSessionCreateParams,
  RequestOptions,
} from './openai-types.ts'
import { promptRequest } from './prompt-request.ts'
import { checkRequest } from './request.ts'
import type { Conversation, SessionModel, SessionState } from './session-state.ts'
import { SessionStream } from './session-stream.ts'

const FIELDS: readonly string[] = [
  'messages',
  'tools',
  'tool_choice',
  'thinking',
  'reasoning_effort',
  'chat_template_kwargs',
] satisfies (keyof Conversation)[]

interface SessionCalls extends Pick<ChatSession, 'append' | 'save' | 'restore'> {
  create(
    params?: ChatSessionCreateParams,
    options?: RequestOptions,
  ): Promise<ChatCompletion | ChatCompletionStream>
}

/** The calls, each documented where `ChatSession` has it. */
export const sessionCalls = (model: SessionModel, state: SessionState): SessionCalls => ({
  create: (params, options) => create(model, state, params, options),

  append: (messages, { signal } = {}) =>
    exclusively(state, async () => {
      const before = state.conversation
      const next = extended(before, [messages].flat())
      await done(model.work({ type: 'prefill', request: promptRequest(next) }, signal))
      if (state.conversation === before) state.conversation = next
    }),

  async save({ signal } = {}) {
    const { conversation } = state
    const request = conversation.messages.length > 0 && { request: promptRequest(conversation) }
    const task: SessionTask = { type: 'save', conversation: JSON.stringify(conversation), ...request }
    const { saved } = await done(model.work(task, signal))
    return expectDefined(saved, 'the saved session')
  },

  restore: (saved, { signal } = {}) =>
    exclusively(state, async () => {
      if (!(saved instanceof Blob)) throw badField('saved', 'must be a Blob')
      const { conversation } = await openSavedSession(saved)
      const next = readConversation(await readJson(conversation))
      await done(model.work({ type: 'restore', saved }, signal))
      state.conversation = next
    }),
})

async function create(
  model: SessionModel,
  state: SessionState,
  params: ChatSessionCreateParams = {},
  options: RequestOptions = {},
): Promise<ChatCompletion | ChatCompletionStream> {
  const release = acquire(state)
  try {
    if (!isJsonObject(params)) throw badField('request', 'must be an object')
    if ((params.n ?? 1) !== 1)
      throw badField('n', 'is not supported in sessions', 'Fork the session for each answer.')
    const { messages, ...fields } = params as ChatSessionCreateParams
    const before = state.conversation
    const asked = extended({ ...fields, messages: before.messages }, messages ?? [])
    const join = (answer: ChatCompletionMessageParam) => {
      if (state.conversation === before)
        state.conversation = { ...asked, messages: [...asked.messages, answer] }
    }
    const answer = await model.completions.create({ ...fields, messages: asked.messages }, options)
    if ('choices' in answer) {
      join(messageOf(expectDefined(answer.choices[0], 'an answer').message))
      release()
      return answer
    }
    const onEnd = (message?: ChatCompletionMessageParam) => {
      if (message) join(message)
      release()
    }
    return new SessionStream(answer, onEnd, options.signal)
  } catch (error) {
    release()
    throw error
  }
}

/** The conversation with further messages, as data of its own. Throws `bad_request`, naming the field. */
function extended(
  { messages, ...fields }: Conversation,
  more: readonly ChatCompletionMessageParam[],
): Conversation {
  if (!Array.isArray(more)) throw badField('messages', 'must be a list')
  const all = { ...fields, messages: [...messages, ...more] }
  checkMessages(all)
  const known = Object.entries(all).filter(([field]) => FIELDS.includes(field))
  return JSON.parse(JSON.stringify(Object.fromEntries(known)))
}

function checkMessages(request: Conversation): void {
  checkRequest(request)
  const prefix = request.messages.findIndex((message) => message.prefix)
  if (prefix >= 0)
    throw badField(
      `messages[${prefix}].prefix`,
      'is not supported in sessions',
      'Use chat.completions to go on with the text of an answer.',
    )
}

function readConversation(json: unknown): Conversation {
  if (!isJsonObject(json) || !Array.isArray(json.messages)) throw damagedSession('it has no messages')
  if (json.messages.length === 0) return { messages: [] }
  const unknown = Object.keys(json).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) throw damagedSession('its conversation has an unknown field')
  const conversation = json as unknown as Conversation
  try {
    checkMessages(conversation)
  } catch (error) {
    throw damagedSession(asHadalError(error).message.replace(/\.$/, ''), error)
  }
  return conversation
}

/** The message of an answer, as requests have it. */
function messageOf({ content, reasoning_content: reasoning, tool_calls: calls }: ChatCompletionMessage) {
  return {
    role: 'assistant' as const,
    content: content ?? '',
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls && { tool_calls: calls }),
  }
}

async function done(results: AsyncIterator<SessionResult, undefined>): Promise<SessionResult> {
  const { value } = await results.next()
  await results.return?.()
  return expectDefined(value, 'the result of a session')
}

async function exclusively(state: SessionState, work: () => Promise<void>): Promise<void> {
  const release = acquire(state)
  await work().finally(release)
}

function acquire(state: SessionState): () => void {
  if (state.busy)
    throw new HadalError('bad_request', 'This session is at work already.', {
      hint: 'Wait for that to end, read or leave its stream, or fork the session.',
    })
  state.busy = true
  return () => {
    state.busy = false
  }
}
