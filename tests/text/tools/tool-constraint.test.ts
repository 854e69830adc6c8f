// Tests of calls that are held to the schemas of their tools: whatever is generated is read as a valid call.
import { Ajv } from 'ajv'
import { default as addFormats } from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { openSchemaWriter } from '../../../src/text/grammar/schema/json-schema.ts'
import { stringText } from '../../../src/text/grammar/schema/string-schema.ts'
import { openOutputParser } from '../../../src/text/output-parser.ts'
import { openTokenizer, type TextTokenizer } from '../../../src/text/tokenizer.ts'
import type { CallTool } from '../../../src/text/tools/call-grammar.ts'
import type { ToolFormat } from '../../../src/text/tools/format.ts'
import { glm } from '../../../src/text/tools/formats/glm.ts'
import { granite } from '../../../src/text/tools/formats/granite.ts'
import { hermes } from '../../../src/text/tools/formats/hermes.ts'
import { llama } from '../../../src/text/tools/formats/llama.ts'
import { TOOL_FORMATS } from '../../../src/text/tools/formats.ts'
import { markersOf } from '../../../src/text/tools/markers.ts'
import { openToolParser } from '../../../src/text/tools/parser.ts'
import { openToolConstraint, type ToolConstraint } from '../../../src/text/tools/tool-constraint.ts'
import { demoFile, openDemo, random } from '../fixtures.ts'
import { idsOf } from '../grammar/walk.ts'

const VOCAB = 1600
const END_ID = 1
const TOOLS: readonly CallTool[] = [
  {
    function: {
      name: 'get_weather',
      parameters: {
        type: 'object',
        properties: {
          city: { type: 'string', minLength: 1, maxLength: 12 },
          unit: { type: 'string', enum: ['celsius', 'kelvin'] },
          days: { type: 'integer', minimum: 1, maximum: 14 },
          at: { type: 'string', format: 'date' },
          place: {
            properties: { x: { type: 'number' }, tags: { items: { type: 'string' } } },
            required: ['x'],
          },
          note: { type: ['string', 'null'] },
        },
        required: ['city', 'days', 'place'],
        additionalProperties: false,
      },
      strict: true,
    },
  },
  {
    function: {
      name: 'add.two',
      parameters: {
        $ref: '#/$defs/sum',
        $defs: {
          sum: {
            type: 'object',
            properties: { a: { $ref: '#/$defs/term' }, b: { anyOf: [{ type: 'null' }, { const: 'two' }] } },
            required: ['b', 'a'],
          },
          term: { oneOf: [{ type: 'integer' }, { type: 'object', properties: { n: { type: 'integer' } } }] },
        },
      },
    },
  },
  { function: { name: 'now' } },
  { function: { name: 'loose', parameters: { type: 'object', not: { required: ['x'] } } } },
]
const schemas = new Map(TOOLS.map((tool) => [tool.function.name, tool.function.parameters]))
const ajv = new Ajv({ strict: false })
addFormats.default(ajv)
const validators = new Map(
  TOOLS.slice(0, 2).map(({ function: { name, parameters } }) => [name, ajv.compile(Object(parameters))]),
)

/** The demo model's tokenizer with control tokens for the markers of a format. */
function withMarkers(format: ToolFormat): TextTokenizer {
  const file = demoFile()
  const added = markersOf(format).map((content, at) => ({ id: 1536 + at, content, special: at % 2 === 0 }))
  return openTokenizer({ ...file, added_tokens: [...file.added_tokens, ...added] }, undefined, {
    vocab: VOCAB,
  })
}

interface Answer {
  readonly format: ToolFormat
  readonly tokenizer: TextTokenizer
  readonly opening?: string
  readonly parallel?: boolean
}

const constrain = ({ format, tokenizer, opening = '', parallel = true }: Answer, tools = TOOLS) =>
  openToolConstraint(
    { tokenizer, vocab: VOCAB, endIds: [END_ID] },
    { format, tools, parallel, opening, openWriter: openSchemaWriter(stringText) },
  )

/** Goes on until the answer is free. */
function writeCall(constraint: ToolConstraint, seed: number): number[] {
  const chance = random(seed * 0x9e3779b1)
  const ids: number[] = []
  for (let budget = 240; ; budget = 240 - ids.length) {
    const mask = constraint.mask(budget)
    if (mask === undefined) return ids
    expect(constraint.isComplete).toBe(false)
    const forced = constraint.forced(budget)
    const allowed = idsOf(mask)
    expect(allowed).not.toContain(END_ID)
    if (forced.length > 0) expect(allowed).toContain(forced[0])
    const next = forced.length > 0 ? forced : [allowed[Math.floor(chance() * allowed.length)] ?? -1]
    for (const id of next) constraint.accept(id)
    ids.push(...next)
  }
}

function expectCalls({ format, tokenizer, opening = '', parallel = true }: Answer, ids: readonly number[]) {
  const tools = openToolParser(tokenizer, { format, schemas, parallel, opening })
  const output = openOutputParser(tokenizer, [], { tools, resumed: 'answer' })
  const deltas = [...ids.map((id) => output.push(id)), output.end()]
  const written = ids.map((id) => tokenizer.tokenText(id)).join('')
  const calls = deltas.flatMap((delta) => delta.calls)
  expect(calls.length, written).toBeGreaterThan(0)
  expect(deltas.map(({ text }) => text).join(''), written).toBe('')
  for (const { name, arguments: args } of calls) {
    const validate = validators.get(name)
    const value = JSON.parse(args)
    expect(validate?.(value) ?? true, `${written} ${JSON.stringify(validate?.errors)}`).toBe(true)
  }
  return calls
}

