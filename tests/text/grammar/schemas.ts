// JSON schemas of many kinds, for answers that must be valid.
import * as z from 'zod'

const text = { type: 'string' }
const KINDS: readonly object[] = [
  text,
  { type: 'string', maxLength: 12 },
  { type: 'integer', minimum: 0, maximum: 120 },
  { type: 'number', exclusiveMinimum: 0 },
  { enum: ['low', 'middle', 'high'] },
  { type: 'array', items: { type: 'integer' }, maxItems: 3 },
  { type: 'boolean' },
  { type: ['string', 'null'] },
  { type: 'string', format: 'date' },
  { type: 'object', properties: { x: { type: 'number' }, y: { type: 'number' } }, required: ['x'] },
]
const manyKeys = Array.from({ length: 30 }, (_, at) => `${'abcdefghij'[at % 10]}_field_${at}`)

export interface NamedSchema {
  readonly name: string
  readonly schema: object
  /** Needs a validator of draft 2020-12. */
  readonly is2020?: boolean
}

export const SCHEMAS: readonly NamedSchema[] = [
  {
    name: 'a person',
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'https://example.org/person',
      title: 'Person',
      type: 'object',
      properties: {
        name: text,
        age: { type: 'integer', minimum: 0, maximum: 150 },
        email: { format: 'email' },
      },
      required: ['name', 'age'],
      additionalProperties: false,
    },
  },
  {
    name: 'thirty keys',
    schema: {
      type: 'object',
      properties: Object.fromEntries(manyKeys.map((key, at) => [key, KINDS[at % KINDS.length]])),
      required: manyKeys.filter((_, at) => at % 3 === 0),
      additionalProperties: false,
    },
  },
  {
    name: 'a tree',
    schema: {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'integer' }, children: { items: { $ref: '#/$defs/node' } } },
          required: ['value'],
        },
      },
    },
  },
  {
    name: 'expressions that refer to each other',
    schema: {
      $ref: '#/definitions/sum',
      definitions: {
        sum: {
          type: 'object',
          properties: { add: { items: { $ref: '#/definitions/term' } } },
          required: ['add'],
        },
        term: { anyOf: [{ type: 'number' }, { $ref: '#/definitions/sum' }] },
      },
    },
  },
  {
    name: 'a list of colours',
    schema: { items: { enum: ['red', 'green', 'blue'] }, minItems: 2, maxItems: 5 },
  },
  {
    name: 'fixed values of all kinds',
    schema: { enum: [null, true, -1.5e-7, 'ä"\\', [1, [2]], { a: { b: [] } }] },
  },
  {
    name: 'a constant',
    schema: { properties: { kind: { const: 'circle' }, radius: { minimum: 0 } }, required: ['kind'] },
  },
  {
    name: 'a plate',
    schema: {
      properties: { plate: { type: 'string', pattern: '^[A-Z]{1,3}-[A-Z]{1,2} [1-9]\\d{0,3}$' } },
      required: ['plate'],
    },
  },
  { name: 'a pattern anywhere', schema: { type: 'string', pattern: '(cat|dog)s?', minLength: 3 } },
  { name: 'a pattern that JSON escapes', schema: { type: 'string', pattern: '^["\\\\\\n\\t]{2,4}[^a-z]$' } },
  {
    name: 'a pattern with a length',
    schema: { type: 'string', pattern: '^[\\w-]+$', minLength: 4, maxLength: 9 },
  },
  {
    name: 'dates and times',
    schema: {
      properties: Object.fromEntries(
        ['date', 'time', 'date-time', 'duration', 'uuid', 'ipv4', 'hostname', 'email', 'uri'].map(
          (format) => [format, { type: 'string', format }],
        ),
      ),
      required: ['date', 'time', 'date-time', 'uuid'],
    },
  },
  {
    name: 'bounds of numbers',
    schema: {
      items: {
        anyOf: [
          { type: 'number', minimum: -0.5, exclusiveMaximum: 12.25 },
          { type: 'number', exclusiveMinimum: 0.1, maximum: 0.1000001 },
          { type: 'number', maximum: -1e-7 },
          { type: 'integer', exclusiveMinimum: -1000, maximum: 7.5 },
          { type: 'integer', minimum: 995, maximum: 1005 },
          { type: 'integer', multipleOf: 7 },
          { type: 'integer', multipleOf: 25, minimum: -100, maximum: 1000 },
        ],
      },
      minItems: 5,
      maxItems: 8,
    },
  },
  {
    name: 'a tuple',
    is2020: true,
    schema: {
      type: 'array',
      prefixItems: [text, { type: 'integer' }, { const: true }],
      items: false,
      minItems: 2,
    },
  },
  {
    name: 'a tuple with more',
    is2020: true,
    schema: { prefixItems: [{ type: 'boolean' }], items: { type: 'null' }, minItems: 3, maxItems: 4 },
  },
  {
    name: 'shapes',
    schema: {
      type: 'array',
      minItems: 1,
      items: {
        oneOf: [
          { type: 'object', properties: { kind: { const: 'dot' } }, required: ['kind'] },
          {
            type: 'object',
            properties: { kind: { const: 'line' }, length: { type: 'number', minimum: 1 } },
            required: ['kind'],
          },
          { type: 'string', maxLength: 3 },
        ],
      },
    },
  },
  {
    name: 'one of two sets of properties',
    schema: {
      type: 'object',
      properties: { a: text, b: text, c: { type: 'boolean' } },
      anyOf: [{ required: ['a'] }, { required: ['b', 'c'] }],
    },
  },
  {
    name: 'parts that apply together',
    schema: {
      allOf: [{ $ref: '#/$defs/base' }, { properties: { extra: { type: 'number' } }, required: ['extra'] }],
      $defs: {
        base: { type: 'object', properties: { id: { type: 'string', minLength: 1 } }, required: ['id'] },
      },
    },
  },
  {
    name: 'other properties',
    schema: {
      properties: { name: text, né: { type: 'null' } },
      required: ['name', 'undeclared'],
      additionalProperties: { type: 'integer' },
      maxProperties: 4,
    },
  },
  {
    name: 'some of the properties',
    schema: {
      properties: { a: true, b: true, c: {}, d: { type: 'null' } },
      minProperties: 2,
      maxProperties: 3,
    },
  },
  {
    name: 'what zod writes',
    is2020: true,
    schema: z.toJSONSchema(
      z.object({
        id: z.uuid(),
        mail: z.email(),
        at: z.iso.datetime(),
        on: z.iso.date().optional(),
        ip: z.ipv4(),
        code: z
          .string()
          .regex(/^[a-z]+\d*$/)
          .min(2)
          .max(6),
        file: z.string().startsWith('a').endsWith('.md'),
        counts: z.record(z.string(), z.int()),
        pair: z.tuple([z.string(), z.number()]),
        shape: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('dot') }),
          z.object({ kind: z.literal('line'), length: z.number().positive() }),
        ]),
        note: z.string().max(5).nullable(),
      }),
    ),
  },
  { name: 'anything', schema: {} },
]
