// Tests of text completions, several choices and token counts, over a replayed engine.
import { expect, test } from 'vitest'
import { loadModel } from '../../src/api/load.ts'
import type { CompletionChunk } from '../../src/api/openai-types.ts'
import type { GenerateEvent } from '../../src/engine/types.ts'
import { HadalError } from '../../src/lib/error.ts'
import { replayEngine, WHO_ARE_YOU } from './recorded.ts'
import { workerOf } from './worker-of.ts'

const MODEL_URL = 'https://example.test/models/lanternfish'
const PLAIN = WHO_ARE_YOU.map(
  (event): GenerateEvent =>
    event.type === 'done'
      ? { ...event, reasoningTokens: 0 }
      : { ...event, text: event.text || '~', reasoning: '' },
)
const TEXT = '~~I am Lanternfish 🐟.'

async function open() {
  const { engine, requests } = replayEngine(PLAIN)
  const { worker } = workerOf(async () => engine)
  return { model: await loadModel(MODEL_URL, { worker }), requests }
}

test('a text is continued with all options, without template and thinking', async () => {
  const { model, requests } = await open()
  const params = { prompt: 'Who?', seed: 4, stop: 'x', max_tokens: 9, user: 'u', best_of: 1 } as const
  const completion = await model.completions.create(params)
  expect(requests).toEqual([
    { input: { prompt: 'Who?' }, sampling: { seed: 4 }, stop: ['x'], maxTokens: 9, plainOutput: true },
  ])
  expect(completion).toMatchObject({
    object: 'text_completion',
    model: 'Lanternfish',
    choices: [{ index: 0, text: TEXT, finish_reason: 'stop', logprobs: null }],
    usage: { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 },
  })
  expect(completion.id).toMatch(/^cmpl-/)
})

test('every prompt gets n choices, each with a seed of its own; a prompt counts once', async () => {
  const { model, requests } = await open()
  const prompt = ['a', 'b']
  const { choices, usage } = await model.completions.create({ prompt, n: 2, seed: 2 ** 32 - 1, echo: true })
  expect(choices.map(({ index, text }) => [index, text])).toEqual([
    [0, `a${TEXT}`],
    [1, `a${TEXT}`],
    [2, `b${TEXT}`],
    [3, `b${TEXT}`],
  ])
  const [first, second] = [2 ** 32 - 1, 0]
  expect(requests.map((request) => request.choices)).toEqual([
    [
      { index: 0, seed: first },
      { index: 1, seed: second },
    ],
    [
      { index: 2, seed: first },
      { index: 3, seed: second },
    ],
  ])
  expect(requests.every(({ maxTokens }) => maxTokens === 16)).toBe(true)
  expect(usage).toMatchObject({ prompt_tokens: 18, completion_tokens: 24 })
})

test('token ids are prompts too, and are echoed as their text', async () => {
  const { model, requests } = await open()
  const chunks: CompletionChunk[] = []
  const request = {
    prompt: [[7, 8], [9]],
    stream: true,
    echo: true,
    stream_options: { include_usage: true },
  } as const
  for await (const chunk of await model.completions.create(request)) chunks.push(chunk)
  expect(requests.map(({ input }) => input)).toEqual([{ ids: [7, 8] }, { ids: [9] }])
  const textOf = (index: number) =>
    chunks
      .flatMap(({ choices }) => choices.filter((choice) => choice.index === index))
      .map(({ text }) => text)
  expect([textOf(0).join(''), textOf(1).join('')]).toEqual([`<7><8>${TEXT}`, `<9>${TEXT}`])
  const ends = chunks.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason)).filter(Boolean)
  expect(ends).toEqual(['stop', 'stop'])
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 18, completion_tokens: 12 } })
})

test('log-probabilities have the places of their tokens in the text', async () => {
  const events = PLAIN.map((event, index): GenerateEvent => {
    if (event.type === 'done') return event
    const bytes = new Uint8Array([index])
    const top = [{ id: 1, token: 'other', bytes, logprob: -2 }]
    return {
      ...event,
      logprobs: [{ id: index, token: event.text, bytes, logprob: -1, thinking: false, top }],
    }
  })
  const { engine } = replayEngine(events)
  const { worker } = workerOf(async () => engine)
  const model = await loadModel(MODEL_URL, { worker })
  const { choices } = await model.completions.create({ prompt: 'a', logprobs: 1 })
  expect(choices[0]?.logprobs).toEqual({
    tokens: ['~', '~', 'I am ', 'Lanternfish', ' 🐟.'],
    token_logprobs: Array(5).fill(-1),
    top_logprobs: Array(5).fill({ other: -2 }),
    text_offset: [0, 1, 2, 7, 18],
  })
})

