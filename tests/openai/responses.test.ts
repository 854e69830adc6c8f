// Tests of OpenAI's responses in their text form, through the stock client: whole, streamed, refused.
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { modelThatIsLost } from '../support/recorded-model.ts'
import { type ScriptedAnswer, scriptedModel } from '../support/scripted-model.ts'

function clientOf(...answers: ScriptedAnswer[]) {
  const { model, chats } = scriptedModel(answers)
  return { client: new OpenAI({ apiKey: 'none', ...openAIEndpoint(model) }), chats }
}

const THOUGHTFUL = { reasoning: 'They greet me.', content: 'Hello, diver.' }

describe('a response', () => {
  it('answers a text', async () => {
    const { client, chats } = clientOf(THOUGHTFUL)
    const response = await client.responses.create({
      model: 'any',
      input: 'Hello',
      instructions: 'Be brief.',
      max_output_tokens: 50,
      temperature: 0,
      top_p: 0.9,
      store: true,
    })
    expect(chats).toMatchObject([
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hello' },
        ],
        max_tokens: 50,
        temperature: 0,
        top_p: 0.9,
      },
    ])
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      output_text: 'Hello, diver.',
      output: [
        { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'They greet me.' }] },
        { type: 'message', role: 'assistant', status: 'completed' },
      ],
      usage: { input_tokens: 9, output_tokens: 6, output_tokens_details: { reasoning_tokens: 2 } },
      instructions: 'Be brief.',
      error: null,
    })
  })

  it('goes on with the output of an earlier one', async () => {
    const { client, chats } = clientOf(THOUGHTFUL, { content: 'Deep.' })
    const first = await client.responses.create({ model: 'any', input: 'Hello' })
    await client.responses.create({
      model: 'any',
      input: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
        ...first.output.filter((item) => item.type === 'message' || item.type === 'reasoning'),
        { role: 'user', content: 'How deep?' },
      ],
    })
    expect(chats[1]?.messages).toEqual([
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hello, diver.', reasoning_content: 'They greet me.' },
      { role: 'user', content: 'How deep?' },
    ])
  })

  it.each<[string, object]>([
    ['tools', { tools: [{ type: 'web_search' }] }],
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['text', { text: { format: { type: 'json_object' } } }],
    ['background', { background: true }],
    ['truncation', { truncation: 'auto' }],
    ['reasoning.summary', { reasoning: { summary: 'auto' } }],
    ['max_output_tokens', { max_output_tokens: 0 }],
    ['input', { input: [] }],
    ['input[0].content[0]', { input: [{ role: 'user', content: [{ type: 'input_image' }] }] }],
    ['input[0].type', { input: [{ type: 'function_call_output', call_id: 'a', output: 'b' }] }],
  ])('refuses %s by name', async (param, fields) => {
    const { client, chats } = clientOf({})
    const asking = client.responses.create({ model: 'any', input: 'Hello', ...fields })
    await expect(asking).rejects.toMatchObject({ status: 400, code: 'bad_request', param })
    expect(chats).toEqual([])
  })
})

describe('a streamed response', () => {
  it('has the events of OpenAI, in order, and the client puts the answer together', async () => {
    const { client } = clientOf(THOUGHTFUL)
    const stream = client.responses.stream({ model: 'any', input: 'Hello' })
    const events = []
    for await (const event of stream) events.push(event)
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index))
    const part = (kind: string) => [
      'response.output_item.added',
      'response.content_part.added',
      `response.${kind}.delta`,
      `response.${kind}.delta`,
      `response.${kind}.done`,
      'response.content_part.done',
      'response.output_item.done',
    ]
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      ...part('reasoning_text'),
      ...part('output_text'),
      'response.completed',
    ])
    const whole = await stream.finalResponse()
    expect(whole).toMatchObject({
      output_text: 'Hello, diver.',
      status: 'completed',
      usage: { total_tokens: 15 },
    })
  })

  it('of an answer that ends too early is incomplete', async () => {
    const { client } = clientOf({ content: 'The sea is', finishReason: 'length' })
    const events = []
    for await (const event of await client.responses.create({ model: 'any', input: 'Hello', stream: true }))
      events.push(event)
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    })
  })

  it('that fails in the middle is thrown by the client', async () => {
    const { model } = await modelThatIsLost()
    const client = new OpenAI({ apiKey: 'none', ...openAIEndpoint(model) })
    const stream = await client.responses.create({ model: 'any', input: 'Hello', stream: true })
    const reading = (async () => {
      for await (const _ of stream);
    })()
    await expect(reading).rejects.toMatchObject({ code: 'device_lost' })
    await model.unload()
  })
})
