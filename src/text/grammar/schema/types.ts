// The types of the values that are written for a schema.
import { assertionsOf, isKeywordOf, type JsonType, type SchemaFields, TYPES } from './keywords.ts'

/**
 * The types that a schema names. Without them, those that its keywords are about, though values of other
 * types would be valid; all types if there are no such keywords.
 */
export function impliedTypes(fields: SchemaFields): readonly JsonType[] {
  const named = fields.types()
  if (named) return named
  const keywords = assertionsOf(fields.schema)
  const isMeant = (type: JsonType) =>
    keywords.some((keyword) => isKeywordOf(type, keyword)) ||
    (type === 'string' && keywords.includes('format'))
  const meant = TYPES.filter((type) => type !== 'integer' && isMeant(type))
  return meant.length > 0 ? meant : TYPES.filter((type) => type !== 'integer')
}
