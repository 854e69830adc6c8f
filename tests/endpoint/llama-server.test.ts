// Tests of a model behind llama.cpp's llama-server: against recorded answers, or against a running server.
//
// The server has the model that tools/oracle/make_gguf.py makes:
//   llama-server -m chain.gguf --alias chain --temp 0 -c 1024 -np 2 --api-key sesame
//   HADAL_ENDPOINT=http://127.0.0.1:8080 npx vitest run tests/endpoint/llama-server.test.ts
// With HADAL_RECORD=1 as well, the answers become the new fixture.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChatCompletionChunk } from '../../src/api/openai-types.ts'
import { openEndpoint } from '../../src/endpoint/open-endpoint.ts'
import type { EndpointModel } from '../../src/endpoint/types.ts'
import { type RecordedExchange, record, replay, type TestServer } from './recorded-server.ts'

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'endpoint', 'llama-server.json')
const LIVE = process.env.HADAL_ENDPOINT
const RECORDING = LIVE !== undefined && process.env.HADAL_RECORD !== undefined
const KEY = 'sesame'

const THOUGHT = 'They ask what lives down there.\n'
const ANSWER = 'Lanternfish 🐟 live in 深海.'
const messages = [{ role: 'user', content: 'What lives in the deep sea?' }] as const
const depth = {
  type: 'function',
  function: {
    name: 'depth',
    parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
  },
} as const

const exchanges: RecordedExchange[] = LIVE ? [] : JSON.parse(readFileSync(FIXTURE, 'utf8'))
const SEEDS = LIVE ? [0] : [1, 2, 3, 4]

