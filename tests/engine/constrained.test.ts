// Tests of answers that are held to schemas and grammars on the GPU, at a temperature that obeys nothing
// else.
import Ajv from 'ajv'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import type { AnswerFormat, GenerateRequest } from '../../src/engine/types.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { GREEDY, LANTERNFISH, openModel, runRequest } from '../support/model.ts'
import { SCHEMAS } from '../text/grammar/schemas.ts'

const ask = (format: AnswerFormat, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  input: { messages: [{ role: 'user', content: 'Describe a fish of the deep sea.' }] },
  thinking: false,
  responseFormat: format,
  sampling: { temperature: 1.5, seed: 1 },
  maxTokens: 160,
  ...more,
})
const SHORT = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 20 },
    depth: { type: 'integer', minimum: 0, maximum: 9999 },
  },
  required: ['name', 'depth'],
  additionalProperties: false,
}
const short = { type: 'json_schema', schema: SHORT } as const

describeOnAdapters(
  'constrained answers',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
    })
    afterAll(() => engine.destroy())

    it.each(SCHEMAS)('are valid by the schema of $name', async ({ schema, is2020 }) => {
      const ajv = is2020 ? new Ajv2020({ strict: false }) : new Ajv({ strict: false })
      addFormats(ajv)
      const validate = ajv.compile(schema)
      const format = { type: 'json_schema', schema: schema as Record<string, unknown> } as const
      const { text, done } = await runRequest(engine, ask(format, { maxTokens: 300 }))
      expect(validate(JSON.parse(text)), `${text}: ${ajv.errorsText(validate.errors)}`).toBe(true)
      expect(done.finishReason).toBe('stop')
    })

    it('are JSON objects, or texts of a grammar', async () => {
      for (let seed = 0; seed < 5; seed++) {
        const sampling = { temperature: 1.5, seed }
        const object = await runRequest(engine, ask({ type: 'json_object' }, { sampling, maxTokens: 60 }))
        expect(JSON.parse(object.text)).toBeTypeOf('object')
        const grammar = String.raw`root ::= "depth: " [1-9] [0-9]{0,3} " m" ("\n- " [a-z]{3,9}){2}`
        const list = await runRequest(engine, ask({ type: 'grammar', grammar }, { sampling }))
        expect(list.text).toMatch(/^depth: [1-9]\d{0,3} m(\n- [a-z]{3,9}){2}$/)
      }
    })

    it('think freely first', async () => {
      const { text, reasoning, done } = await runRequest(
        engine,
        ask(short, { thinking: true, sampling: GREEDY, maxTokens: 400 }),
      )
      expect(Object.keys(JSON.parse(text))).toEqual(['name', 'depth'])
      expect(reasoning.length).toBeGreaterThan(10)
      expect(done.reasoningTokens).toBeGreaterThan(3)
    })

    it('skip what must follow', async () => {
      const submit = engine.device.gpu.queue.submit.bind(engine.device.gpu.queue)
      let submissions = 0
      engine.device.gpu.queue.submit = (lists) => {
        submissions++
        submit(lists)
      }
      const count = async (request: GenerateRequest) => {
        submissions = 0
        const session = await engine.openSession()
        const result = await runRequest(engine, request, undefined, session)
        session.close()
        return { ...result, submissions }
      }
      const skipping = await count(ask(short, { sampling: GREEDY }))
      const sampling = await count(ask(short, { sampling: GREEDY, logprobs: 0 }))
      engine.device.gpu.queue.submit = submit
      for (const { text } of [skipping, sampling]) expect(Object.keys(JSON.parse(text))).toHaveLength(2)
      expect(skipping.submissions / skipping.ids.length).toBeLessThan(
        (0.8 * sampling.submissions) / sampling.ids.length,
      )
    })

    it('end within any number of tokens that is enough', async () => {
      const fewest = JSON.stringify({ name: '', depth: 0 }).length + 3 // a token for each byte, and the end
      for (const maxTokens of [fewest, fewest + 3, fewest + 9]) {
        for (let seed = 0; seed < 3; seed++) {
          const sampling = { temperature: 1.5, seed }
          const { text } = await runRequest(engine, ask(short, { maxTokens, sampling }))
          expect(JSON.parse(text)).toMatchObject({ name: expect.any(String), depth: expect.any(Number) })
        }
      }
    })

    it('go on when they were interrupted, or were begun by the request', async () => {
      const whole = await runRequest(engine, ask(short))
      for (const at of [1, 4, whole.ids.length - 1]) {
        const rest = await runRequest(engine, ask(short, { resume: whole.ids.slice(0, at) }))
        expect([...whole.ids.slice(0, at), ...rest.ids]).toEqual(whole.ids)
      }
      const begun = '{"name": "Ang'
      const messages = [
        { role: 'user', content: 'A fish?' },
        { role: 'assistant', content: begun },
      ] as const
      const on = await runRequest(engine, ask(short, { input: { messages }, continueFinal: true }))
      expect(JSON.parse(begun + on.text).name).toMatch(/^Ang/)
    })

    it('leave the next answer free', async () => {
      const free = { input: ask(short).input, sampling: GREEDY, thinking: false, maxTokens: 12 }
      const before = await runRequest(engine, free)
      await runRequest(engine, ask(short))
      expect((await runRequest(engine, free)).ids).toEqual(before.ids)
    })

    describe('are refused', () => {
      it.each<[string, Partial<GenerateRequest>, RegExp]>([
        ['for a keyword', { responseFormat: { type: 'json_schema', schema: { not: {} } } }, /schema\.not/],
        ['for a grammar', { responseFormat: { type: 'grammar', grammar: 'root ::= (' } }, /hadal\.grammar/],
        [
          'with tools',
          { responseFormat: short, tools: [{ type: 'function', function: { name: 'f' } }] },
          /tools/,
        ],
      ])('%s', async (_, more, message) => {
        const refused = runRequest(engine, { ...ask(short), ...more })
        await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(message) })
      })
    })
  },
  ADAPTERS.slice(0, 1),
)