const SEEDS = Array.from({ length: 8 }, (_, seed) => seed)

describe.each(TOOL_FORMATS.map((format) => ({ name: format.name, format })))(
  'calls of $name',
  ({ format }) => {
    const answer = { format, tokenizer: withMarkers(format) }
    const spelled = { format, tokenizer: openDemo() }

    it('are valid after the token that begins them', () => {
      for (const begin of format.begins) {
        const names = SEEDS.flatMap((seed) => {
          const constraint = constrain(answer)
          const before = answer.tokenizer.encode(`Let me see. ${begin}`)
          for (const id of before) {
            expect(constraint.mask(9)).toBeUndefined()
            constraint.accept(id)
          }
          const ids = [...before.slice(-1), ...writeCall(constraint, seed)]
          expect([constraint.isComplete, constraint.isFinished]).toEqual([true, false])
          return expectCalls(answer, ids).map(({ name }) => name)
        })
        expect(new Set(names).size).toBeGreaterThan(1)
      }
    })

    it('are valid after a beginning in the prompt', () => {
      for (const name of [undefined, 'get_weather', 'add.two', 'now', 'loose'])
        for (const seed of SEEDS.slice(0, 3)) {
          const opened = { ...answer, opening: format.open(name, 2), parallel: seed === 0 }
          const constraint = constrain(opened)
          const calls = expectCalls(opened, writeCall(constraint, seed))
          expect(calls[0]?.name).toBe(name ?? calls[0]?.name)
          expect(constraint.isFinished).toBe(seed !== 0)
        }
    })

    it('are valid after a marker that is spelled', () => {
      for (const seed of format === glm ? [] : SEEDS) {
        const constraint = constrain(spelled)
        const before = spelled.tokenizer.encodePlain(format.begins[0] ?? '')
        for (const id of before) constraint.accept(id)
        expectCalls(spelled, [...before, ...writeCall(constraint, seed)])
      }
    })

    it('follow each other', () => {
      const constraint = constrain(answer)
      const [begin] = answer.tokenizer.encode(format.begins[0] ?? '')
      const ids = SEEDS.slice(0, 3).flatMap((seed) => {
        constraint.accept(begin ?? -1)
        return [begin ?? -1, ...writeCall(constraint, seed)]
      })
      expect(expectCalls(answer, ids).length).toBeGreaterThanOrEqual(3)
    })
  },
)

describe('calls', () => {
  it('without a marker are held to their schema from the name of a tool on', () => {
    const tokenizer = openDemo()
    for (const seed of SEEDS)
      for (const begin of [
        '{"name": "add.two"',
        '\n{ "name":"get_weather"',
        '{"type": "function", "name": "now"',
      ]) {
        const answer = { format: llama, tokenizer }
        const constraint = constrain(answer)
        const before = tokenizer.encodePlain(begin)
        for (const id of before) constraint.accept(id)
        expectCalls(answer, [...before, ...writeCall(constraint, seed)])
      }
    for (const text of ['{"name": "other"', 'See {"name": "now"', '{"x": 1}']) {
      const constraint = constrain({ format: llama, tokenizer })
      for (const id of tokenizer.encodePlain(text)) constraint.accept(id)
      expect(constraint.mask(9)).toBeUndefined()
    }
  })

  it('are not where a marker is only spelled, but a token', () => {
    const tokenizer = withMarkers(hermes)
    const constraint = constrain({ format: hermes, tokenizer })
    for (const id of tokenizer.encodePlain('<tool_call>\n{"name": "x"')) constraint.accept(id)
    expect(constraint.mask(9)).toBeUndefined()
  })

  it('of a list are one where only one is wanted', () => {
    const tokenizer = withMarkers(granite)
    const answer = { format: granite, tokenizer, opening: granite.open('now', 0), parallel: false }
    for (const seed of SEEDS) expect(expectCalls(answer, writeCall(constrain(answer), seed))).toHaveLength(1)
  })
})

describe('a schema that is not supported', () => {
  const tool = (parameters: unknown, strict?: boolean): CallTool => ({
    function: { name: 'loose', parameters, ...(strict !== undefined && { strict }) },
  })
  const open = (format: ToolFormat, ...tools: readonly CallTool[]) =>
    constrain({ format, tokenizer: withMarkers(format) }, tools)

  it.each(TOOL_FORMATS)('is refused where the tool is strict: $name', (format) => {
    expect(() => open(format, tool({ not: {} }, true))).toThrowError(
      expect.objectContaining({
        code: 'bad_request',
        message: expect.stringMatching(/^`tools\[0\]\.function\.parameters\.not` is not supported/),
      }),
    )
    expect(() => open(format, tool({ $ref: '#' }, true))).toThrowError(/itself/)
    expect(() => open(format, tool({ type: 'string' }, true))).toThrowError(/No answer/)
    expect(open(format, tool({ not: {} }), tool({ $ref: '#' }), tool({ type: 'string' }))).toBeDefined()
  })

  it('is refused for strict tools where GLM’s tags are no tokens', () => {
    const answer = { format: glm, tokenizer: openDemo() }
    expect(() => constrain(answer)).toThrowError(expect.objectContaining({ code: 'unsupported' }))
    const free = constrain(answer, TOOLS.slice(1))
    for (const id of answer.tokenizer.encodePlain('<tool_call>now')) free.accept(id)
    expect(free.mask(9)).toBeUndefined()
  })

  it('leaves no call that was asked for without its tool', () => {
    expect(() =>
      constrain({ format: hermes, tokenizer: withMarkers(hermes), opening: hermes.open('other', 0) }),
    ).toThrowError(expect.objectContaining({ code: 'bad_request' }))
  })
})
