// Reads a request for a response and translates it into a chat. What it cannot do is refused by name.
import type { ChatCompletionCreateParams } from '../../api/types/chat.ts'
import {
  badField,
  type FieldReader,
  flag,
  jsonObject,
  oneOf,
  readFields,
  requestFields,
  unknownField,
  wholeNumber,
} from '../../lib/check.ts'
import type { Fields } from '../../lib/fields.ts'
import { isJsonObject } from '../../lib/json.ts'
import { emptyList, type IsNoOp, SERVER_FIELDS } from '../../lib/no-op.ts'
import { readInput } from './input.ts'
import type { ResponseSettings } from './types.ts'

/** A request that has been checked. */
export interface ResponsesRequest {
  readonly chat: Omit<ChatCompletionCreateParams, 'stream' | 'stream_options'>
  readonly stream: boolean
  readonly settings: ResponseSettings
  readonly effort: string | null
}

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const

/** One reader for each field; the chat checks the ranges of numbers. */
const READERS = {
  model: (fields, key) => fields.get(key),
  input: readInput,
  instructions: readText,
  stream: flag,
  max_output_tokens: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  temperature: anyNumber,
  top_p: anyNumber,
  reasoning: readEffort,
  metadata: jsonObject,
} satisfies Readonly<Record<string, FieldReader<unknown>>>

/** Fields that change nothing here, as long as they hold one of these values. */
const NO_OP_FIELDS: Readonly<Record<string, IsNoOp>> = {
  ...SERVER_FIELDS,
  background: (value) => value === false,
  include: emptyList,
  parallel_tool_calls: (value) => typeof value === 'boolean',
  stream_options: (value) =>
    isJsonObject(value) && Object.keys(value).every((key) => key === 'include_obfuscation'),
  text: isPlainText,
  tool_choice: (value) => value === 'none' || value === 'auto',
  tools: emptyList,
  top_logprobs: (value) => value === 0,
  truncation: (value) => value === 'disabled',
}

/** Checks a request and translates it. @throws HadalError `bad_request`, naming the field */
export function readResponsesRequest(body: unknown): ResponsesRequest {
  const fields = requestFields(body)
  refuseUnknown(fields)
  const { input, instructions, stream = false, max_output_tokens, ...rest } = readFields(fields, READERS)
  if (!input) throw badField('input', 'must be a text or a list of messages')
  const { temperature, top_p, reasoning, metadata = {} } = rest
  return {
    chat: {
      messages: [...(instructions ? [{ role: 'system', content: instructions } as const] : []), ...input],
      max_tokens: max_output_tokens ?? null,
      temperature: temperature ?? null,
      top_p: top_p ?? null,
      reasoning_effort: reasoning ?? null,
    },
    stream,
    settings: {
      instructions: instructions ?? null,
      max_output_tokens: max_output_tokens ?? null,
      temperature: temperature ?? null,
      top_p: top_p ?? null,
      metadata,
    },
    effort: reasoning ?? null,
  }
}

function refuseUnknown(fields: Fields): void {
  const unknown = unknownField(
    fields,
    (field) => Object.hasOwn(READERS, field) || isNoOp(field, fields.get(field)),
  )
  if (unknown === undefined) return
  const supported = Object.keys(READERS).join(', ')
  const hint = `Leave it out, or use chat completions. Supported: ${supported}.`
  throw badField(unknown, 'is not supported in responses', hint)
}

const isNoOp = (field: string, value: unknown): boolean =>
  Object.hasOwn(NO_OP_FIELDS, field) && NO_OP_FIELDS[field]?.(value) === true

function isPlainText(value: unknown): boolean {
  if (!isJsonObject(value)) return false
  const { format, ...others } = value
  const isPlain = format === undefined || (isJsonObject(format) && format.type === 'text')
  return (
    isPlain &&
    Object.keys(others).every(
      (key) => others[key] === null || (key === 'verbosity' && others[key] === 'medium'),
    )
  )
}

function readText(fields: Fields, key: string): string {
  const value = fields.get(key)
  if (typeof value === 'string') return value
  throw fields.error(key, 'must be a text', value)
}

function anyNumber(fields: Fields, key: string): number {
  return fields.number(key, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
}

function readEffort(fields: Fields, key: string): (typeof EFFORTS)[number] | undefined {
  const reasoning = fields.requiredObject(key)
  const unknown = reasoning.keys().find((name) => name !== 'effort' && reasoning.has(name))
  if (unknown !== undefined) throw badField(`${key}.${unknown}`, 'is not supported', 'Use effort only.')
  return readFields(reasoning, { effort: oneOf(EFFORTS) }).effort
}
