// Reads the messages of a request: as people write them, and as clients send answers back.
import { badField } from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import { isJsonObject } from '../lib/json.ts'
import type { ChatMessage, ChatToolCall } from '../worker/protocol.ts'
import { TOOL_NAME } from './tools.ts'

/** Ids of calls, as servers and models write them; some templates print them as they are. */
const CALL_ID = /^[\w.:|@/+=-]{1,256}$/

const NO_MESSAGES = 'must be a list with at least one message'

/** Fields of a message; the template decides which of those it prints. */
const FIELDS = ['role', 'content', 'name', 'reasoning_content', 'prefix']
/** Further fields of some roles. */
const ROLE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  assistant: ['tool_calls', 'refusal'],
  tool: ['tool_call_id'],
}
/** Fields that an answer has and that must hold nothing: null, '' or an empty list. */
const EMPTY_FIELDS = ['refusal', 'tool_calls', 'function_call', 'audio', 'annotations']

/** The messages of a request. */
export interface Conversation {
  readonly messages: readonly ChatMessage[]
  /** Whether the last message is an answer to go on with. */
  readonly continueFinal: boolean
}

/** The error for a request without messages. */
export const noMessages = (key: string) => badField(key, NO_MESSAGES)

/** Reads a list of messages. Throws `bad_request`, naming the field. */
export function readMessages(fields: Fields, key: string): Conversation {
  const messages = fields.objects(key)
  if (messages.length === 0) throw noMessages(key)
  const last = messages.at(-1)
  const read = messages.map((message) => readMessage(message, message === last))
  return { messages: read, continueFinal: last?.has('prefix') === true && last.flag('prefix') }
}

function readMessage(message: Fields, isLast: boolean): ChatMessage {
  const role = readRole(message)
  const isAnswer = role === 'assistant'
  refuseOthers(message, [...FIELDS, ...(ROLE_FIELDS[role] ?? [])])
  const calls = isAnswer && message.has('tool_calls') ? message.objects('tool_calls').map(readCall) : []
  if (message.has('prefix') && message.flag('prefix') && (!isAnswer || !isLast || calls.length > 0))
    throw message.error('prefix', 'must be that of the last message, an assistant’s without calls', true)
  const [name, reasoning] = ['name', 'reasoning_content'].map((key) => readText(message, key))
  return {
    role,
    content: readContent(message, isAnswer),
    ...(name && { name }),
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(role === 'tool' && { tool_call_id: readId(message, 'tool_call_id') }),
  }
}

function readRole(message: Fields): ChatMessage['role'] {
  if (message.get('role') === 'function')
    throw badField(
      `${message.path}.role`,
      'is not supported as "function"',
      'Send the result with role "tool" and the `tool_call_id` of its call.',
    )
  const role = message.choice('role', ['system', 'developer', 'user', 'assistant', 'tool'])
  return role === 'developer' ? 'system' : role
}

function refuseOthers(message: Fields, supported: readonly string[]): void {
  for (const key of message.keys()) {
    const value = message.get(key)
    if (supported.includes(key) || !message.has(key)) continue
    const isEmpty = value === '' || (Array.isArray(value) && value.length === 0)
    if (EMPTY_FIELDS.includes(key) && isEmpty) continue
    throw badField(
      `${message.path}.${key}`,
      'is not supported in a message of this role',
      `Leave it out. Supported: ${supported.join(', ')}.`,
    )
  }
}

function readText(message: Fields, key: string): string | undefined {
  const text = message.get(key)
  if (text === undefined || typeof text === 'string') return text
  throw message.error(key, 'must be a string', text)
}

function readId(fields: Fields, key: string): string {
  const id = fields.get(key)
  if (typeof id === 'string' && CALL_ID.test(id)) return id
  throw fields.error(key, 'must be the id of a call', id)
}

/** A call of an answer, with its arguments as data. */
function readCall(call: Fields): ChatToolCall {
  if (call.get('type', 'function') !== 'function')
    throw call.error('type', 'must be "function"', call.get('type'))
  const called = call.requiredObject('function')
  const name = readText(called, 'name')
  if (!name || !TOOL_NAME.test(name)) throw called.error('name', 'must be the name of a tool', name)
  return {
    id: readId(call, 'id'),
    type: 'function',
    function: { name, arguments: readArguments(called) },
  }
}

/** A call without arguments has '' in some clients. */
function readArguments(called: Fields): ChatToolCall['function']['arguments'] {
  const text = called.get('arguments')
  let json: unknown
  try {
    json = typeof text === 'string' ? JSON.parse(text || '{}') : undefined
  } catch {
    // Left undefined: no JSON.
  }
  if (isJsonObject(json)) return json
  throw called.error('arguments', 'must be the text of a JSON object', text)
}

/** The text of a message. That of an answer may be missing, or be a refusal. */
function readContent(message: Fields, isAnswer: boolean): string {
  const content = message.get('content')
  const refusal = (isAnswer && readText(message, 'refusal')) || ''
  if (typeof content === 'string') return content || refusal
  if (content === undefined && isAnswer) return refusal
  if (!Array.isArray(content))
    throw message.error('content', 'must be a string or a list of text parts', content)
  const text = message
    .objects('content')
    .map((part) => readPart(part, isAnswer))
    .join('')
  return text || refusal
}

function readPart(part: Fields, isAnswer: boolean): string {
  const type = part.get('type')
  const text = part.get(type === 'refusal' && isAnswer ? 'refusal' : 'text')
  if ((type === 'text' || (type === 'refusal' && isAnswer)) && typeof text === 'string') return text
  throw badField(part.path, 'must be { type: "text", text }', 'Images and audio are not supported.')
}
