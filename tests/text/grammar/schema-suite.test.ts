// Tests of the public suite of JSON schema: what is accepted generates nothing that the suite calls invalid.
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { default as addFormats } from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { HadalError } from '../../../src/lib/error.ts'
import type { Grammar } from '../../../src/text/grammar/grammar.ts'
import { jsonText } from '../../../src/text/grammar/schema/values.ts'
import { openDemo } from '../fixtures.ts'
import { acceptor, jsonSchemaGrammar, walk } from './walk.ts'

const FOLDER = new URL('../../../node_modules/json-schema-test-suite/tests/draft4/', import.meta.url)
const tokenizer = openDemo()

interface Group {
  readonly description: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[]
}

// Draft 4 alone wants 1.0 not to be an integer, which JavaScript cannot tell from 1.
const files = ['.', 'optional'].flatMap((folder) =>
  readdirSync(new URL(folder, FOLDER))
    .filter((name) => name.endsWith('.json') && name !== 'zeroTerminatedFloats.json')
    .map((name) => `${folder}/${name}`),
)
const groups = files.flatMap((file) => {
  const read: Group[] = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
  return read.map((group) => ({ name: `${file}: ${group.description}`, ...group }))
})

/** Names what a refusal is about, as the suite's schemas have it. */
const REFUSAL =
  /^`s[^`]*\.(patternProperties|dependencies|not|oneOf|multipleOf|uniqueItems|format|id|tilda~field|\$ref)` /

function grammarOf(schema: unknown): Grammar | undefined {
  try {
    return jsonSchemaGrammar(schema, 's')
  } catch (error) {
    if (!(error instanceof HadalError)) throw error
    expect(error.code).toBe('bad_request')
    expect(error.message).toMatch(REFUSAL)
    return undefined
  }
}

/** A schema of draft 4 in the words of later drafts. */
const modern = (schema: unknown): object =>
  JSON.parse(JSON.stringify(schema), (_, value) => {
    if (typeof value !== 'object' || value === null) return value
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...others } = value
    return Array.isArray(value)
      ? value
      : {
          ...others,
          ...(minimum !== undefined && { [exclusiveMinimum ? 'exclusiveMinimum' : 'minimum']: minimum }),
          ...(maximum !== undefined && { [exclusiveMaximum ? 'exclusiveMaximum' : 'maximum']: maximum }),
        }
  })

const accepted = groups.flatMap((group) => {
  const grammar = grammarOf(group.schema)
  return grammar ? [{ ...group, grammar }] : []
})

describe('the suite of JSON schema', () => {
  it('is supported in large part', () => {
    expect(groups.length).toBeGreaterThan(80)
    expect(accepted.length).toBeGreaterThan(0.6 * groups.length)
  })

  it.each(accepted)('$name', ({ schema, grammar, tests }) => {
    const accepts = acceptor(grammar)
    const isGenerated = ({ data }: { data: unknown }) => accepts(jsonText(data, 's'))
    expect(tests.filter((test) => !test.valid && isGenerated(test))).toEqual([])
    const ajv = new Ajv({ strict: false, logger: false })
    addFormats.default(ajv)
    const validate = ajv.compile(modern(schema))
    for (let seed = 0; seed < 10; seed++) {
      const { text, isComplete } = walk(grammar, { tokenizer, seed, budget: 60 })
      expect(isComplete && validate(JSON.parse(text)), text).toBe(true)
    }
  })
})
