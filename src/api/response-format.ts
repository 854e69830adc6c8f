// Reads what an answer is held to: `response_format` and `hadal.grammar`.
import { badField, jsonObject, readFields } from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import type { AnswerFormat } from '../worker/protocol.ts'

/** Reads `response_format`; `text` is none. Throws `bad_request`, naming the field. */
export function readResponseFormat(fields: Fields, key: string): AnswerFormat | undefined {
  const format = fields.requiredObject(key)
  const type = format.get('type')
  if (type === 'text') return undefined
  if (type === 'json_object') return { type }
  if (type !== 'json_schema')
    throw format.error('type', 'must be "text", "json_object" or "json_schema"', type)
  const { schema } = readFields(format.requiredObject('json_schema'), { schema: jsonObject })
  return schema ? { type, schema } : { type: 'json_object' }
}

/** Reads `hadal`. Throws `bad_request`, naming the field. */
export function readOwnFields(fields: Fields, key: string): AnswerFormat | undefined {
  const own = fields.requiredObject(key)
  const unknown = own.keys().find((name) => name !== 'grammar')
  if (unknown !== undefined) throw badField(`${key}.${unknown}`, 'is not supported', 'Use grammar only.')
  const grammar = own.get('grammar')
  if (grammar === undefined || grammar === null) return undefined
  if (typeof grammar !== 'string') throw own.error('grammar', 'must be a text in GBNF', grammar)
  return { type: 'grammar', grammar }
}

/** The one format of a request. Throws `bad_request` for two. */
export function oneFormat(
  format: AnswerFormat | undefined,
  own: AnswerFormat | undefined,
): AnswerFormat | undefined {
  if (format && own) throw badField('hadal.grammar', 'cannot be combined with `response_format`')
  return own ?? format
}
