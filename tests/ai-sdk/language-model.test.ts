// Tests of `hadal/ai-sdk` through the AI SDK: texts, thinking, tool loops, warnings, cancelling, errors.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embedMany, generateText, isStepCount, Output, streamText, tool } from 'ai'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { hadalEmbeddingModel, hadalModel } from '../../src/ai-sdk/index.ts'
import type { Model } from '../../src/api/types/model.ts'
import { HadalError } from '../../src/lib/error.ts'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { recordedModel } from '../support/recorded-model.ts'
import { scriptedModel } from '../support/scripted-model.ts'

vi.stubGlobal('AI_SDK_LOG_WARNINGS', false) // the tests read them

const THOUGHTFUL = { reasoning: 'They greet me.', content: 'Hello, diver.' }
const TOOL_LOOP = [
  { reasoning: 'I look.', content: 'One moment.', calls: [{ name: 'depth', arguments: '{"of":"trench"}' }] },
  { content: 'It is 10 994 m.' },
]
const depth = tool({
  description: 'The depth of a place.',
  inputSchema: z.object({ of: z.string() }),
  execute: async ({ of }) => ({ of, metres: 10_994 }),
})

/** The same model, as a provider of its own and behind an OpenAI-compatible `fetch`. */
const ways: [string, (model: Model) => Parameters<typeof generateText>[0]['model']][] = [
  ['hadalModel', hadalModel],
  [
    'createOpenAICompatible',
    (model) => createOpenAICompatible({ name: 'hadal', includeUsage: true, ...openAIEndpoint(model) })('any'),
  ],
]

describe.each(ways)('%s', (_, languageModel) => {
  it('generates text with its thinking, usage and metadata', async () => {
    const { model, chats } = scriptedModel([THOUGHTFUL])
    const result = await generateText({
      model: languageModel(model),
      instructions: 'Be brief.',
      prompt: 'Hello',
      temperature: 0,
      maxOutputTokens: 50,
      stopSequences: ['!'],
      seed: 7,
    })
    expect(result).toMatchObject({
      text: 'Hello, diver.',
      reasoningText: 'They greet me.',
      finishReason: 'stop',
      usage: { inputTokens: 9, outputTokens: 6, totalTokens: 15 },
      response: { id: 'chatcmpl-1', modelId: 'Anglerfish', timestamp: new Date(1.7e12) },
    })
    expect(chats[0]).toMatchObject({ temperature: 0, max_tokens: 50, stop: ['!'], seed: 7 })
    expect(chats[0]?.messages).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ])
  })

  it('streams thinking and text apart', async () => {
    const { model } = scriptedModel([THOUGHTFUL])
    const result = streamText({ model: languageModel(model), prompt: 'Hello' })
    const parts: string[] = []
    for await (const part of result.stream)
      if ('text' in part && typeof part.text === 'string') parts.push(`${part.type} ${part.text}`)
    expect(parts.filter((part) => part.startsWith('reasoning')).join()).toBe(
      'reasoning-delta They gr,reasoning-delta eet me.',
    )
    expect(await result.text).toBe('Hello, diver.')
    expect(await result.finishReason).toBe('stop')
    expect(await result.usage).toMatchObject({ totalTokens: 15, outputTokenDetails: { reasoningTokens: 2 } })
  })

  it.each([
    ['generateText', generateText],
    ['streamText', streamText],
  ] as const)('runs a loop of tools: %s', async (_, run) => {
    const { model, chats } = scriptedModel(TOOL_LOOP)
    const options = {
      model: languageModel(model),
      prompt: 'How deep?',
      tools: { depth },
      stopWhen: isStepCount(3),
    }
    const result = await run(options)
    if ('consumeStream' in result) await result.consumeStream()
    expect(await result.text).toBe('It is 10 994 m.')
    expect(await result.steps).toHaveLength(2)
    expect((await result.steps)[0]).toMatchObject({ finishReason: 'tool-calls' })
    expect(chats[0]?.tools).toMatchObject([
      {
        type: 'function',
        function: { name: 'depth', parameters: { properties: { of: { type: 'string' } } } },
      },
    ])
    expect(chats[1]?.messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        content: 'One moment.',
        reasoning_content: 'I look.',
        tool_calls: [{ id: 'call_1_0', function: { name: 'depth', arguments: '{"of":"trench"}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1_0', content: '{"of":"trench","metres":10994}' },
    ])
  })
})

