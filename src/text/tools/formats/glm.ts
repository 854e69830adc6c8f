// Calls as GLM 4.5 to 4.7 write them: a name, then keys and values between tags.
import { isJsonObject } from '../../../lib/json.ts'
import { parseJson, type ToolFormat } from '../format.ts'

export const MAX_KEY = 256 // characters

export const glm: ToolFormat = {
  name: 'GLM',
  hints: ['<tool_call>', '<arg_key>'],
  begins: ['<tool_call>'],
  steps: {
    start: { until: { '<arg_key>': 'key', '</tool_call>': 'done' } },
    key: { until: { '</arg_key>': 'equals' }, maxLength: MAX_KEY },
    equals: { expect: { '<arg_value>': 'value' } },
    value: { until: { '</arg_value>': 'next' }, maxLength: Number.POSITIVE_INFINITY },
    next: { expect: { '<arg_key>': 'key', '</tool_call>': 'done' } },
  },
  read(parts, schemas) {
    const textsOf = (state: string) => parts.filter((part) => part.state === state).map(({ text }) => text)
    const name = textsOf('start').join('').trim()
    const values = textsOf('value')
    const members = new Map(
      textsOf('key').map((key, index) => {
        const value = valueText(values[index] ?? '', propertyTypes(schemas.get(name), key.trim()))
        return [key.trim(), value]
      }),
    )
    const json = [...members].map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join(', ')
    return [{ name, arguments: `{${json}}` }]
  },
  open: (name) => `<tool_call>${name ?? ''}`,
  ends: ['<|observation|>'], // the turn of the results
}

/**
 * A value as JSON. Strings are written as they are, other values as JSON: the schema decides where both are
 * possible.
 * @param types the types that the schema allows; undefined if it says nothing
 */
function valueText(text: string, types: ReadonlySet<unknown> | undefined): string {
  const value = isOnlyString(types) ? undefined : parseJson(text)
  if (value === undefined) return JSON.stringify(text)
  const isAllowed = types === undefined || typesOf(value).some((type) => types.has(type))
  return isAllowed || !types.has('string') ? text.trim() : JSON.stringify(text)
}

const isOnlyString = (types: ReadonlySet<unknown> | undefined): boolean =>
  types?.has('string') === true && types.size === 1

/** Whether a property is read as a string as it is written, not as JSON. */
export const isRawProperty = (parameters: unknown, key: string): boolean =>
  isOnlyString(propertyTypes(parameters, key))

function typesOf(value: unknown): readonly string[] {
  if (value === null) return ['null']
  if (typeof value === 'number') return Number.isInteger(value) ? ['number', 'integer'] : ['number']
  return [Array.isArray(value) ? 'array' : typeof value]
}

/** The types that a JSON schema allows for a property; undefined if it says nothing. */
function propertyTypes(schema: unknown, key: string): ReadonlySet<unknown> | undefined {
  const properties = isJsonObject(schema) ? schema.properties : undefined
  const found = isJsonObject(properties) && Object.hasOwn(properties, key) ? typesIn(properties[key]) : []
  return found.length > 0 ? new Set(found) : undefined
}

function typesIn(schema: unknown): readonly unknown[] {
  if (!isJsonObject(schema)) return []
  const { type, anyOf, oneOf, enum: values } = schema
  const alternatives = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []))
  const named = [type].flat().filter((name) => typeof name === 'string')
  if (named.length > 0) return named
  const listed = Array.isArray(values) ? values.flatMap(typesOf) : []
  return listed.length > 0 ? listed : alternatives.flatMap(typesIn)
}
