// Tests of the stock OpenAI client over `hadal/openai`: chats, streams, errors, cancelling, models.
import OpenAI from 'openai'
import { describe, expect, it, vi } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { WHO_ARE_YOU } from '../api/recorded.ts'
import { modelThatIsLost, recordedModel } from '../support/recorded-model.ts'
import { scriptedModel } from '../support/scripted-model.ts'

const messages = [{ role: 'user', content: 'Who are you?' } as const]
const clientOf = (...args: Parameters<typeof openAIEndpoint>) =>
  new OpenAI({ apiKey: 'none', ...openAIEndpoint(...args) })

describe('chats', () => {
  it('are answered whole', async () => {
    const { model, requests } = await recordedModel()
    const answer = await clientOf(model).chat.completions.create({
      model: 'any',
      messages,
      temperature: 0,
      stop: ['!'],
    })
    expect(answer.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'I am Lanternfish 🐟.', reasoning_content: 'This is about me.' },
      finish_reason: 'stop',
    })
    expect(answer.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 6 })
    expect(requests).toMatchObject([{ input: { messages }, sampling: { temperature: 0 }, stop: ['!'] }])
    await model.unload()
  })

  it('are streamed, with usage', async () => {
    const { model } = await recordedModel()
    const stream = await clientOf(model).chat.completions.create({
      model: 'any',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    expect(text).toBe('I am Lanternfish 🐟.')
    expect(chunks.at(-1)?.usage).toMatchObject({ total_tokens: 15 })
    await model.unload()
  })

  it('run the functions of `runTools` until the answer needs no more', async () => {
    const { model, chats } = scriptedModel([
      { reasoning: 'I look.', calls: [{ name: 'depth', arguments: '{"of":"trench"}' }] },
      { content: 'It is 10 994 m.' },
    ])
    const depth = ({ of }: { of: string }) => `${of}: 10994`
    const parameters = { type: 'object', properties: { of: { type: 'string' } } }
    const runner = clientOf(model).chat.completions.runTools({
      model: 'any',
      messages,
      tools: [
        {
          type: 'function',
          function: {
            name: 'depth',
            description: 'A depth.',
            parse: JSON.parse,
            function: depth,
            parameters,
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('It is 10 994 m.')
    expect(chats[0]).toMatchObject({ tools: [{ function: { name: 'depth', parameters } }] })
    expect(chats[1]?.messages.slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'call_1_0' }] },
      { role: 'tool', tool_call_id: 'call_1_0', content: 'trench: 10994' },
    ])
  })
})

describe('cancelling', () => {
  const many = Array.from({ length: 500 }, () => WHO_ARE_YOU[2]).flatMap((event) => event ?? [])

  it('leaving a stream stops the engine', async () => {
    const { model, log } = await recordedModel(many)
    const stream = await clientOf(model).chat.completions.create({ model: 'any', messages, stream: true })
    for await (const { choices } of stream) if (choices[0]?.delta.content) break
    await vi.waitFor(() => expect(log).toContain('stop chat'))
    expect(log.filter((line) => line === 'event chat').length).toBeLessThan(many.length)
    await model.unload()
  })

  it.each([true, false])('a signal rejects a request and stops the engine (stream: %s)', async (stream) => {
    const { model, log } = await recordedModel(many)
    const abort = new AbortController()
    const asking = clientOf(model)
      .chat.completions.create({ model: 'any', messages, stream }, { signal: abort.signal })
      .then(async (answer) => {
        if (!('controller' in answer)) return
        for await (const _ of answer) abort.abort()
        throw new OpenAI.APIUserAbortError() // the client ends an aborted stream without an error
      })
    if (!stream) await vi.waitFor(() => expect(log).toContain('event chat'))
    if (!stream) abort.abort()
    await expect(asking).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    await vi.waitFor(() => expect(log).toContain('stop chat'))
    expect(log.filter((line) => line === 'event chat').length).toBeLessThan(many.length)
    await model.unload()
  })
})

describe('errors', () => {
  it('of a request are the client’s own, with the field', async () => {
    const { model } = await recordedModel()
    const asking = clientOf(model).chat.completions.create({ model: 'any', messages, top_p: 2 })
    await expect(asking).rejects.toBeInstanceOf(OpenAI.BadRequestError)
    await expect(asking).rejects.toMatchObject({
      status: 400,
      code: 'bad_request',
      param: 'top_p',
      type: 'invalid_request_error',
    })
    await model.unload()
  })

  it('of a full context have OpenAI’s code, and those of the GPU are not tried again', async () => {
    const { model, engine, log } = await recordedModel()
    const fail = (error: HadalError) => {
      // biome-ignore lint/correctness/useYield: fails before the first piece
      engine.generate = async function* () {
        log.push('asked')
        throw error
      }
    }
    const ask = () => clientOf(model).chat.completions.create({ model: 'any', messages })
    fail(new HadalError('context_full', 'The chat is too long.', { hint: 'Start a new chat.' }))
    await expect(ask()).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
      message: '400 The chat is too long. Start a new chat.',
    })
    fail(new HadalError('device_lost', 'The GPU went away.'))
    await expect(ask()).rejects.toMatchObject({ status: 503, code: 'device_lost', type: 'server_error' })
    expect(log).toEqual(['asked', 'asked'])
    await model.unload()
    await expect(ask()).rejects.toMatchObject({ status: 503, code: 'aborted' })
  })

  it('in mid-stream are thrown by the client', async () => {
    const { model } = await modelThatIsLost()
    const stream = await clientOf(model).chat.completions.create({ model: 'any', messages, stream: true })
    let text = ''
    const reading = (async () => {
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    })()
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError)
    await expect(reading).rejects.toMatchObject({
      code: 'device_lost',
      message: expect.stringContaining('The GPU went away.'),
    })
    expect(text).toBe('I am Lanternfish 🐟.')
    await model.unload()
  })
})

