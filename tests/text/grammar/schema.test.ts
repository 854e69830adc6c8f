// Tests of JSON schemas as grammars: every answer is valid, and what is not supported is refused by its name.
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { default as addFormats } from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { openConstraint } from '../../../src/text/grammar/constraint.ts'
import { jsonObjectGrammar } from '../../../src/text/grammar/schema/json-object.ts'
import { jsonSchemaGrammar as jsonSchema } from '../../../src/text/grammar/schema/json-schema.ts'
import { openDemo } from '../fixtures.ts'
import { SCHEMAS } from './schemas.ts'
import { acceptor, END_ID, jsonSchemaGrammar, VOCAB, walk } from './walk.ts'

const PATH = 'response_format.json_schema.schema'
const tokenizer = openDemo()
const accepts = (schema: unknown) => acceptor(jsonSchemaGrammar(schema, PATH))

const CLOSING = Array.from({ length: VOCAB }, (_, id) => /["\]}]/.test(tokenizer.tokenText(id)))

/** Ends as soon as it may, else prefers tokens that close what is open. */
const hasty = (ids: readonly number[], chance: () => number) => {
  if (ids.includes(END_ID)) return END_ID
  const closing = ids.filter((id) => CLOSING[id])
  const choices = closing.length > 0 && chance() < 0.5 ? closing : ids
  return choices[Math.floor(chance() * choices.length)]
}

describe('answers under a schema', () => {
  it.each(SCHEMAS)('are valid: $name', ({ schema, is2020 }) => {
    const options = { strict: false, allErrors: true, logger: false } as const
    const ajv = is2020 ? new Ajv2020(options) : new Ajv(options)
    addFormats.default(ajv)
    const validate = ajv.compile(schema)
    const grammar = jsonSchemaGrammar(schema, PATH)
    for (let seed = 0; seed < 12; seed++) {
      const budget = 400
      const choose = seed % 2 === 0 ? hasty : undefined
      const { text, ids, isComplete } = walk(grammar, { tokenizer, seed, budget, ...(choose && { choose }) })
      expect(isComplete, text).toBe(true)
      expect(ids.length).toBeLessThanOrEqual(budget)
      expect(validate(JSON.parse(text)), `${text} ${JSON.stringify(validate.errors)}`).toBe(true)
    }
  })

  it('are objects without one', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { text } = walk(jsonObjectGrammar(), { tokenizer, seed, budget: 40 })
      expect(JSON.parse(text), text).toBeTypeOf('object')
      expect(text).toMatch(/^\{/)
    }
  })
})

const ACCEPTED: readonly (readonly [schema: unknown, texts: readonly string[], others: readonly string[]])[] =
  [
    [
      { properties: { a: { type: 'integer' }, b: { type: 'null' } }, required: ['b'] },
      ['{"a": 1, "b": null}', '{"b": null}'],
      ['{"b": null, "a": 1}', '{"a": 1}', '{"a":1, "b": null}', '{"a": 1, "b": null, "c": 1}', '{}', '3'],
    ],
    [{ type: 'object' }, ['{}', '{"a": [{}, []]}'], ['{"a":1}', '[]', '{ }']],
    [
      { type: 'object', properties: { ab: true }, additionalProperties: { type: 'null' } },
      ['{}', '{"ab": 1}', '{"a": null, "abc": null, "": null, "é": null}', '{"ab": 1, "b": null}'],
      ['{"a": 1}', '{"a": null, "ab": null}', '{"\\u0061b": null}'],
    ],
    [
      { type: 'string' },
      ['""', '"é\\n\\u00e9\\ud83d\\ude00😀"'],
      ['"\n"', '"\\ud83d"', '"\\ude00"', '"\\x"', '"a'],
    ],
    [
      { type: 'string', minLength: 2, maxLength: 3 },
      ['"é😀"', '"\\n\\ud83d\\ude00a"'],
      ['"a"', '"abcd"', '"\\n"'],
    ],
    [{ type: 'string', minLength: 1e9 }, [], ['"a"']],
    [{ type: 'string', pattern: 'b' }, ['"b"', '"abc"'], ['"ac"', '""']],
    [{ type: 'string', pattern: '^(a|b$|^c)$' }, ['"a"', '"b"', '"c"'], ['"ab"']],
    [
      { type: 'string', pattern: '^.[^\\d]\\x41\\u{1F600}$' },
      ['"😀-A😀"', '"\\"\\nA😀"'],
      ['"\\nbA😀"', '"a1A😀"'],
    ],
    [{ type: 'string', pattern: '^(?:a{2}|b)*$' }, ['""', '"aabaa"'], ['"a"', '"aba"']],
    [{ pattern: '^a+b+$', maxLength: 4 }, ['"ab"', '"aabb"', '"aaab"'], ['"a"', '"aaabb"']],
    [
      { allOf: [{ pattern: '^a' }, { pattern: 'é$' }, { minLength: 3 }] },
      ['"abé"', '"aéé"'],
      ['"aé"', '"abc"'],
    ],
    [{ pattern: '^.{4}-0', format: 'date' }, ['"1999-01-31"'], ['"1999-11-30"', '"1999-02-30"']],
    [{ pattern: '["\\\\]', maxLength: 2, minLength: 2 }, ['"a\\""', '"\\\\b"'], ['"ab"', '"\\""']],
    [{ pattern: '^c[a-z]$', format: 'cuid' }, ['"ca"'], ['"a"']],
    [{ type: 'string', pattern: '^a+$', maxLength: 3 }, ['"a"', '"aaa"'], ['"aaaa"', '""']],
    [
      { type: 'string', format: 'date' },
      ['"2024-02-29"', '"2000-02-29"', '"1999-12-31"'],
      ['"2023-02-29"', '"1900-02-29"', '"2024-04-31"', '"2024-13-01"'],
    ],
    [
      { type: 'string', format: 'time' },
      ['"23:59:59Z"', '"00:00:00.25+05:30"'],
      ['"24:00:00Z"', '"12:00:00"', '"12:60:00Z"'],
    ],
    [
      { type: 'integer', minimum: 9, maximum: 110 },
      ['9', '10', '99', '100', '110'],
      ['8', '111', '1000', '09', '10.0', '1e1'],
    ],
    [{ type: 'integer', minimum: -12, maximum: -3 }, ['-3', '-9', '-12'], ['-2', '-13', '3', '0', '-0']],
    [{ type: 'integer', exclusiveMinimum: -1, exclusiveMaximum: 1.5 }, ['0', '1'], ['-1', '2', '-0']],
    [
      { type: 'number', minimum: -0.5, maximum: 2.25 },
      ['-0.5', '-0.49', '0', '0.0', '2', '2.25', '2.250', '1.999'],
      ['-0.51', '2.251', '3', '-1'],
    ],
    [
      { type: 'number', exclusiveMinimum: 0.5, exclusiveMaximum: 1 },
      ['0.51', '0.5001', '0.99'],
      ['0.5', '0.50', '1', '1.0', '0'],
    ],
    [{ minimum: 5, exclusiveMinimum: true }, ['5.1', '6'], ['5', '5.0']],
    [{ type: 'integer', multipleOf: 3 }, ['0', '-12', '111'], ['1', '10', '-2']],
    [
      { type: 'integer', multipleOf: 1000, minimum: 1, maximum: 4000 },
      ['1000', '4000'],
      ['0', '500', '5000'],
    ],
    [{ type: 'number' }, ['0', '-1.5e-07', '1E+5'], ['01', '1.', '.5', '1e999', '+1', '--1']],
    [
      { items: { type: 'null' }, maxItems: 2 },
      ['[]', '[null]', '[null, null]'],
      ['[null, null, null]', '[null,null]'],
    ],
    [
      { items: [{ type: 'null' }], additionalItems: { type: 'boolean' }, minItems: 2 },
      ['[null, true]', '[null, true, false]'],
      ['[null]', '[true, true]'],
    ],
    [
      { prefixItems: [true, { type: 'null' }], minItems: 1 },
      ['[1]', '[1, null]'],
      ['[]', '[1, 1]', '[1, null, 1]'],
    ],
    [{ items: true, maxItems: 0 }, ['[]'], ['[1]']],
    [
      { enum: ['a', 1, 'bb', { x: 1 }], type: ['string', 'object'], minLength: 2 },
      ['"bb"', '{"x": 1}'],
      ['"a"', '1'],
    ],
    [{ type: ['integer', 'number', 'null'] }, ['1', '1.5', 'null'], ['true', '"a"']],
    [{ type: 'string', anyOf: [{ maxLength: 1 }, { enum: ['long'] }] }, ['"a"', '"long"'], ['"lon"', '1']],
    [
      {
        allOf: [
          { type: 'number', minimum: 3 },
          { type: 'integer', maximum: 5 },
        ],
      },
      ['3', '5'],
      ['2', '3.5', '6'],
    ],
    [
      {
        allOf: [
          { properties: { a: { minimum: 2 } }, additionalProperties: false },
          { properties: { a: { maximum: 3 }, b: true }, required: ['a'] },
        ],
      },
      ['{"a": 2}', '{"a": 2.5}'],
      ['{"a": 4}', '{"a": 2, "b": 1}', '{"b": 1}'],
    ],
    [
      { properties: { a: false, b: { $ref: '#/properties/c~1d%25' }, 'c/d%': { const: 1 } } },
      ['{"b": 1}', '{"b": 1, "c/d%": 1}'],
      ['{"a": 1}', '{"b": 2}'],
    ],
  ]

describe('a schema', () => {
  it('is read once', async () => {
    const schema = { properties: { at: { type: 'string', format: 'time' } } }
    const grammar = await jsonSchema(schema, PATH)
    expect(await jsonSchema(structuredClone(schema), PATH)).toBe(grammar)
    expect(grammar).toEqual(jsonSchemaGrammar(schema, PATH))
    expect(await jsonSchema({ ...schema, minProperties: 1 }, PATH)).not.toBe(grammar)
  })

  it.each(ACCEPTED)('generates some texts and not others: %j', (schema, texts, others) => {
    const isAccepted = accepts(schema)
    expect(texts.filter((text) => !isAccepted(text))).toEqual([])
    expect(others.filter(isAccepted)).toEqual([])
  })

  it('can leave out and include each optional property', () => {
    const names = ['a', 'b', 'c', 'd']
    const isAccepted = accepts({ properties: Object.fromEntries(names.map((name) => [name, { const: 0 }])) })
    for (let set = 1; set < 16; set++) {
      const members = names.filter((_, at) => (set >> at) & 1).map((name) => `"${name}": 0`)
      expect(isAccepted(`{${members.join(', ')}}`)).toBe(true)
    }
  })
})

const deep = (levels: number): object => (levels === 0 ? {} : { items: deep(levels - 1) })
const REFUSED: readonly (readonly [schema: unknown, error: RegExp])[] = [
  [{ properties: { x: { dependencies: {} } } }, /schema\.properties\.x\.dependencies` is not supported/],
  [{ patternProperties: { a: true } }, /schema\.patternProperties`/],
  [{ not: {} }, /schema\.not`/],
  [{ if: {} }, /schema\.if`/],
  [{ items: { uniqueItems: true } }, /schema\.items\.uniqueItems`/],
  [{ anyOf: [{ contains: {} }] }, /schema\.anyOf\.0\.contains`/],
  [{ $ref: 'https://example.org/other' }, /schema\.\$ref` must be a reference within/],
  [{ $ref: '#/$defs/none' }, /schema\.\$ref` leads to nothing/],
  [{ $ref: '#/$defs/__proto__', $defs: {} }, /leads to nothing/],
  [{ properties: { x: { $id: 'a', $ref: '#/b' } } }, /schema\.properties\.x\.\$id`/],
  [{ type: 'string', format: 'iri' }, /schema\.format` is not supported: "iri"/],
  [{ pattern: '(?=a)' }, /schema\.pattern` is not supported: .* looks ahead/],
  [{ pattern: '(a)\\1' }, /uses \\1/],
  [{ pattern: 'a^b' }, /has \^ after other parts/],
  [{ pattern: '(a' }, /unbalanced parenthesis/],
  [{ pattern: '[b-a]' }, /out of order/],
  [{ pattern: '^(a*b*)*$', maxLength: 1e5 }, /schema\.pattern` is not supported: .* too many rules/],
  [{ pattern: 'a', format: 'ipv6' }, /schema\.format` is not supported: "ipv6"/],
  [{ pattern: ['a'] }, /schema\.pattern` must be a text/],
  [{ propertyNames: { maxLength: 3 } }, /schema\.propertyNames`/],
  [{ pattern: 'a{2}{3}' }, /repeat of nothing/],
  [{ multipleOf: 0.01 }, /schema\.multipleOf`/],
  [{ minimum: 1e16 }, /bounds beyond 15 digits/],
  [{ minProperties: 3, properties: { a: true } }, /schema\.minProperties`/],
  [{ oneOf: [{ minimum: 1 }, { type: 'integer' }] }, /schema\.oneOf` is not supported where .*\(0 and 1\)/],
  [{ allOf: [{ format: 'date' }, { format: 'time' }] }, /schema\.allOf\.1\.format` is not supported/],
  [{ enum: ['a'], pattern: 'a' }, /schema\.pattern` is not supported/],
  [{ type: 'text' }, /schema\.type` must be one of/],
  [{ minLength: -1 }, /schema\.minLength` must be a whole number/],
  [{ required: true }, /schema\.required` must be a list/],
  [{ properties: { a: 3 } }, /schema\.properties\.a` must be a schema/],
  ['schema', /must be a schema/],
  [deep(200), /nested more than 100 levels/],
  [{ allOf: [{ $ref: '#' }] }, /refers to itself without end/],
]

describe('a schema is refused', () => {
  it.each(REFUSED)('%j', (schema, error) => {
    expect(() => jsonSchemaGrammar(schema, PATH)).toThrowError(
      expect.objectContaining({ code: 'bad_request', message: expect.stringMatching(error) }),
    )
  })

  it.each([
    [false, /No answer/],
    [{ type: 'string', enum: [1] }, /No answer/],
    [{ properties: { a: { $ref: '#' } }, required: ['a'] }, /No answer/],
    [{ minimum: 3, maximum: 2 }, /No answer/],
    [{ $ref: '#' }, /begins with itself/],
    [{ anyOf: [{ $ref: '#' }, { type: 'null' }] }, /begins with itself/],
  ])('where no answer can end: %j', (schema, error) => {
    const open = () =>
      openConstraint(jsonSchemaGrammar(schema, PATH), { tokenizer, vocab: VOCAB, endIds: [END_ID] })
    expect(open).toThrowError(
      expect.objectContaining({ code: 'bad_request', message: expect.stringMatching(error) }),
    )
  })
})
