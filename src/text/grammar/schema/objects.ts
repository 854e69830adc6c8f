// Grammars of objects: the declared members in their order, then others where the schema asks for them.

import { badField } from '../../../lib/check.ts'
import { formatValue } from '../../../lib/format.ts'
import { isJsonObject } from '../../../lib/json.ts'
import {
  choice,
  EMPTY,
  type Expression,
  type GrammarBuilder,
  NOTHING,
  optional,
  repeat,
  sequence,
  words,
} from '../grammar.ts'
import { COMMA, keyText, list, otherKey } from './json-text.ts'
import { childPath, notSupported, type SchemaFields } from './keywords.ts'

/** Writes the values of a schema. */
export type WriteSchema = (schema: unknown, path: string) => Expression

const MAX_MEMBERS = 2000
const MAX_COUNTED = 20_000 // members times counts

interface Members {
  readonly declared: readonly { readonly isRequired: boolean; readonly text: Expression }[]
  /** Other members; undefined for none. */
  readonly other: Expression | undefined
  readonly min: number
  readonly max: number
}

export function objectText(
  fields: SchemaFields,
  builder: GrammarBuilder,
  write: WriteSchema,
  anyObject: Expression,
): Expression {
  const { schema } = fields
  const patterns = fields.object('patternProperties')
  const [pattern] = Object.keys(patterns)
  if (pattern !== undefined) throw notSupported(fields.pathOf('patternProperties'))
  const { propertyNames } = schema
  const isTrivial = propertyNames === undefined || isAnything(propertyNames) || isAnyText(propertyNames)
  if (!isTrivial) throw notSupported(fields.pathOf('propertyNames'))
  const properties = new Map(Object.entries(fields.object('properties')))
  const required = new Set(fields.texts('required'))
  const min = fields.count('minProperties', 0)
  const max = fields.count('maxProperties', Number.POSITIVE_INFINITY)
  const additional = schema.additionalProperties ?? (properties.size === 0 && required.size === 0)
  if (isAnything(additional) && properties.size === 0 && required.size === 0 && min === 0 && max > 1e9)
    return anyObject
  const undeclared = [...required].filter((name) => !properties.has(name))
  const names = [...properties.keys(), ...undeclared]
  if (names.length > MAX_MEMBERS) throw badField(fields.path, `declares more than ${MAX_MEMBERS} properties`)
  const declared = names.map((name) => {
    const value = properties.has(name)
      ? write(properties.get(name), childPath(fields.path, 'properties', name))
      : write(schema.additionalProperties ?? true, fields.pathOf('additionalProperties'))
    return {
      isRequired: required.has(name),
      text: builder.rule(`${fields.path}.${name}`.slice(0, 300), sequence(keyText(name), value)),
    }
  })
  const other =
    additional === false
      ? undefined
      : builder.rule(
          fields.pathOf('additionalProperties'),
          sequence(otherKey(builder, names), write(additional, fields.pathOf('additionalProperties'))),
        )
  // Other members may have one key among them: only one of them is sure to count.
  if (min > names.length + (other ? 1 : 0))
    throw badField(
      fields.pathOf('minProperties'),
      'asks for more members than the properties that are declared',
    )
  return new MemberRules(builder, { declared, other, min, max }).text()
}

const isAnything = (schema: unknown): boolean =>
  schema === true || (isJsonObject(schema) && Object.keys(schema).length === 0)

/** As some libraries write it, though all names are strings. */
const isAnyText = (schema: unknown): boolean =>
  isJsonObject(schema) && schema.type === 'string' && Object.keys(schema).length === 1

/** Writes members by rules: one for each member that comes next, and for how many were written. */
class MemberRules {
  readonly #builder: GrammarBuilder
  readonly #members: Members
  readonly #cap: number // counts from here on are the same
  readonly #rules = new Map<string, number>()

  constructor(builder: GrammarBuilder, members: Members) {
    this.#builder = builder
    this.#members = members
    const { declared, other, min, max } = members
    const isLimited = max < declared.length || (other !== undefined && max !== Number.POSITIVE_INFINITY)
    this.#cap = Math.max(1, isLimited ? declared.length : Math.min(min, declared.length))
    if (this.#cap * declared.length > MAX_COUNTED)
      throw badField(
        'minProperties or maxProperties',
        `counts too many properties: ${formatValue(declared.length)}`,
      )
  }

  text(): Expression {
    const { declared } = this.#members
    // From the last member on: each refers to those after it.
    for (let at = declared.length; at >= 0; at--)
      for (let written = 0; written <= Math.min(at, this.#cap); written++) {
        const rule = this.#builder.declare('members')
        this.#rules.set(`${at} ${written}`, rule)
        this.#builder.define(rule, this.#from(at, written))
      }
    return sequence(words('{'), this.#rule(0, 0), words('}'))
  }

  #rule(at: number, written: number): Expression {
    const rule = this.#rules.get(`${at} ${Math.min(written, this.#cap)}`)
    return rule === undefined ? NOTHING : { kind: 'rule', rule }
  }

  #from(at: number, written: number): Expression {
    const { declared, min, max } = this.#members
    const member = declared[at]
    if (member === undefined) return this.#others(Math.max(0, min - written), max - written, written > 0)
    const present =
      written >= max
        ? NOTHING
        : sequence(written > 0 ? COMMA : EMPTY, member.text, this.#rule(at + 1, written + 1))
    return member.isRequired ? present : choice(present, this.#rule(at + 1, written))
  }

  #others(min: number, max: number, isFollowing: boolean): Expression {
    const { other } = this.#members
    if (max < 0) return NOTHING
    if (other === undefined || max === 0) return min > 0 ? NOTHING : EMPTY
    if (min > 1) return NOTHING
    if (!isFollowing) return list(other, min, max)
    const more = repeat(sequence(COMMA, other), min, max)
    return min > 0 ? more : optional(more)
  }
}
