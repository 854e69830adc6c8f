// Decides whether values written for one schema may also be valid for another: then `oneOf` cannot be kept.
import { isJsonObject } from '../../../lib/json.ts'
import { type JsonType, type Schema, SchemaFields, TYPES } from './keywords.ts'
import { impliedTypes } from './types.ts'
import { allowsType, canonicalText, fixedValues, typeOf } from './values.ts'

const MAX_DEPTH = 8

/** Follows references and merges what applies together; a boolean for all values or none. */
export type Resolve = (schema: unknown, path: string) => Schema | boolean

/**
 * Whether no value that is generated for `written` is valid for `other`. False where that is not certain.
 */
export function isApart(
  written: unknown,
  other: unknown,
  path: string,
  resolve: Resolve,
  depth = 0,
): boolean {
  if (depth > MAX_DEPTH) return false
  const [a, b] = [resolve(written, path), resolve(other, path)]
  if (a === false || b === false) return true
  if (a === true || b === true) return false
  const all = (schemas: unknown, check: (schema: unknown) => boolean) =>
    Array.isArray(schemas) && schemas.length > 0 && schemas.every(check)
  const fromBranch = (schema: unknown) => isApart(schema, b, path, resolve, depth + 1)
  const toBranch = (schema: unknown) => isApart(a, schema, path, resolve, depth + 1)
  if (all(a.anyOf, fromBranch) || all(a.oneOf, fromBranch)) return true
  if (all(b.anyOf, toBranch) || all(b.oneOf, toBranch)) return true
  return areValuesApart(a, b, path) || areObjectsApart(a, b, path, resolve, depth)
}

/** By types, and by values that are listed. */
function areValuesApart(a: Schema, b: Schema, path: string): boolean {
  const [left, right] = [fixedValues(a, path), fixedValues(b, path)]
  const texts = new Set(right?.map((value) => canonicalText(value, path)))
  if (left && right) return !left.some((value) => texts.has(canonicalText(value, path)))
  const types = new SchemaFields(b, path).types()
  if (left) return types !== undefined && !left.some((value) => allowsType(types, typeOf(value)))
  const written = writtenTypes(a, path)
  if (right) return !right.some((value) => allowsType(written, typeOf(value)))
  return types !== undefined && !written.some((type) => overlaps(types, type))
}

/** Branches may be about other types than the keywords beside them. */
function writtenTypes(schema: Schema, path: string): readonly JsonType[] {
  const fields = new SchemaFields(schema, path)
  return hasBranches(schema) ? (fields.types() ?? TYPES) : impliedTypes(fields)
}

const hasBranches = ({ anyOf, oneOf }: Schema): boolean => anyOf !== undefined || oneOf !== undefined

const overlaps = (types: readonly string[], type: string): boolean =>
  types.includes(type) ||
  (type === 'integer' && types.includes('number')) ||
  (type === 'number' && types.includes('integer'))

/** By a property that one always has, and the other never has or with another value. */
function areObjectsApart(a: Schema, b: Schema, path: string, resolve: Resolve, depth: number): boolean {
  const [left, right] = [new SchemaFields(a, path), new SchemaFields(b, path)]
  if (writtenTypes(a, path).some((type) => type !== 'object')) return false
  const written = left.object('properties')
  const known = right.object('properties')
  const required = left.texts('required')
  const isClosed = b.additionalProperties === false && b.patternProperties === undefined
  const differs = required.some((name) => {
    const isKnown = Object.hasOwn(known, name)
    if (!isKnown) return isClosed
    const own = Object.hasOwn(written, name) ? written[name] : (a.additionalProperties ?? true)
    return isApart(own, known[name], path, resolve, depth + 1)
  })
  const isExact =
    !hasBranches(a) &&
    (a.additionalProperties === false || (a.additionalProperties === undefined && !isEmpty(written)))
  const lacks = right
    .texts('required')
    .some((name) => isExact && !Object.hasOwn(written, name) && !required.includes(name))
  return differs || lacks
}

const isEmpty = (value: unknown): boolean => isJsonObject(value) && Object.keys(value).length === 0
