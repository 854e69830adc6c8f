// Merges two schemas into one that allows what both allow.
import {
  AllPatterns,
  childPath,
  isNote,
  type JsonType,
  notSupported,
  type Schema,
  SchemaFields,
} from './keywords.ts'
import { allowsType, canonicalText, fixedValues } from './values.ts'

const LOWER = ['minLength', 'minItems', 'minProperties', 'minimum', 'exclusiveMinimum']
const UPPER = ['maxLength', 'maxItems', 'maxProperties', 'maximum', 'exclusiveMaximum']
const ARRAY_SHAPE = ['items', 'prefixItems', 'additionalItems']
const OBJECT_SHAPE = ['properties', 'additionalProperties', 'patternProperties']

/**
 * What both schemas allow; false for nothing.
 * @throws HadalError bad_request, naming a keyword of both that cannot be merged
 */
export function mergeSchemas(a: Schema, b: Schema, path: string): Schema | false {
  const merged = new Map<string, unknown>([...Object.entries(a), ...Object.entries(b)])
  const isShared = (keyword: string) => a[keyword] !== undefined && b[keyword] !== undefined
  for (const keyword of [...merged.keys()].filter(isShared))
    if (!OBJECT_SHAPE.includes(keyword)) merged.set(keyword, mergeKeyword(keyword, a, b, path))
  const types = merged.get('type')
  if (Array.isArray(types) && types.length === 0) return false
  if (a.enum !== undefined || a.const !== undefined || b.enum !== undefined || b.const !== undefined) {
    merged.delete('const')
    merged.set('enum', mergeValues(a, b, path))
  }
  const has = (schema: Schema, keywords: readonly string[]) =>
    keywords.some((key) => schema[key] !== undefined)
  if (has(a, ARRAY_SHAPE) && has(b, ARRAY_SHAPE) && !(isShared('items') && isPlain(a) && isPlain(b)))
    throw cannotMerge(path, 'items')
  if (has(a, OBJECT_SHAPE) && has(b, OBJECT_SHAPE))
    for (const [keyword, value] of mergeMembers(a, b, path)) merged.set(keyword, value)
  return Object.fromEntries(merged)
}

const cannotMerge = (path: string, keyword: string) =>
  notSupported(
    childPath(path, keyword),
    'It stands in several schemas that apply together: write one schema.',
  )

/** Whether `items` is for all items alike. */
const isPlain = (schema: Schema): boolean =>
  !Array.isArray(schema.items) && schema.prefixItems === undefined && schema.additionalItems === undefined

function mergeKeyword(keyword: string, a: Schema, b: Schema, path: string): unknown {
  const [left, right] = [a[keyword], b[keyword]]
  if (typeof left === 'number' && typeof right === 'number') {
    if (LOWER.includes(keyword)) return Math.max(left, right)
    if (UPPER.includes(keyword)) return Math.min(left, right)
  }
  if (keyword === 'type')
    return commonTypes(new SchemaFields(a, path).types() ?? [], new SchemaFields(b, path).types() ?? [])
  if (keyword === 'required')
    return [
      ...new Set([...new SchemaFields(a, path).texts(keyword), ...new SchemaFields(b, path).texts(keyword)]),
    ]
  if (keyword === 'uniqueItems') return left === true || right === true
  if (keyword === 'items') return { allOf: [left, right] }
  if (keyword === 'pattern')
    return new AllPatterns([...new SchemaFields(a, path).patterns(), ...new SchemaFields(b, path).patterns()])
  if (keyword === 'enum' || keyword === 'const') return left
  if (!isNote(keyword) && canonicalText(left, path) !== canonicalText(right, path))
    throw cannotMerge(path, keyword)
  return left
}

function commonTypes(a: readonly JsonType[], b: readonly JsonType[]): readonly JsonType[] {
  return [...new Set([...a, ...b])].filter((type) => allowsType(a, type) && allowsType(b, type))
}

function mergeValues(a: Schema, b: Schema, path: string): readonly unknown[] {
  const [left, right] = [fixedValues(a, path), fixedValues(b, path)]
  if (!left || !right) return left ?? right ?? []
  const texts = new Set(right.map((value) => canonicalText(value, path)))
  return left.filter((value) => texts.has(canonicalText(value, path)))
}

/** A property that only one of them declares must pass the other's schema of additional properties. */
function mergeMembers(a: Schema, b: Schema, path: string): ReadonlyMap<string, unknown> {
  if (a.patternProperties !== undefined || b.patternProperties !== undefined)
    throw cannotMerge(path, 'patternProperties')
  const left = new Map(Object.entries(new SchemaFields(a, path).object('properties')))
  const right = new Map(Object.entries(new SchemaFields(b, path).object('properties')))
  const both = (schemas: readonly unknown[]) => {
    const given = schemas.filter((schema) => schema !== undefined && schema !== true)
    return given.length > 1 ? { allOf: given } : (given[0] ?? true)
  }
  const properties = [...new Set([...left.keys(), ...right.keys()])].map((name) => [
    name,
    both([
      left.has(name) ? left.get(name) : a.additionalProperties,
      right.has(name) ? right.get(name) : b.additionalProperties,
    ]),
  ])
  const merged = new Map<string, unknown>([['properties', Object.fromEntries(properties)]])
  if (a.additionalProperties !== undefined || b.additionalProperties !== undefined)
    merged.set('additionalProperties', both([a.additionalProperties, b.additionalProperties]))
  return merged
}
