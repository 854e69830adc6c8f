// Tests of endpoints whose server answers wrongly or maliciously.
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { EndpointModel } from '../../src/endpoint/types.ts'
import { chunk, error, events, failure, messages, modelWith, page, pour, status } from './local-server.ts'

describe('an answer', () => {
  it.each([
    [page, 'text/html', '<!doctype html>'],
    ['', 'application/json', 'did not answer with JSON'],
    ['null', 'application/json', 'must be an object'],
    ['{"choices":3}', 'application/json', '`choices` must be a list'],
    ['{"choices":[{}]}', 'application/json', 'message'],
    ['{"choices":[{"message":{"content":{"a":1}}}]}', 'application/json', 'content'],
    [
      '{"choices":[{"message":{"content":"a"},"finish_reason":"content_filter"}]}',
      'application/json',
      '"content_filter"',
    ],
    ['{"error":{"message":"overloaded"}}', 'application/json', 'overloaded'],
  ])('%s is an error', async (body, type, text) => {
    const model = await modelWith(status(200, body, { 'content-type': type }))
    const failed = await failure(model.chat.completions.create({ messages }))
    expect(failed).toMatchObject({ code: 'network', message: expect.stringContaining(text) })
  })

  it('of endless length is an error', async () => {
    const model = await modelWith((response) => pour(response, `{"a":"${'x'.repeat(2 ** 20)}`))
    const failed = await failure(model.chat.completions.create({ messages }))
    expect(failed).toMatchObject({ code: 'network', message: expect.stringContaining('longer than') })
  })

  it('has counts of zero where the server does not count, and reads those of other names', async () => {
    const choices = [{ message: { content: 'a' }, finish_reason: 'stop' }]
    const usage = { prompt_tokens: 5, completion_tokens: 2, prompt_cache_hit_tokens: 4, reasoning_tokens: 1 }
    const answers = [{ choices }, { choices, usage }]
    const model = await modelWith((response) => response.end(JSON.stringify(answers.shift())))
    const zero = {
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    }
    expect((await model.chat.completions.create({ messages })).usage).toEqual({
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      ...zero,
    })
    expect((await model.chat.completions.create({ messages })).usage).toEqual({
      prompt_tokens: 5,
      completion_tokens: 2,
      total_tokens: 7,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 1 },
    })
  })
})

async function readText(model: EndpointModel): Promise<string> {
  let text = ''
  for await (const { choices } of await model.chat.completions.create({ messages, stream: true }))
    text += choices[0]?.delta.content ?? ''
  return text
}

describe('a stream', () => {
  it.each([
    ['without [DONE]', [chunk('a'), chunk('b', 'stop')], 'ab'],
    ['that [DONE] ends', [chunk('a'), 'data: [DONE]\n\n', chunk('b')], 'a'],
    ['with comments and other fields', [': ping\n\n', 'event: x\nid: 1\n', chunk('a', 'stop'), ':\n'], 'a'],
    [
      'of many-line data',
      ['data: {"choices":\ndata:[{"delta":{"content":"a"},\ndata: "finish_reason":"stop"}]}\n\n'],
      'a',
    ],
    [
      'with other line ends',
      [chunk('a').replaceAll('\n', '\r\n'), chunk('b', 'stop').replaceAll('\n', '\r')],
      'ab',
    ],
    ['whose last line does not end', [chunk('a'), chunk('b', 'stop').trimEnd()], 'ab'],
    ['of broken UTF-8', [Buffer.from(chunk('ÿ', 'stop'), 'latin1')], '\ufffd'],
  ] as const)('%s is read', async (_, pieces, text) => {
    expect(await readText(await modelWith(events(...pieces)))).toEqual(text)
  })

  it.each([
    ['that ends early', [chunk('a')], 'ended the stream before the answer'],
    ['that is cut within an event', [chunk('a'), chunk('b').slice(0, 20)], 'did not answer with JSON'],
    ['of nothing', [], 'ended the stream before the answer'],
    ['with an error in it', [chunk('a'), `data: ${error('out of memory')}\n\n`], 'out of memory'],
    ['of a page', [page], 'ended the stream before the answer'],
    [
      'that the server gave up',
      [chunk('a'), chunk('', 'insufficient_system_resource')],
      'insufficient_system',
    ],
    ['of other JSON', ['data: [1]\n\n'], 'must be an object'],
  ] as const)('%s is an error', async (_, pieces, text) => {
    const model = await modelWith(events(...pieces))
    expect(await failure(readText(model))).toMatchObject({
      code: 'network',
      message: expect.stringContaining(text),
    })
  })

  it.each([
    ['line', 'x'.repeat(2 ** 16)],
    ['event', `data: ${'x'.repeat(2 ** 16)}\n`],
  ])('with an endless %s is an error, and its connection is closed', async (_, piece) => {
    const closing: Promise<unknown>[] = []
    const model = await modelWith(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      closing.push(once(response, 'close'))
      await pour(response, piece)
    })
    expect(await failure(readText(model))).toMatchObject({
      code: 'network',
      message: expect.stringContaining('too long'),
    })
    await Promise.all(closing)
  })
})