describe('other interfaces', () => {
  it('text completions are answered whole and streamed', async () => {
    const client = clientOf(scriptedModel([]).model)
    const whole = await client.completions.create({ model: 'any', prompt: 'Light' })
    expect(whole.choices[0]?.text).toBe('in the deep')
    let text = ''
    for await (const { choices } of await client.completions.create({
      model: 'any',
      prompt: 'Light',
      stream: true,
    }))
      text += choices[0]?.text
    expect(text).toBe('in the deep')
  })

  it('embeddings are numbers, also through the client’s base64', async () => {
    const { model, others } = scriptedModel([])
    const { data } = await clientOf(model).embeddings.create({ model: 'any', input: ['a', 'b'] })
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [0, 0.5, -2],
      [1, 0.5, -2],
    ])
    expect(others).toMatchObject([{ encoding_format: 'base64' }])
  })

  it('models are listed, by the names they are served under', async () => {
    const { model } = scriptedModel([])
    const ids = async (client: OpenAI) => (await client.models.list()).data.map(({ id }) => id)
    expect(await ids(clientOf(model))).toEqual(['Anglerfish'])
    const client = clientOf({ chat: model, 'org/small': model })
    expect(await ids(client)).toEqual(['chat', 'org/small'])
    expect(await client.models.retrieve('org/small')).toMatchObject({ id: 'org/small', object: 'model' })
    await expect(client.models.retrieve('large')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
  })
})

describe('several models', () => {
  it('answer to their own name, and no other', async () => {
    const [first, second] = [scriptedModel([{ content: 'one' }]), scriptedModel([{ content: 'two' }])]
    const client = clientOf({ chat: first.model, second: second.model })
    const ask = async (model: string) =>
      (await client.chat.completions.create({ model, messages })).choices[0]?.message.content
    expect([await ask('second'), await ask('chat')]).toEqual(['two', 'one'])
    await expect(ask('third')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    await expect(ask('third')).rejects.toThrow('There is no model "third" here. Models: chat, second.')
  })
})
