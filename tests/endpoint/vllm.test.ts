// Tests of a model behind vLLM. The answers are written after vLLM's published protocol, not recorded: it
// calls the thinking part `reasoning`, streams calls in pieces, and ends a call that was asked for by name
// with `stop`.
import { describe, expect, it } from 'vitest'
import { openEndpoint } from '../../src/endpoint/open-endpoint.ts'
import type { EndpointModel } from '../../src/endpoint/types.ts'
import { failure, messages, servers } from './local-server.ts'
import { asked, startServer } from './recorded-server.ts'

const head = { id: 'chatcmpl-1', created: 1764000000, model: 'deepseek-ai/DeepSeek-V3.1' }
const usage = { prompt_tokens: 12, total_tokens: 30, completion_tokens: 18, prompt_tokens_details: null }

const piece = (index: number, given: object) => ({ tool_calls: [{ index, ...given }] })
const begins = (index: number, name: string) =>
  piece(index, { id: `call_${index}`, type: 'function', function: { name, arguments: '' } })
const goesOn = (index: number, text: string) => piece(index, { function: { arguments: text } })

const DELTAS = [
  { role: 'assistant', content: '' },
  { reasoning: 'Two ' },
  { reasoning: 'cities.' },
  { content: 'I look.' },
  begins(0, 'depth'),
  goesOn(0, '{"place": '),
  goesOn(0, '"海"}'),
  begins(1, 'light'),
  goesOn(1, '{}'),
]

const choice = (delta: object, finish_reason: string | null = null) => ({
  index: 0,
  delta,
  logprobs: null,
  finish_reason,
  token_ids: null,
})

const event = (choices: object[], more = {}) =>
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`

const STREAM = [
  ...DELTAS.map((delta) => event([choice(delta)])),
  event([choice({}, 'tool_calls')]),
  event([], { usage }),
  'data: [DONE]\n\n',
].join('')

const CALLS = [
  { index: 0, id: 'call_0', type: 'function', function: { name: 'depth', arguments: '{"place": "海"}' } },
  { index: 1, id: 'call_1', type: 'function', function: { name: 'light', arguments: '{}' } },
]

/** A model behind a server that gives one answer, in two parts cut at a byte. */
async function vllm(answer: string, cut = 0): Promise<EndpointModel> {
  const bytes = Buffer.from(answer)
  const server = await startServer(async (request, response) => {
    const { path, body } = await asked(request)
    if (path === '/v1/models')
      return response.end(JSON.stringify({ object: 'list', data: [{ id: head.model, owned_by: 'vllm' }] }))
    if (path === '/tokenize') return response.end(JSON.stringify(tokens(body)))
    response.write(bytes.subarray(0, cut))
    await new Promise(setImmediate)
    return response.end(bytes.subarray(cut))
  })
  servers.push(server)
  return openEndpoint({ endpoint: server.url })
}

/** vLLM takes a text as `prompt`, or a conversation as `messages`. */
function tokens(body: unknown): object {
  const { prompt, messages: list } = body as { prompt?: string; messages?: unknown[] }
  const ids = prompt === undefined ? [1, 2, 3, ...(list ?? []).map(() => 4)] : [...prompt].map(() => 5)
  return { count: ids.length, max_model_len: 4096, tokens: ids }
}

async function readAll(model: EndpointModel) {
  const read = {
    content: '',
    reasoning: '',
    calls: [] as unknown[],
    reasons: [] as unknown[],
    usage: [] as unknown[],
  }
  const stream = await model.chat.completions.create({ messages, stream: true })
  for await (const { choices, usage: counts } of stream) {
    if (counts) read.usage.push(counts)
    for (const { delta, finish_reason } of choices) {
      read.content += delta.content ?? ''
      read.reasoning += delta.reasoning_content ?? ''
      read.calls.push(...(delta.tool_calls ?? []))
      if (finish_reason) read.reasons.push(finish_reason)
    }
  }
  return read
}

describe('a stream of vLLM', () => {
  const whole = {
    content: 'I look.',
    reasoning: 'Two cities.',
    calls: CALLS,
    reasons: ['tool_calls'],
    usage: [
      {
        prompt_tokens: 12,
        completion_tokens: 18,
        total_tokens: 30,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    ],
  }

  it('has its thinking part as reasoning_content, and its calls whole', async () => {
    expect(await readAll(await vllm(STREAM))).toEqual(whole)
  })

  it('is the same wherever it is cut', async () => {
    const from = STREAM.indexOf('海') - 40
    const start = Buffer.from(STREAM.slice(0, from)).length
    for (let cut = start; cut < start + 90; cut++)
      expect(await readAll(await vllm(STREAM, cut))).toEqual(whole)
  })

  it('may break off with an error', async () => {
    const broken = [
      event([choice({ content: 'a' })]),
      'data: {"error":{"message":"EngineCore died","code":500}}\n\n',
      'data: [DONE]\n\n',
    ].join('')
    expect(await failure(readAll(await vllm(broken)))).toMatchObject({
      code: 'network',
      message: expect.stringContaining('EngineCore died'),
    })
  })
})

it('a whole answer of vLLM with a call that was asked for by name ends with `tool_calls`', async () => {
  const call = { id: 'a', type: 'function', function: { name: 'depth', arguments: '{}' } }
  const message = { role: 'assistant', content: '', reasoning: 'Hm.', tool_calls: [call] }
  const answer = {
    ...head,
    choices: [{ index: 0, message, finish_reason: 'stop', stop_reason: null }],
    usage,
  }
  const { choices } = await (await vllm(JSON.stringify(answer))).chat.completions.create({ messages })
  expect(choices[0]).toEqual({
    index: 0,
    message: {
      role: 'assistant',
      content: null,
      reasoning_content: 'Hm.',
      tool_calls: [call],
      refusal: null,
    },
    finish_reason: 'tool_calls',
    logprobs: null,
  })
})

it('vLLM tokenizes texts and conversations', async () => {
  const model = await vllm('')
  expect(await model.tokenize('ab')).toEqual([5, 5])
  expect(await model.countTokens({ messages })).toBe(4)
})

describe('embeddings', () => {
  const answer = (embedding: unknown) =>
    JSON.stringify({
      data: [{ index: 0, embedding }],
      model: 'e',
      usage: { prompt_tokens: 2, total_tokens: 2 },
    })
  const text = 'AACAPwAAAMA=' // 1 and -2, in little-endian f32

  it.each([
    ['float', [1, -2], [1, -2]],
    ['float', text, [1, -2]],
    ['base64', [1, -2], text],
    ['base64', text, text],
  ] as const)('asked for as %s and given as %o are %o', async (encoding_format, given, read) => {
    const model = await vllm(answer(given))
    expect(await model.embeddings.create({ input: 'a', encoding_format })).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: read }],
      model: 'e',
      usage: { prompt_tokens: 2, total_tokens: 2 },
    })
  })

  it.each([['%%%'], ['AAA='], [[1, null]], [undefined]])('given as %o are an error', async (given) => {
    const model = await vllm(answer(given))
    expect(await failure(model.embeddings.create({ input: 'a' }))).toMatchObject({ code: 'network' })
  })
})
