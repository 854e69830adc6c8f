// Tests of hostile schemas: deep, wide, ambiguous or large ones are refused, or answered in bounds.
import { expect, it } from 'vitest'
import { openDemo } from '../fixtures.ts'
import { jsonSchemaGrammar, walk } from './walk.ts'

const PATH = 'response_format.json_schema.schema'
const tokenizer = openDemo()
const wide = (depth: number): object =>
  depth === 0 ? { type: 'null' } : { anyOf: [wide(depth - 1), { items: wide(depth - 1) }] }
const HOSTILE: readonly (readonly [name: string, schema: unknown])[] = [
  ['long strings', { type: 'string', minLength: 1e9, maxLength: 2e9 }],
  ['many items', { items: { items: { type: 'string', maxLength: 1e9 }, maxItems: 1e9 }, maxItems: 1e9 }],
  ['nested repeats', { pattern: '^(((a{0,9999}b?){0,9999}c?){0,9999}d?){0,9999}$' }],
  ['ambiguous repeats', { pattern: '^((a*)*|(a+)+|(a|a)*)*$' }],
  ['a search with many starts', { pattern: '(x+x+)+y.{200}z' }],
  ['many values', { enum: Array.from({ length: 20_000 }, (_, at) => `value ${at}`) }],
  ['words within words', { enum: Array.from({ length: 2000 }, (_, at) => 'a'.repeat(at)) }],
  [
    'many properties',
    { properties: Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`p${at}`, {}])) },
  ],
  [
    'too many properties',
    { properties: Object.fromEntries(Array.from({ length: 9000 }, (_, at) => [`p${at}`, {}])) },
  ],
  ['branches of branches', wide(20)],
  [
    'merged branches',
    { allOf: Array.from({ length: 40 }, () => ({ anyOf: [{ minimum: 1 }, { minimum: 2 }] })) },
  ],
  [
    'a chain of references',
    {
      $ref: '#/$defs/0',
      $defs: Object.fromEntries(
        Array.from({ length: 5000 }, (_, at) => [at, { anyOf: [{ $ref: `#/$defs/${at + 1}` }, {}] }]).concat([
          [5000, { type: 'null' } as never],
        ]),
      ),
    },
  ],
  [
    'keys of an object',
    { properties: { ['__proto__']: {}, constructor: { type: 'null' } }, additionalProperties: { const: 1 } },
  ],
]

it.each(HOSTILE)('a hostile schema is refused or answers all the same: %s', (_, schema) => {
  try {
    const grammar = jsonSchemaGrammar(schema, PATH)
    for (const seed of [1, 2]) {
      const { ids } = walk(grammar, { tokenizer, seed, budget: 150 })
      expect(ids.length).toBeLessThanOrEqual(150)
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad_request' })
  }
})
