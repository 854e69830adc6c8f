// Fixed values of a schema, enum and const: writes and compares them, and checks them against other keywords.
import { badField } from '../../../lib/check.ts'
import { isJsonObject } from '../../../lib/json.ts'
import { codePoints } from '../code-points.ts'
import { intervalOf, isInside } from './intervals.ts'
import {
  assertionsOf,
  isKeywordOf,
  type JsonType,
  notSupported,
  type Schema,
  SchemaFields,
} from './keywords.ts'

const MAX_DEPTH = 64

/** The JSON of a value, with a space after each comma and colon. */
export function jsonText(value: unknown, path: string, depth = 0): string {
  if (depth > MAX_DEPTH) throw badField(path, 'holds a value that is nested too deeply')
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, path, depth + 1)).join(', ')}]`
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${jsonText(item, path, depth + 1)}`,
  )
  return `{${members.join(', ')}}`
}

/** A text that is equal for equal values, whatever the order of members. */
export function canonicalText(value: unknown, path: string, depth = 0): string {
  if (depth > MAX_DEPTH) throw badField(path, 'holds a value that is nested too deeply')
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, path, depth + 1)).join()}]`
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${canonicalText(item, path, depth + 1)}`,
  )
  return `{${members.sort().join()}}`
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'object'
}

export const allowsType = (types: readonly JsonType[], type: JsonType): boolean =>
  types.includes(type) || (type === 'integer' && types.includes('number'))

/** The values that enum and const allow; undefined without them. */
export function fixedValues(schema: Schema, path: string): readonly unknown[] | undefined {
  const fields = new SchemaFields(schema, path)
  const listed = fields.has('enum') ? fields.list('enum') : undefined
  if (!fields.has('const')) return listed
  const text = canonicalText(schema.const, path)
  return (listed ?? [schema.const]).filter((value) => canonicalText(value, path) === text)
}

/**
 * Whether a fixed value passes the keywords beside it.
 * @throws HadalError bad_request, for keywords that cannot be checked here
 */
export function passes(value: unknown, schema: Schema, path: string): boolean {
  const fields = new SchemaFields(schema, path)
  const type = typeOf(value)
  const types = fields.types()
  if (types && !allowsType(types, type)) return false
  const keywords = assertionsOf(schema).filter(
    (keyword) => isKeywordOf(type, keyword) || (keyword === 'format' && type === 'string'),
  )
  const isNumber = typeof value === 'number'
  for (const keyword of keywords)
    if (!(isNumber || keyword === 'minLength' || keyword === 'maxLength') || keyword === 'multipleOf')
      throw notSupported(fields.pathOf(keyword), 'Leave it out beside `enum` or `const`.')
  if (isNumber) return isInside(value, intervalOf(fields))
  if (typeof value !== 'string') return true
  const length = codePoints(value).length
  return (
    length >= fields.count('minLength', 0) && length <= fields.count('maxLength', Number.POSITIVE_INFINITY)
  )
}
