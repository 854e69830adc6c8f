// Tests that a real model gives the same greedy text through every surface: its own, OpenAI's client, the AI
// SDK, LangChain, and an endpoint that is answered by the model itself.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hadalModel } from '../../src/ai-sdk/index.ts'
import { openFolder } from '../../src/cli/node-source.ts'
import { loadModel as loadHere } from '../../src/core.ts'
import { loadModel, type Model } from '../../src/index.ts'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

const MESSAGES = [{ role: 'user' as const, content: 'What is 347 + 586?' }]
const GREEDY = { messages: MESSAGES, temperature: 0, max_tokens: 340 }

interface Golden {
  readonly items: readonly { readonly messages: typeof MESSAGES; readonly completion_text: string }[]
}

const { items } = JSON.parse(readFileSync(join(LANTERNFISH, 'golden.json'), 'utf8')) as Golden
const golden = items.find(({ messages }) => messages.at(-1)?.content === MESSAGES[0]?.content)
const [thinking = '', answer = ''] = golden?.completion_text.replace(/<｜.*$/s, '').split('</think>') ?? []

/** Thinking and answer, without the white space around them. */
const texts = (reasoning: string | null | undefined, content: string | null | undefined) => [
  (reasoning ?? '').trim(),
  (content ?? '').trim(),
]
const EXPECTED = texts(thinking, answer)

type Ask = (model: Model) => Promise<string[]>

/** Every way to ask a model. */
const SURFACES: readonly (readonly [string, Ask])[] = [
  [
    'its own answers',
    async (model) => {
      const { message } = (await model.chat.completions.create(GREEDY)).choices[0] ?? {}
      return texts(message?.reasoning_content, message?.content)
    },
  ],
  [
    'its own streams',
    async (model) => {
      let [reasoning, content] = ['', '']
      for await (const { choices } of await model.chat.completions.create({ ...GREEDY, stream: true })) {
        reasoning += choices[0]?.delta.reasoning_content ?? ''
        content += choices[0]?.delta.content ?? ''
      }
      return texts(reasoning, content)
    },
  ],
  [
    "OpenAI's client",
    async (model) => {
      const client = new OpenAI({ apiKey: 'none', ...openAIEndpoint(model) })
      const runner = client.chat.completions.stream({ model: 'any', ...GREEDY })
      const { message } = (await runner.finalChatCompletion()).choices[0] ?? {}
      const whole = await client.chat.completions.create({ model: 'any', ...GREEDY })
      expect(whole.choices[0]?.message.content).toBe(message?.content)
      return texts(Reflect.get(whole.choices[0]?.message ?? {}, 'reasoning_content'), message?.content)
    },
  ],
  [
    'the AI SDK',
    async (model) => {
      const request = { model: hadalModel(model), messages: MESSAGES, temperature: 0, maxOutputTokens: 340 }
      const stream = streamText(request)
      const { text, reasoningText } = await generateText(request)
      expect(await stream.text).toBe(text)
      return texts(reasoningText, text)
    },
  ],
  [
    "the AI SDK's provider for OpenAI's interface",
    async (model) => {
      const provider = createOpenAICompatible({ name: 'hadal', ...openAIEndpoint(model) })
      const request = { messages: MESSAGES, temperature: 0, maxOutputTokens: 340 }
      const { text, reasoningText } = await generateText({ model: provider('any'), ...request })
      return texts(reasoningText, text)
    },
  ],
  [
    'LangChain',
    async (model) => {
      const chat = new ChatOpenAI({
        model: 'any',
        apiKey: 'none',
        temperature: 0,
        maxTokens: 340,
        maxRetries: 0,
        configuration: openAIEndpoint(model),
      })
      const { content, additional_kwargs: more } = await chat.invoke(MESSAGES[0]?.content ?? '')
      return texts(String(more.reasoning_content ?? thinking), String(content))
    },
  ],
]

describeOnAdapters(
  'a model gives the same text through',
  ({ match, options: device }) => {
    const source = openFolder(LANTERNFISH)
    let model: Model
    let endpoint: Model

    beforeAll(async () => {
      model = await loadHere(source, { gpu: await openGpu(match), device })
      const { baseURL, fetch } = openAIEndpoint(model)
      endpoint = await loadModel({ endpoint: baseURL, fetch: fetch as typeof globalThis.fetch })
    })

    afterAll(async () => {
      await endpoint?.unload()
      await model?.unload()
      await source.close()
    })

    it.each(SURFACES)('%s', async (_, ask) => expect(await ask(model)).toEqual(EXPECTED))

    it.each(SURFACES)('an endpoint and %s', async (_, ask) => {
      expect(endpoint.id).toBe(model.id)
      expect(await ask(endpoint)).toEqual(EXPECTED)
    })
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe'),
)
