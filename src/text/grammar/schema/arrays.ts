// Grammars of arrays: items of their own at the beginning, then items of one schema.
import { badField } from '../../../lib/check.ts'
import {
  choice,
  EMPTY,
  type Expression,
  type GrammarBuilder,
  NOTHING,
  repeat,
  sequence,
  words,
} from '../grammar.ts'
import { COMMA, list } from './json-text.ts'
import { childPath, notSupported, type SchemaFields } from './keywords.ts'
import type { WriteSchema } from './objects.ts'

const MAX_FIRST = 1000

export function arrayText(fields: SchemaFields, builder: GrammarBuilder, write: WriteSchema): Expression {
  const { schema } = fields
  const min = fields.count('minItems', 0)
  const max = fields.count('maxItems', Number.POSITIVE_INFINITY)
  if (schema.uniqueItems === true && max > 1)
    throw notSupported(fields.pathOf('uniqueItems'), 'Leave the keyword out, or check it after the answer.')
  const { first, restKeyword } = shapeOf(fields)
  const firstKeyword = schema.prefixItems === undefined ? 'items' : 'prefixItems'
  const items = first.slice(0, max).map((item, at) => write(item, childPath(fields.path, firstKeyword, at)))
  const rest = restKeyword === undefined ? undefined : schema[restKeyword]
  // Without a schema for further items they are left out, unless their number demands them.
  const mayGoOn =
    max > items.length && rest !== false && (rest !== undefined || items.length === 0 || min > items.length)
  const more = mayGoOn ? write(rest ?? true, fields.pathOf(restKeyword ?? 'items')) : undefined
  return sequence(words('['), itemsFrom(builder, items, more, { min, max }), words(']'))
}

/** The schemas of the first items, and the keyword of the others. Older drafts call both `items`. */
function shapeOf(fields: SchemaFields): { first: readonly unknown[]; restKeyword: string | undefined } {
  const { schema } = fields
  const isOld = Array.isArray(schema.items)
  if (isOld && schema.prefixItems !== undefined) throw notSupported(fields.pathOf('items'))
  const first = isOld
    ? fields.list('items')
    : schema.prefixItems === undefined
      ? []
      : fields.list('prefixItems')
  if (first.length > MAX_FIRST)
    throw badField(fields.path, `has more than ${MAX_FIRST} schemas for single items`)
  const keyword = isOld ? 'additionalItems' : 'items'
  return { first, restKeyword: schema[keyword] === undefined ? undefined : keyword }
}

/** The items, by rules: each refers to those after it. */
function itemsFrom(
  builder: GrammarBuilder,
  items: readonly Expression[],
  more: Expression | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): Expression {
  const count = items.length
  const missing = Math.max(0, min - count)
  const others = more === undefined ? (missing > 0 ? NOTHING : EMPTY) : undefined
  if (count === 0) return others ?? list(more ?? NOTHING, min, max)
  let next = others ?? repeat(sequence(COMMA, more ?? NOTHING), missing, max - count)
  for (let at = count - 1; at >= 0; at--) {
    const present = sequence(at > 0 ? COMMA : EMPTY, items[at] ?? NOTHING, next)
    next = builder.rule('items', at < min ? present : choice(EMPTY, present))
  }
  return next
}
