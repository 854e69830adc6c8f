// Tests of LangChain over `hadal/openai`: answers, streams, bound tools, an agent, responses, embeddings.
import { AIMessageChunk, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { createAgent } from 'langchain'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Model } from '../../src/api/types/model.ts'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { recordedModel } from '../support/recorded-model.ts'
import { scriptedModel } from '../support/scripted-model.ts'

const chatOf = (model: Model, options = {}) =>
  new ChatOpenAI({
    model: 'any',
    apiKey: 'none',
    configuration: openAIEndpoint(model),
    maxRetries: 0,
    ...options,
  })

const depth = tool(async ({ of }) => `${of}: 10994 m`, {
  name: 'depth',
  description: 'The depth of a place.',
  schema: z.object({ of: z.string() }),
})

/** A model that calls the tool, then answers. */
const callingModel = () =>
  scriptedModel([
    { reasoning: 'I look.', calls: [{ name: 'depth', arguments: '{"of":"trench"}' }] },
    { content: 'It is 10 994 m.' },
  ])

describe('ChatOpenAI', () => {
  it('answers whole and streams', async () => {
    const { model } = await recordedModel()
    const chat = chatOf(model, { temperature: 0 })
    const answer = await chat.invoke('Who are you?')
    expect(answer.text).toBe('I am Lanternfish 🐟.')
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 9, output_tokens: 6 })
    const pieces: string[] = []
    for await (const { text } of await chat.stream('Who are you?')) pieces.push(text)
    expect(pieces.filter(Boolean)).toEqual(['I am ', 'Lanternfish', ' 🐟.'])
    await model.unload()
  })

  it.each([false, true])('runs a loop of bound tools (streamed: %s)', async (streamed) => {
    const { model, chats } = callingModel()
    const chat = chatOf(model).bindTools([depth], { tool_choice: 'auto' })
    const messages: BaseMessage[] = [new HumanMessage('How deep is it?')]
    const first = streamed ? await whole(chat.stream(messages)) : await chat.invoke(messages)
    expect(first.tool_calls).toMatchObject([{ name: 'depth', args: { of: 'trench' }, id: 'call_1_0' }])
    messages.push(first)
    for (const call of first.tool_calls ?? [])
      messages.push(await depth.invoke({ ...call, type: 'tool_call' }))
    expect((await chat.invoke(messages)).text).toBe('It is 10 994 m.')
    expect(chats[0]).toMatchObject({ tools: [{ type: 'function', function: { name: 'depth' } }] })
    expect(chats[1]?.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_1_0', function: { name: 'depth' } }] },
      { role: 'tool', tool_call_id: 'call_1_0', content: 'trench: 10994 m' },
    ])
  })

  it('is the model of an agent that calls its tools', async () => {
    const { model, chats } = callingModel()
    const agent = createAgent({ model: chatOf(model), tools: [depth] })
    const { messages } = await agent.invoke({ messages: [new HumanMessage('How deep is it?')] })
    expect(messages.at(-1)?.text).toBe('It is 10 994 m.')
    expect(chats).toHaveLength(2)
    expect(chats[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: 'trench: 10994 m' })
  })

  it('answers through the responses interface', async () => {
    const chat = chatOf(scriptedModel([{ reasoning: 'Hm.', content: 'A fish.' }]).model, {
      useResponsesApi: true,
    })
    expect((await chat.invoke('Who are you?')).text).toBe('A fish.')
  })

  it('stops when its signal fires, and reports errors', async () => {
    const { model } = scriptedModel([{ content: 'A fish.' }])
    await expect(chatOf(model).invoke('Hi', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
    const recorded = await recordedModel()
    const asking = chatOf(recorded.model, { topP: 7 }).invoke('Hi')
    await expect(asking).rejects.toMatchObject({ status: 400, code: 'bad_request' })
    await recorded.model.unload()
  })
})

it('OpenAIEmbeddings embeds texts', async () => {
  const configuration = openAIEndpoint(scriptedModel([]).model)
  const embeddings = new OpenAIEmbeddings({ model: 'any', apiKey: 'none', configuration })
  expect(await embeddings.embedDocuments(['a', 'b'])).toEqual([
    [0, 0.5, -2],
    [1, 0.5, -2],
  ])
})

/** The message that a stream adds up to. */
async function whole(stream: Promise<AsyncIterable<AIMessageChunk>>): Promise<AIMessageChunk> {
  let sum: AIMessageChunk | undefined
  for await (const chunk of await stream) sum = sum?.concat(chunk) ?? chunk
  return sum ?? new AIMessageChunk('')
}
