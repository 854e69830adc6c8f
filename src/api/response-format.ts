// Reads what an answer is held to: `response_format` and `hadal.grammar`.
import { badField, flag, jsonObject, readFields } from '../lib/check.ts'
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

/** What `hadal` asks for. */
export interface OwnFields {
  readonly format: AnswerFormat | undefined
  readonly experts: boolean | undefined
}

/** Reads `hadal`. Throws `bad_request`, naming the field. */
export function readOwnFields(fields: Fields, key: string): OwnFields {
  const own = fields.requiredObject(key)
  const unknown = own.keys().find((name) => name !== 'grammar' && name !== 'experts')
  if (unknown !== undefined)
    throw badField(`${key}.${unknown}`, 'is not supported', 'Use grammar and experts only.')
  const { grammar, experts } = readFields(own, { grammar: readGrammar, experts: flag })
  return { format: grammar, experts: experts || undefined }
}

function readGrammar(own: Fields, key: string): AnswerFormat {
  const grammar = own.get(key)
  if (typeof grammar !== 'string') throw own.error(key, 'must be a text in GBNF', grammar)
  return { type: 'grammar', grammar }
}

/** The one format of a request. Throws `bad_request` for two. */
export function oneFormat(
  format: AnswerFormat | undefined,
  own: OwnFields | undefined,
): AnswerFormat | undefined {
  if (format && own?.format) throw badField('hadal.grammar', 'cannot be combined with `response_format`')
  return own?.format ?? format
}
