// Tests of when requests to an endpoint begin and end: cancelled, left, unread, or cut off by unload.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import type { ChatCompletionStream } from '../../src/api/openai-types.ts'
import type { EndpointModel } from '../../src/endpoint/types.ts'
import { chunk, failure, messages, modelWith } from './local-server.ts'

/** A model whose answers the test writes: each request appears in `open` once it has arrived. */
async function written() {
  const open: ServerResponse[] = []
  const model = await modelWith((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    open.push(response)
  })
  return { model, open }
}

const ask = (model: EndpointModel, signal?: AbortSignal): Promise<ChatCompletionStream> =>
  model.chat.completions.create({ messages, stream: true }, { ...(signal && { signal }) })

/** The open answer at this place, as soon as its request has arrived. */
async function answerOf(open: readonly ServerResponse[], place: number): Promise<ServerResponse> {
  for (;;) {
    const response = open[place]
    if (response) return response
    await new Promise(setImmediate)
  }
}

it('closes the connection of a stream whose reader leaves', async () => {
  const { model, open } = await written()
  const asked = ask(model)
  const response = await answerOf(open, 0)
  const closed = once(response, 'close')
  response.write(chunk('a') + chunk('b'))
  const stream = await asked
  for await (const { choices } of stream) {
    expect(choices[0]?.delta.content).toBe('a')
    break
  }
  await closed
  expect(await stream.next()).toEqual({ done: true, value: undefined })
})

it('closes the connection of a stream that is left before it is read', async () => {
  const { model, open } = await written()
  const asked = ask(model)
  const response = await answerOf(open, 0)
  const closed = once(response, 'close')
  response.write(chunk('a'))
  await (await asked).return?.()
  await closed
})

it('sends requests at once, and reads answers that nobody waits for to their end', async () => {
  const { model, open } = await written()
  const unread = Array.from({ length: 12 }, () => ask(model))
  const responses = await Promise.all(unread.map((_, place) => answerOf(open, place)))
  const filled = chunk('x'.repeat(2 ** 16))
  const ended = responses.map(async (response) => {
    for (let i = 0; i < 64; i++) if (!response.write(filled)) await once(response, 'drain')
    response.end(chunk('', 'stop'))
    await once(response, 'close')
  })
  await Promise.all(ended)
  const first = await (await unread[0])?.next()
  expect(first?.value?.choices[0]?.delta.content).toHaveLength(2 ** 16)
})

it('gives several readers of one stream different chunks', async () => {
  const { model, open } = await written()
  const asked = ask(model)
  const response = await answerOf(open, 0)
  response.write(chunk('a'))
  const stream = await asked
  await stream.next()
  const both = Promise.all([stream.next(), stream.next()])
  response.end(chunk('b') + chunk('c', 'stop'))
  expect((await both).map(({ value }) => value?.choices[0]?.delta.content)).toEqual(['b', 'c'])
})

it.each([true, false])('rejects when the signal fires; streamed: %s', async (stream) => {
  const { model, open } = await written()
  const stop = new AbortController()
  const asked = model.chat.completions.create({ messages, stream }, { signal: stop.signal })
  const response = await answerOf(open, 0)
  const closed = once(response, 'close')
  stop.abort('enough')
  expect(await failure(asked)).toMatchObject({ code: 'aborted', name: 'AbortError', cause: 'enough' })
  await closed
  expect(await failure(ask(model, stop.signal))).toMatchObject({ code: 'aborted' })
  expect(open).toHaveLength(1)
})

it('rejects in mid-stream when the signal fires, without what had arrived', async () => {
  const { model, open } = await written()
  const stop = new AbortController()
  const asked = ask(model, stop.signal)
  const response = await answerOf(open, 0)
  response.write(chunk('a') + chunk('b'))
  const stream = await asked
  await stream.next()
  stop.abort()
  expect(await failure(stream.next())).toMatchObject({ code: 'aborted' })
  expect(await stream.next()).toEqual({ done: true, value: undefined })
})

it('ends what is in flight, and all later requests, when it is unloaded', async () => {
  const { model, open } = await written()
  const whole = model.chat.completions.create({ messages })
  const asked = ask(model)
  const responses = await Promise.all([answerOf(open, 0), answerOf(open, 1)])
  const closed = responses.map((response) => once(response, 'close'))
  responses.at(1)?.write(chunk('a'))
  responses.at(0)?.write(chunk('a'))
  const unloaded = { code: 'aborted', message: 'The model was unloaded.' }
  const failed = failure(whole)
  const stream = await Promise.race([asked, failed.then(() => asked)])
  await stream.next()
  await model.unload()
  await model.unload()
  expect(await failed).toMatchObject(unloaded)
  expect(await failure(stream.next())).toMatchObject(unloaded)
  await Promise.all(closed)
  expect(await failure(model.models.list())).toMatchObject(unloaded)
})