describe.each(SEEDS)('a model behind llama-server, answers cut by seed %i', (seed) => {
  let server: TestServer | undefined
  let model: EndpointModel
  let url = LIVE ?? ''

  beforeAll(async () => {
    if (RECORDING) server = await record(url, exchanges)
    else if (!LIVE) server = await replay(exchanges, seed)
    url = server?.url ?? url
    model = await openEndpoint({ endpoint: url, apiKey: KEY })
  })

  afterAll(async () => {
    await server?.close()
    if (RECORDING) writeFileSync(FIXTURE, `${JSON.stringify(exchanges, null, 1)}\n`)
  })

  it('is found with or without /v1, and named by its list of models', async () => {
    expect(model.id).toBe('chain')
    const versioned = await openEndpoint({ endpoint: `${url}/v1`, apiKey: KEY })
    expect((await versioned.models.list()).data).toEqual([
      { id: 'chain', object: 'model', created: expect.any(Number), owned_by: 'llamacpp' },
    ])
  })

  it('answers', async () => {
    const { choices, usage, hadal, ...rest } = await model.chat.completions.create({ messages })
    expect(choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: ANSWER, reasoning_content: THOUGHT, refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ])
    expect(usage).toMatchObject({ completion_tokens: 18, completion_tokens_details: { reasoning_tokens: 0 } })
    expect(usage.total_tokens).toBe(usage.prompt_tokens + 18)
    expect(hadal).toBeUndefined()
    expect(rest).toMatchObject({ object: 'chat.completion', model: 'chain', id: expect.stringMatching(/./) })
  })

  it('streams the same', async () => {
    const stream = await model.chat.completions.create({
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await collect(stream)
    expect(joined(chunks)).toEqual({ content: ANSWER, reasoning: THOUGHT })
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
    expect(reasons(chunks)).toEqual(['stop'])
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 18 } })
  })

  it.each([
    { thinking: false },
    { chat_template_kwargs: { enable_thinking: false } },
    { reasoning_effort: 'none' },
  ] as const)('does not think with %o', async (choice) => {
    const { choices } = await model.chat.completions.create({ messages, ...choice })
    expect(choices[0]?.message).toMatchObject({ content: ANSWER, reasoning_content: null })
  })

  it('calls a tool, whole and streamed', async () => {
    const request = { messages, tools: [depth], tool_choice: 'required' } as const
    const call = {
      id: expect.stringMatching(/./),
      type: 'function',
      function: { name: 'depth', arguments: '{"place": "Mariana Trench"}' },
    }
    const { choices } = await model.chat.completions.create(request)
    expect(choices[0]).toMatchObject({
      message: { content: ANSWER, tool_calls: [call] },
      finish_reason: 'tool_calls',
    })
    const chunks = await collect(await model.chat.completions.create({ ...request, stream: true }))
    expect(chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toEqual([
      { index: 0, ...call },
    ])
    expect(reasons(chunks)).toEqual(['tool_calls'])
  })

  it('reads the result of a tool', async () => {
    const call = {
      id: 'a',
      type: 'function',
      function: { name: 'depth', arguments: '{"place":"x"}' },
    } as const
    const { choices } = await model.chat.completions.create({
      messages: [
        ...messages,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'a', content: '11 km' },
      ],
      tools: [depth],
    })
    expect(choices[0]?.message.content).toBe(ANSWER)
  })

  it('writes JSON', async () => {
    const schema = { type: 'object', properties: { deep: { const: true } }, required: ['deep'] }
    const { choices } = await model.chat.completions.create({
      messages,
      thinking: false,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    })
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ deep: true })
  })

  it('goes on from a text without repeating it', async () => {
    const { choices } = await model.chat.completions.create({
      messages: [...messages, { role: 'assistant', content: 'Lanternfish', prefix: true }],
    })
    expect(choices[0]?.message.content).toBe(ANSWER.slice('Lanternfish'.length))
  })

  it('gives log-probabilities and stops where it should', async () => {
    const { choices, usage } = await model.chat.completions.create({
      messages,
      thinking: false,
      max_completion_tokens: 2,
      logprobs: true,
      top_logprobs: 2,
      n: 2,
    })
    expect(choices.map(({ finish_reason }) => finish_reason)).toEqual(['length', 'length'])
    expect(choices[1]?.logprobs?.content.map(({ token }) => token)).toEqual(['Lanternfish', ' 🐟'])
    expect(choices[1]?.logprobs?.content[1]).toMatchObject({ logprob: 0, bytes: [32, 240, 159, 144, 159] })
    expect(choices[1]?.logprobs?.content[1]?.top_logprobs).toHaveLength(2)
    expect(usage.completion_tokens).toBe(2)
  })

  it('sends what only this server knows', async () => {
    const { choices } = await model.chat.completions.create({
      messages,
      extra_body: { grammar: 'root ::= "Lanternfish"' },
      thinking: false,
    })
    expect(choices[0]?.message.content).toBe('Lanternfish')
  })

  it('completes texts', async () => {
    const whole = await model.completions.create({ prompt: ['down', '<think>'], max_tokens: 3, logprobs: 1 })
    expect(whole.choices.map(({ text, finish_reason }) => [text, finish_reason])).toEqual([
      ['Lanternfish 🐟 live', 'length'],
      ['\nThey ask', 'length'],
    ])
    expect(whole.choices[0]?.logprobs).toEqual({
      tokens: ['Lanternfish', ' 🐟', ' live'],
      token_logprobs: [0, 0, 0],
      top_logprobs: [{ Lanternfish: 0 }, { ' 🐟': 0 }, { ' live': 0 }],
      text_offset: [0, 11, 14],
    })
    const chunks = await collect(
      await model.completions.create({ prompt: 'down', max_tokens: 3, stream: true }),
    )
    expect(chunks.map(({ choices }) => choices[0]?.text).join('')).toBe('Lanternfish 🐟 live')
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('length')
  })

  it('tokenizes texts and conversations', async () => {
    expect(await model.tokenize('ab')).toHaveLength(2)
    const { usage } = await model.chat.completions.create({ messages })
    expect(await model.countTokens({ messages })).toBe(usage.prompt_tokens)
  })

  it('refuses by name what the server would ignore or does not do', async () => {
    await expect(model.completions.create({ prompt: 'a', echo: true })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('`echo`'),
    })
    await expect(model.embeddings.create({ input: 'a' })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('does not support embeddings'),
    })
  })

  it.each([false, true])('says that a conversation is too long, streamed: %s', async (stream) => {
    const long = [{ role: 'user', content: 'a'.repeat(900) }] as const
    const answered = model.chat.completions.create({ messages: long, stream })
    await expect(answered).rejects.toMatchObject({
      code: 'context_full',
      message: expect.stringContaining('exceeds the available context size'),
    })
  })

  it.each([undefined, 'wrong'])('is not opened with the key %s', async (apiKey) => {
    const opened = openEndpoint({ endpoint: url, ...(apiKey && { apiKey }) })
    await expect(opened).rejects.toMatchObject({ code: 'no_access', hint: expect.stringContaining('apiKey') })
  })
})

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of stream) list.push(item)
  return list
}

const joined = (chunks: readonly ChatCompletionChunk[]) => ({
  content: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
  reasoning: chunks.map(({ choices }) => choices[0]?.delta.reasoning_content ?? '').join(''),
})

const reasons = (chunks: readonly ChatCompletionChunk[]) =>
  chunks.flatMap(({ choices }) => choices.flatMap(({ finish_reason }) => finish_reason ?? []))
