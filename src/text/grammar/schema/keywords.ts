// The keywords of JSON schema: which are supported, for which type, and which only describe.
import { badField } from '../../../lib/check.ts'
import { formatValue } from '../../../lib/format.ts'
import { isJsonObject } from '../../../lib/json.ts'

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'
export type Schema = Readonly<Record<string, unknown>>

export const TYPES: readonly JsonType[] = [
  'object',
  'array',
  'string',
  'number',
  'integer',
  'boolean',
  'null',
]

/** What limits the values of one type; values of other types pass. */
const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  array: ['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems'],
  object: [
    'properties',
    'required',
    'additionalProperties',
    'patternProperties',
    'minProperties',
    'maxProperties',
    'propertyNames',
  ],
}
const GENERAL = ['type', 'enum', 'const', 'format', 'anyOf', 'oneOf', 'allOf', '$ref']
/** Keywords that say nothing about validity, or only hold what others refer to. */
const NOTES = new Set([
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
  'discriminator',
  'definitions',
  '$defs',
  '$schema',
  '$comment',
  '$anchor',
])
const SUPPORTED = new Set([...GENERAL, ...Object.values(BY_TYPE).flat()])

export const isNote = (keyword: string): boolean => NOTES.has(keyword) || keyword.startsWith('x-')

export const isKeywordOf = (type: string, keyword: string): boolean =>
  BY_TYPE[type === 'integer' ? 'number' : type]?.includes(keyword) === true

/** The keywords of a schema that say something about validity. */
export const assertionsOf = (schema: Schema): string[] =>
  Object.keys(schema).filter((keyword) => !isNote(keyword))

/** A part of a schema, for messages. */
export const childPath = (path: string, ...keys: readonly (string | number)[]): string =>
  [path, ...keys].join('.').slice(0, 300)

export const notSupported = (path: string, hint = '') => badField(path, 'is not supported', hint)

/**
 * Checks that every keyword is known.
 * @throws HadalError bad_request, with the path of the first that is not
 */
export function checkKeywords(schema: Schema, path: string): void {
  for (const keyword of assertionsOf(schema))
    if (!SUPPORTED.has(keyword))
      throw notSupported(childPath(path, keyword), 'Leave the keyword out, or check it after the answer.')
}

export function asSchema(value: unknown, path: string): Schema | boolean {
  if (typeof value === 'boolean' || isJsonObject(value)) return value
  throw badField(path, `must be a schema, not ${formatValue(value)}`)
}

/** The value of `pattern` in a merged schema: all of them must match. */
export class AllPatterns {
  readonly sources: readonly string[]

  constructor(sources: readonly string[]) {
    this.sources = [...new Set(sources)]
  }
}

/** Reads the values of keywords, each checked. */
export class SchemaFields {
  readonly schema: Schema
  readonly path: string

  constructor(schema: Schema, path: string) {
    this.schema = schema
    this.path = path
  }

  has(keyword: string): boolean {
    return this.schema[keyword] !== undefined
  }

  pathOf(keyword: string): string {
    return childPath(this.path, keyword)
  }

  /** A whole number of at least 0; the fallback if there is none. */
  count(keyword: string, fallback: number): number {
    const value = this.schema[keyword] ?? fallback
    if (typeof value === 'number' && value >= 0 && (Number.isInteger(value) || value === fallback))
      return value
    throw badField(this.pathOf(keyword), `must be a whole number, not ${formatValue(value)}`)
  }

  number(keyword: string): number | undefined {
    const value = this.schema[keyword]
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw badField(this.pathOf(keyword), `must be a number, not ${formatValue(value)}`)
  }

  text(keyword: string): string | undefined {
    const value = this.schema[keyword]
    if (value === undefined || typeof value === 'string') return value
    throw badField(this.pathOf(keyword), `must be a text, not ${formatValue(value)}`)
  }

  /** The patterns of a string, several where schemas were merged. */
  patterns(): readonly string[] {
    const { pattern } = this.schema
    if (pattern instanceof AllPatterns) return pattern.sources
    const source = this.text('pattern')
    return source === undefined ? [] : [source]
  }

  texts(keyword: string): readonly string[] {
    const value = this.schema[keyword] ?? []
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
    throw badField(this.pathOf(keyword), `must be a list of names, not ${formatValue(value)}`)
  }

  object(keyword: string): Schema {
    const value = this.schema[keyword] ?? {}
    if (isJsonObject(value)) return value
    throw badField(this.pathOf(keyword), `must be an object, not ${formatValue(value)}`)
  }

  list(keyword: string): readonly unknown[] {
    const value = this.schema[keyword]
    if (Array.isArray(value)) return value
    throw badField(this.pathOf(keyword), `must be a list, not ${formatValue(value)}`)
  }

  /** The types that the schema allows by name; undefined if it says nothing. */
  types(): readonly JsonType[] | undefined {
    const { type } = this.schema
    if (type === undefined) return undefined
    const names: readonly unknown[] = Array.isArray(type) ? type : [type]
    const known = TYPES.filter((name) => names.includes(name))
    if (known.length > 0 && names.every((name) => known.some((other) => other === name))) return known
    throw badField(
      this.pathOf('type'),
      `must be one of ${TYPES.join(', ')}, or a list, not ${formatValue(type)}`,
    )
  }
}
