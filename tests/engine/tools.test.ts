// Tests of answers with calls through the engine: a bias forces the marker that ends a call, and a begun
// answer is gone on with.
import Ajv from 'ajv'
import { expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { GREEDY, runRequest } from '../support/model.ts'
import { END_OF_CALL, FOLDER, folderWithTools } from '../support/tool-folder.ts'

const TEMPLATE = `{%- for t in tools or [] %}{{ t | tojson }}{% endfor %}
{%- for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.name }}
{%- for k, v in c.function.arguments.items() -%}
<arg_key>{{ k }}</arg_key><arg_value>{{ v }}</arg_value>
{%- endfor %}</tool_call>{% endfor %}{% endfor -%}`

const HERMES = `{%- for t in tools or [] %}{{ t | tojson }}{% endfor %}
{%- for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}{% endfor -%}`

describeOnAdapters(
  'an answer',
  (adapter) => {
    const withEngine = async (files: typeof FOLDER, test: (engine: Engine) => Promise<void>) => {
      const gpu = await openGpu(adapter.match)
      const engine = await loadEngine(openMemory(files), { gpu, device: adapter.options })
      try {
        await test(engine)
      } finally {
        engine.destroy()
      }
    }
    const question = { role: 'user', content: 'What is 17 + 25?' } as const

    it('has the call that it must begin with, or its text', async () => {
      await withEngine(folderWithTools(TEMPLATE), async (engine) => {
        const tools = [{ type: 'function', function: { name: 'now' } }] as const
        const request: GenerateRequest = {
          input: { messages: [question] },
          tools,
          toolChoice: { name: 'now' },
          sampling: { ...GREEDY, logitBias: [[END_OF_CALL, 100]] },
          maxTokens: 3,
        }
        const calls = [{ index: 0, id: expect.stringMatching(/^call_/), name: 'now', arguments: '{}' }]
        const one = await runRequest(engine, { ...request, parallelToolCalls: false })
        expect(one).toMatchObject({ text: '', ids: [END_OF_CALL], done: { finishReason: 'tool_calls' } })
        expect(one.events[0]).toMatchObject({ toolCalls: calls })
        const more = await runRequest(engine, request)
        expect(more).toMatchObject({ text: '</tool_call></tool_call>', done: { finishReason: 'length' } })
        const none = await runRequest(engine, { ...request, toolChoice: 'required' })
        expect(none.text).toBe('<tool_call></tool_call></tool_call></tool_call>')
        expect(none.done.finishReason).toBe('length')
        expect(none.events.some((event) => 'toolCalls' in event)).toBe(false)
      })
    })

    it('is gone on with where its text breaks off', async () => {
      await withEngine(FOLDER, async (engine) => {
        const request = { sampling: GREEDY, maxTokens: 120 }
        const whole = await runRequest(engine, { ...request, input: { messages: [question] } })
        expect(whole.text).toBe('17 + 25 = 42.')
        const begun = { role: 'assistant', content: '17 + 25', reasoning_content: whole.reasoning } as const
        const input = { messages: [question, begun] }
        const continued = await runRequest(engine, { ...request, input, continueFinal: true })
        expect(continued).toMatchObject({ text: ' = 42.', reasoning: '', done: { finishReason: 'stop' } })
        expect(continued.done.cachedTokens).toBeGreaterThan(20)
      })
    })

    it('has calls with arguments that obey their schema', async () => {
      await withEngine(folderWithTools(HERMES), async (engine) => {
        const parameters = {
          type: 'object',
          properties: { depth: { type: 'integer', maximum: 999 }, kind: { enum: ['fish', 'squid'] } },
          required: ['depth', 'kind'],
          additionalProperties: false,
        }
        const validate = new Ajv().compile(parameters)
        const tools = [{ type: 'function', function: { name: 'look', parameters } }] as const
        for (let seed = 0; seed < 4; seed++) {
          const { events, done } = await runRequest(engine, {
            input: { messages: [question] },
            tools,
            toolChoice: 'required',
            parallelToolCalls: false,
            sampling: { temperature: 1.5, seed },
            maxTokens: 60,
          })
          const calls = events.flatMap((event) => ('toolCalls' in event ? (event.toolCalls ?? []) : []))
          expect(calls.map(({ name }) => name)).toEqual(['look'])
          expect(validate(JSON.parse(calls[0]?.arguments ?? ''))).toBe(true)
          expect(done.finishReason).toBe('tool_calls')
        }
      })
    })

    it('is refused with tools that the template does not print', async () => {
      await withEngine(FOLDER, async (engine) => {
        const tools = [{ type: 'function', function: { name: 'now' } }] as const
        const refused = runRequest(engine, { input: { messages: [question] }, tools })
        await expect(refused).rejects.toMatchObject({
          code: 'unsupported',
          hint: expect.stringContaining('tools'),
        })
      })
    })
  },
  ADAPTERS.slice(0, 1),
)