describe('hadalModel', () => {
  it('answers with the real api, and stops the engine when the signal fires', async () => {
    const { model, log } = await recordedModel()
    const abort = new AbortController()
    const onAbort = vi.fn()
    const result = streamText({
      model: hadalModel(model),
      prompt: 'Who are you?',
      abortSignal: abort.signal,
      onAbort,
    })
    for await (const _ of result.textStream) abort.abort()
    expect(onAbort).toHaveBeenCalledOnce()
    await vi.waitFor(() => expect(log).toContain('stop chat'))
    expect(log.filter((line) => line === 'event chat').length).toBeLessThan(6)
    await model.unload()
  })

  it('passes errors on, at the start and in mid-stream', async () => {
    const { model, engine } = await recordedModel()
    const asking = generateText({ model: hadalModel(model), prompt: 'Hi', topP: 7 })
    await expect(asking).rejects.toMatchObject({ code: 'bad_request' })
    const { generate } = engine
    engine.generate = async function* (...args) {
      for await (const event of generate(...args)) {
        if (event.type === 'done') throw new HadalError('device_lost', 'The GPU went away.')
        yield event
      }
    }
    const errors: unknown[] = []
    const onError = ({ error }: { error: unknown }) => {
      errors.push(error)
    }
    const result = streamText({ model: hadalModel(model), prompt: 'Hi', onError })
    let text = ''
    for await (const piece of result.textStream) text += piece
    expect(text).toBe('I am Lanternfish 🐟.')
    expect(errors).toMatchObject([{ code: 'device_lost' }])
    expect(await result.finishReason).toBe('error')
    await model.unload()
  })

  it('warns of what has no effect, and says what it cost', async () => {
    const { model, chats } = scriptedModel([{ content: '{"name":"fish"}' }])
    const result = await generateText({
      model: hadalModel(model, { thinking: false, min_p: 0.1 }),
      prompt: 'Hi',
      output: Output.object({ schema: z.object({ name: z.string() }) }),
      providerOptions: { hadal: { min_p: 0.2 } },
      reasoning: 'max',
    })
    expect(result.output).toEqual({ name: 'fish' })
    expect(result.warnings).toMatchObject([{ type: 'compatibility', feature: 'reasoning' }])
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    const response_format = { type: 'json_schema', json_schema: { schema } }
    expect(chats).toMatchObject([{ thinking: false, min_p: 0.2, reasoning_effort: 'xhigh', response_format }])
    expect(result.finalStep.providerMetadata).toMatchObject({
      hadal: { prefill_ms: 12, kv_cache: { tokens: 15 } },
    })
  })

  it('refuses files in a prompt', async () => {
    const { model } = scriptedModel([{}])
    const image = { type: 'file', mediaType: 'image/png', data: new Uint8Array(4) } as const
    const asking = generateText({ model: hadalModel(model), messages: [{ role: 'user', content: [image] }] })
    await expect(asking).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('image/png'),
    })
  })

  it('shows raw chunks when they are wanted', async () => {
    const { model } = scriptedModel([THOUGHTFUL])
    const result = streamText({ model: hadalModel(model), prompt: 'Hi', include: { rawChunks: true } })
    const raw: unknown[] = []
    for await (const part of result.stream) if (part.type === 'raw') raw.push(part.rawValue)
    expect(raw).toContainEqual(expect.objectContaining({ object: 'chat.completion.chunk' }))
  })
})

it('hadalEmbeddingModel embeds texts', async () => {
  const { model, others } = scriptedModel([])
  const { embeddings, usage } = await embedMany({ model: hadalEmbeddingModel(model), values: ['a', 'b'] })
  expect(embeddings).toEqual([
    [0, 0.5, -2],
    [1, 0.5, -2],
  ])
  expect(usage).toEqual({ tokens: 3 })
  expect(others).toEqual([{ input: ['a', 'b'] }])
})
