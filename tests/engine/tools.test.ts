// Tests of answers with calls through the engine: a bias forces the marker that ends a call, and a begun
// answer is gone on with.
import { expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { readFolder } from '../support/folder.ts'
import { GREEDY, LANTERNFISH, runRequest } from '../support/model.ts'

const folder = readFolder(LANTERNFISH)
const read = (name: string) => JSON.parse(new TextDecoder().decode(folder[name] as Uint8Array))
const END_OF_CALL = 1535
const TEMPLATE = `{%- for t in tools or [] %}{{ t | tojson }}{% endfor %}
{%- for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.name }}
{%- for k, v in c.function.arguments.items() -%}
<arg_key>{{ k }}</arg_key><arg_value>{{ v }}</arg_value>
{%- endfor %}</tool_call>{% endfor %}{% endfor -%}`

/** The demo model with markers as its last two tokens, and a template that prints tools and calls. */
function folderWithTools() {
  const tokenizer = read('tokenizer.json')
  const { vocab, merges } = tokenizer.model
  for (const [text, id] of Object.entries<number>(vocab)) if (id >= 1534) delete vocab[text]
  tokenizer.model.merges = merges.filter((pair: [string, string]) => pair.join('') in vocab)
  tokenizer.added_tokens.push(
    { id: 1534, content: '<tool_call>', special: true },
    { id: END_OF_CALL, content: '</tool_call>', special: true },
  )
  const config = read('tokenizer_config.json')
  return {
    ...folder,
    'tokenizer.json': JSON.stringify(tokenizer),
    'tokenizer_config.json': JSON.stringify({ ...config, chat_template: TEMPLATE + config.chat_template }),
  }
}

describeOnAdapters(
  'an answer',
  (adapter) => {
    const withEngine = async (files: typeof folder, test: (engine: Engine) => Promise<void>) => {
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
      await withEngine(folderWithTools(), async (engine) => {
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
      await withEngine(folder, async (engine) => {
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

    it('is refused with tools that the template does not print', async () => {
      await withEngine(folder, async (engine) => {
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
