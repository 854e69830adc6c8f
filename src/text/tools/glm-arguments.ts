// Grammars of arguments as GLM writes them: keys and values between tags, strings as they are.
import { badField } from '../../lib/check.ts'
import { formatValue } from '../../lib/format.ts'
import {
  bytes,
  choice,
  type Expression,
  type GrammarBuilder,
  optional,
  repeat,
  sequence,
  words,
} from '../grammar/grammar.ts'
import type { OpenSchemaWriter } from '../grammar/schema/json-schema.ts'
import { type JsonRules, RAW_STRINGS } from '../grammar/schema/json-text.ts'
import {
  assertionsOf,
  childPath,
  notSupported,
  type Schema,
  SchemaFields,
} from '../grammar/schema/keywords.ts'
import { isRawProperty, MAX_KEY } from './formats/glm.ts'

export interface GlmContext {
  readonly builder: GrammarBuilder
  readonly json: JsonRules
  readonly marker: (text: string) => Expression
  readonly openWriter: OpenSchemaWriter
}

const SUPPORTED = ['type', 'properties', 'required', 'additionalProperties']
const NEW_LINE = optional(words('\n'))
/** Keys where the schema names none: letters, digits and what joins them. */
const ANY_KEY = repeat(bytes([0x2d, 0x2e], [0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]), 1, 64)

/**
 * The arguments of a tool; any keys and texts without a schema.
 * @param path of the schema, for errors
 * @throws HadalError bad_request, for what is not supported
 */
export function glmArguments(context: GlmContext, parameters: unknown, path: string): Expression {
  const { builder, json, openWriter } = context
  const anything = repeat(member(context, ANY_KEY, repeat(RAW_STRINGS.character)))
  if (parameters === undefined) return anything
  const root = openWriter(builder, parameters, path, { json }).rootObject()
  if (root === false) return choice()
  const other = assertionsOf(root).find((keyword) => !SUPPORTED.includes(keyword))
  if (other !== undefined) throw notSupported(childPath(path, other))
  const fields = new SchemaFields(root, path)
  const properties = new Map(Object.entries(fields.object('properties')))
  const required = fields.texts('required')
  const names = new Set([...properties.keys(), ...required])
  if (names.size === 0 && root.additionalProperties === undefined) return anything
  if (names.size === 0 && root.additionalProperties !== false) {
    const value = schemaText(context, parameters, path, { schema: root.additionalProperties, isRaw: false })
    return repeat(member(context, ANY_KEY, value))
  }
  const members = [...names].map((name) => {
    const schema = properties.has(name) ? properties.get(name) : otherSchema(root)
    const value = schemaText(context, parameters, childPath(path, 'properties', name), {
      schema,
      isRaw: isRawProperty(parameters, name),
    })
    const text = builder.rule(name.slice(0, 64), member(context, keyText(name, path), value))
    return required.includes(name) ? text : optional(text)
  })
  return sequence(...members)
}

const otherSchema = ({ additionalProperties }: Schema): unknown => additionalProperties ?? true

function schemaText(
  { builder, json, openWriter }: GlmContext,
  parameters: unknown,
  path: string,
  { schema, isRaw }: { readonly schema: unknown; readonly isRaw: boolean },
): Expression {
  return openWriter(builder, parameters, path, { json, isRaw }).text(schema, path)
}

function member({ marker }: GlmContext, key: Expression, value: Expression): Expression {
  return sequence(
    marker('<arg_key>'),
    key,
    marker('</arg_key>'),
    NEW_LINE,
    marker('<arg_value>'),
    value,
    marker('</arg_value>'),
    NEW_LINE,
  )
}

function keyText(name: string, path: string): Expression {
  if (name !== '' && name === name.trim() && [...name].length <= MAX_KEY && !/\p{Surrogate}/u.test(name))
    return words(name)
  throw badField(
    childPath(path, 'properties'),
    `has a name that this model cannot write: ${formatValue(name)}`,
  )
}