test.each([
  [{}, 'prompt'],
  [{ prompt: '' }, 'prompt'],
  [{ prompt: [] }, 'prompt'],
  [{ prompt: ['a', [1]], suffix: 'end' }, 'suffix'],
  [{ prompt: ['a', 1] }, 'prompt[1]'],
  [{ prompt: 'a', best_of: 2 }, 'best_of'],
  [{ prompt: 'a', echo: true, logprobs: 1 }, 'echo'],
  [{ prompt: 'a', logprobs: 21 }, 'logprobs'],
  [{ prompt: 'a', messages: [] }, 'messages'],
  [{ prompt: 'a', n: 0 }, 'n'],
])('refuses %j by naming %s', async (params, field) => {
  const { model } = await open()
  const error = await model.completions.create(params as never).catch((failure: unknown) => failure)
  expect(error).toBeInstanceOf(HadalError)
  expect(error).toMatchObject({ code: 'bad_request', message: expect.stringContaining(`\`${field}\``) })
})

test('the choices of a chat arrive together, up to eight, each with its role and its end', async () => {
  const { model, requests } = await open()
  const messages = [{ role: 'user', content: 'Hi' }] as const
  const { choices } = await model.chat.completions.create({ messages, n: 10 })
  expect(choices.map(({ index, message }) => [index, message.content])).toEqual(
    Array.from({ length: 10 }, (_, index) => [index, TEXT]),
  )
  expect(requests.map((request) => request.choices?.map(({ index }) => index))).toEqual([
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9],
  ])
  const seen: string[] = []
  for await (const { choices } of await model.chat.completions.create({ messages, n: 2, stream: true }))
    for (const { index, delta, finish_reason } of choices) {
      if (delta.role) seen.push(`${index} ${delta.role}`)
      if (finish_reason) seen.push(`${index} ${finish_reason}`)
    }
  expect(seen).toEqual(['0 assistant', '1 assistant', '1 stop', '0 stop'])
})

test('chunks that are asked for at once come in their order', async () => {
  const { model } = await open()
  const stream = await model.completions.create({ prompt: ['a', 'b'], stream: true })
  const asked = await Promise.all(Array.from({ length: 20 }, () => stream.next()))
  const texts = [0, 1].map((index) =>
    asked
      .flatMap(({ value }) => value?.choices ?? [])
      .filter((choice) => choice.index === index)
      .map(({ text }) => text)
      .join(''),
  )
  expect(texts).toEqual([TEXT, TEXT])
  expect(asked.at(-1)).toEqual({ done: true, value: undefined })
})

test('leaving a stream of several choices ends them all', async () => {
  const { engine, log } = replayEngine(PLAIN)
  const { worker } = workerOf(async () => engine)
  const model = await loadModel(MODEL_URL, { worker })
  for await (const _ of await model.completions.create({ prompt: ['a', 'b', 'c'], stream: true })) break
  await model.chat.completions.create({ messages: [{ role: 'user', content: 'Hi' }] })
  expect(log.filter((line) => line.startsWith('start'))).toEqual(['start a', 'start chat'])
})

test('tokens of texts and conversations are listed and counted', async () => {
  const { model } = await open()
  expect(await model.tokenize('text')).toEqual([1, 2, 3])
  expect(await model.countTokens({ messages: [{ role: 'user', content: 'Hi' }] })).toBe(3)
  await expect(model.tokenize({ messages: [] })).rejects.toMatchObject({ code: 'bad_request' })
  expect((await model.models.list()).data).toMatchObject([{ id: 'Lanternfish', object: 'model' }])
  await expect(model.countTokens('text', { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'aborted',
  })
  await model.unload()
  await expect(model.tokenize('text')).rejects.toMatchObject({ code: 'aborted' })
})
