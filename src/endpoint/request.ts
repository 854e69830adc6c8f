// Checks requests to an endpoint and writes their bodies, in the names that the server has for the fields.
import { knownFields } from '../api/common-fields.ts'
import { EMBEDDING_READERS } from '../api/embedding-fields.ts'
import { checkRequest } from '../api/request.ts'
import { checkTextRequest } from '../api/text-request.ts'
import { badField, oneOf, readField, readFields, requestFields } from '../lib/check.ts'
import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { adaptBody, type ServerKind } from './server-kind.ts'

type Body = Record<string, unknown>

/** A request that has been checked, as it is sent. */
export interface CheckedBody {
  readonly body: Body
  readonly stream: boolean
  /** The text that the answer goes on from (DeepSeek's prefix completion), if any. */
  readonly prefix: string
}

/** Where a request goes. */
export interface RequestTarget {
  readonly model: string
  readonly kind: ServerKind
}

/**
 * Checks a chat request as one to a local model is checked, but for `response_format` and `extra_body`, and
 * writes its body. @throws HadalError `bad_request`, naming the field
 */
export function chatBody(params: unknown, target: RequestTarget): CheckedBody {
  const { response_format, extra_body, ...own } = presentFields(params)
  refuseOwn(own)
  refusing(() => checkRequest(own))
  const format = readField('response_format.type', typeOf(response_format), oneOf(FORMATS))
  const { messages, prefix } = readPrefix(own.messages)
  const continued = prefix !== undefined && target.kind !== 'deepseek'
  const fields = {
    ...own,
    messages: continued ? withoutMark(messages) : messages,
    // vLLM and SGLang need to be told; llama-server goes on from any answer.
    ...(continued && { continue_final_message: true, add_generation_prompt: false }),
    ...(format !== undefined && { response_format }),
  }
  return { body: finish(fields, extra_body, target), stream: own.stream === true, prefix: prefix ?? '' }
}

const FORMATS = ['text', 'json_object', 'json_schema']
const typeOf = (format: unknown): unknown =>
  format === undefined || isJsonObject(format) ? format?.type : format

/** Checks a text completion as one of a local model is checked, and writes its body. */
export function completionBody(params: unknown, target: RequestTarget): CheckedBody {
  const { response_format, extra_body, ...own } = presentFields(params)
  refuseOwn(own)
  const { requests } = refusing(() => checkTextRequest(own))
  const fields = {
    ...own,
    max_tokens: requests[0]?.maxTokens, // OpenAI's default is ours; llama-server would go on and on
    ...(response_format !== undefined && { response_format }),
  }
  return { body: finish(fields, extra_body, target), stream: own.stream === true, prefix: '' }
}

/** Checks a request for embeddings and writes its body. */
export function embeddingBody(params: unknown, target: RequestTarget): Body {
  const { extra_body, ...own } = presentFields(params)
  readFields(
    refusing(() => knownFields(own, EMBEDDING_READERS)),
    EMBEDDING_READERS,
  )
  return finish(own, extra_body, target)
}

/** Servers have no common names for grammars and budgets. Throws `bad_request`. */
function refuseOwn(body: Body): void {
  const own = ['hadal', 'thinking_budget'].find((field) => body[field] !== undefined)
  if (own === undefined) return
  throw badField(own, 'is for models that run here', 'Put the server’s own field into `extra_body`.')
}

/** Runs a check; the error for an unknown field says where fields go that only the server knows. */
function refusing<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof HadalError) || !/^`\w+` is not supported\.$/.test(error.message)) throw error
    const hint = `If the server knows it, put it into \`extra_body\`. ${error.hint}`
    throw new HadalError(error.code, error.message, { hint })
  }
}

/** The fields of a request that hold a value. */
function presentFields(params: unknown): Body {
  const fields = requestFields(params)
  const present = fields.keys().filter((key) => fields.has(key))
  return Object.fromEntries(present.map((key) => [key, fields.get(key)]))
}

function finish(own: Body, extra: unknown, { model, kind }: RequestTarget): Body {
  const body = { ...adaptBody(own, kind), model }
  if (extra === undefined) return body
  if (!isJsonObject(extra)) throw badField('extra_body', 'must be an object')
  const twice = Object.keys(extra).find((field) => Object.hasOwn(body, field) || field === 'stream')
  if (twice !== undefined)
    throw badField(`extra_body.${twice}`, 'is a field of the request itself', 'Give it once, outside.')
  return { ...extra, ...body }
}

/** The messages, and the text that the answer goes on from: that of a last message with `prefix: true`. */
function readPrefix(value: unknown): { readonly messages: readonly Body[]; readonly prefix?: string } {
  const messages: readonly Body[] = Array.isArray(value) ? value.filter(isJsonObject) : []
  const last = messages.at(-1)
  return { messages, ...(last?.prefix === true && { prefix: textOf(last.content) }) }
}

/** The text of a content that has been checked: a string, or text parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  const parts: readonly unknown[] = Array.isArray(content) ? content : []
  return parts.map((part) => (isJsonObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

const withoutMark = (messages: readonly Body[]): Body[] => messages.map(({ prefix, ...message }) => message)
