// Tests of the requests that an endpoint gets: fields in the server's words, headers, addresses.
import { describe, expect, it } from 'vitest'
import { baseUrls } from '../../src/endpoint/address.ts'
import { openEndpoint } from '../../src/endpoint/open-endpoint.ts'
import { chatBody, completionBody, embeddingBody } from '../../src/endpoint/request.ts'
import { type ServerKind, serverKind } from '../../src/endpoint/server-kind.ts'
import { failure, KEY, servers } from './local-server.ts'
import { startServer } from './recorded-server.ts'

const messages = [{ role: 'user', content: 'hi' }]
const chat = (fields: object, kind: ServerKind = 'other') =>
  chatBody({ messages, ...fields }, { model: 'm', kind }).body
const refused = (work: () => unknown) => failure((async () => work())())

describe('a chat request', () => {
  it('is sent as it is, with the name of the model that was opened, and without nulls', () => {
    const fields = { temperature: 0, stop: ['a'], seed: 3, user: 'u', stream: true, max_completion_tokens: 4 }
    expect(chat({ ...fields, model: 'other', top_p: null })).toEqual({ messages, ...fields, model: 'm' })
  })

  it.each([
    ['other', { thinking: true }, { chat_template_kwargs: { enable_thinking: true, thinking: true } }],
    [
      'other',
      { reasoning_effort: 'none' },
      { chat_template_kwargs: { enable_thinking: false, thinking: false } },
    ],
    ['other', { reasoning_effort: 'low' }, { reasoning_effort: 'low' }],
    ['other', { top_k: 0, repetition_penalty: 1.5 }, { top_k: -1, repetition_penalty: 1.5 }],
    ['llama-server', { repetition_penalty: 1.5 }, { repeat_penalty: 1.5 }],
    ['deepseek', { thinking: true }, { thinking: { type: 'enabled' } }],
    ['deepseek', { chat_template_kwargs: { enable_thinking: false } }, { thinking: { type: 'disabled' } }],
    ['deepseek', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['deepseek', { reasoning_effort: 'high' }, { reasoning_effort: 'high' }],
    ['deepseek', { max_completion_tokens: 9 }, { max_tokens: 9 }],
    ['deepseek', { n: 1, top_k: 0, min_p: 0, repetition_penalty: 1 }, {}],
  ] as const)('to %s has %o as %o', (kind, fields, sent) => {
    expect(chat(fields, kind)).toEqual({ messages, model: 'm', ...sent })
  })

  it.each([
    { top_k: 5 },
    { min_p: 0.1 },
    { repetition_penalty: 1.1 },
    { seed: 0 },
    { n: 2 },
    { logit_bias: { 1: 1 } },
  ])('to DeepSeek is refused with %o, which it would ignore', async (fields) => {
    expect(await refused(() => chat(fields, 'deepseek'))).toMatchObject({
      code: 'bad_request',
      message: `\`${Object.keys(fields)[0]}\` is not supported by DeepSeek's API.`,
    })
  })

  it('goes on from a prefix of text parts, too', () => {
    const content = [{ type: 'text' as const, text: 'a' }]
    const begun = [...messages, { role: 'assistant' as const, content, prefix: true }]
    expect(chatBody({ messages: begun }, { model: 'm', kind: 'other' })).toMatchObject({
      body: { continue_final_message: true, add_generation_prompt: false },
      prefix: 'a',
    })
  })

  it('goes on from a prefix in the words of the server', () => {
    const begun = [...messages, { role: 'assistant', content: 'a', prefix: true }]
    expect(chat({ messages: begun }, 'deepseek')).toEqual({ messages: begun, model: 'm' })
    expect(chat({ messages: begun })).toEqual({
      messages: [...messages, { role: 'assistant', content: 'a' }],
      model: 'm',
      continue_final_message: true,
      add_generation_prompt: false,
    })
  })

  it('takes other fields from extra_body only', async () => {
    expect(chat({ extra_body: { guided_choice: ['a'] } })).toMatchObject({ guided_choice: ['a'] })
    expect(chat({ extra_body: { chat_template_kwargs: { a: 1 } } })).toMatchObject({
      chat_template_kwargs: { a: 1 },
    })
    expect(await refused(() => chat({ guided_choice: ['a'] }))).toMatchObject({
      hint: expect.stringContaining('extra_body'),
    })
    for (const [fields, field] of [
      [{ guided_choice: ['a'] }, 'guided_choice'],
      [{ extra_body: { messages: [] } }, 'extra_body.messages'],
      [{ extra_body: { model: 'x' } }, 'extra_body.model'],
      [{ extra_body: { stream: true } }, 'extra_body.stream'],
      [{ extra_body: 3 }, 'extra_body'],
      [{ temperature: 3 }, 'temperature'],
      [{ response_format: { type: 'xml' } }, 'response_format.type'],
      [{ messages: [] }, 'messages'],
    ] as const)
      expect(await refused(() => chat(fields))).toMatchObject({
        code: 'bad_request',
        message: expect.stringContaining(`\`${field}\``),
      })
  })
})

describe('other requests', () => {
  const target = { model: 'm', kind: 'other' } as const

  it('to complete a text have the default length that local models have', () => {
    expect(completionBody({ prompt: 'a' }, target).body).toEqual({ prompt: 'a', max_tokens: 16, model: 'm' })
  })

  it('are checked', async () => {
    for (const work of [
      () => completionBody({ prompt: 'a', suffix: 'b' }, target),
      () => completionBody({ prompt: [] }, target),
      () => embeddingBody({ input: [] }, target),
      () => embeddingBody({ input: 'a', pooling: 'x' }, target),
      () => embeddingBody({ input: 'a', encoding_format: 'hex' }, target),
    ])
      expect(await refused(work)).toMatchObject({ code: 'bad_request' })
  })
})

describe('an address', () => {
  it.each([
    ['http://h', ['http://h/v1/', 'http://h/']],
    ['http://h/v1', ['http://h/v1/']],
    ['http://h/api/v2/?version=3#x', ['http://h/api/v2/?version=3']],
    ['http://h/llm', ['http://h/llm/v1/', 'http://h/llm/']],
    ['https://api.deepseek.com/beta', ['https://api.deepseek.com/beta/']],
  ])('%s is tried as %o', (address, bases) => {
    expect(baseUrls(address).map(String)).toEqual(bases)
  })

  it('tells DeepSeek and llama-server apart from others', () => {
    expect(serverKind(new URL('https://api.deepseek.com/v1/'), undefined)).toBe('deepseek')
    expect(serverKind(new URL('https://notdeepseek.com/v1/'), 'deepseek')).toBe('other')
    expect(serverKind(new URL('http://h/v1/'), 'llamacpp')).toBe('llama-server')
  })
})

it('sends key and headers with every request, below the base that lists models, with its query', async () => {
  const seen: string[] = []
  const server = await startServer((request, response) => {
    const { url = '', headers } = request
    seen.push(`${url} ${headers.authorization} ${headers['x-team']}`)
    if (url === '/models?a=b') response.end('{"data":[{"id":"m"}]}')
    else response.writeHead(404).end()
  })
  servers.push(server)
  const headers = { 'x-team': 'deep' }
  const model = await openEndpoint({ endpoint: `${server.url}?a=b`, apiKey: KEY, headers })
  const failed = await failure(model.tokenize('a'))
  expect(failed).toMatchObject({ code: 'unsupported', hint: expect.stringContaining('/tokenize') })
  expect(seen).toEqual(['/v1/models', '/models', '/tokenize'].map((path) => `${path}?a=b Bearer ${KEY} deep`))
})
