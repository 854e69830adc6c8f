// Tests requests for embeddings: what they may say, and the shape of the results, through the worker's host.
import { expect, it } from 'vitest'
import { embeddings } from '../../src/api/embeddings.ts'
import { EventReceiver } from '../../src/api/receiver.ts'
import type { EmbeddingCreateParams } from '../../src/api/types/embeddings.ts'
import type { EmbedResult } from '../../src/engine/types.ts'
import { engineHost } from '../../src/worker/host.ts'
import { noMeasure, noPlan, replayEngine } from './recorded.ts'

async function open() {
  const replay = replayEngine()
  const host = engineHost({ open: async () => replay.engine, plan: noPlan, measure: noMeasure })
  await host.load({ modelSource: { url: 'https://example.test/' } }, () => {})
  const { create } = embeddings('tiny', (request, signal) => {
    const { port1, port2 } = new MessageChannel()
    host.embed(request, port2)
    return new EventReceiver<EmbedResult>(port1, { signal })
  })
  return { create, ...replay }
}

it('answers a text with one embedding', async () => {
  const { create } = await open()
  const params = { input: 'text', model: 'any', user: 'me' }
  expect(await create(params)).toEqual({
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: [4, Math.fround(0.1)] }],
    model: 'tiny',
    usage: { prompt_tokens: 4, total_tokens: 4 },
  })
})

it.each<[EmbeddingCreateParams['input'], string[]]>([
  [
    ['a', 'bc'],
    ['embed a', 'embed bc'],
  ],
  [[1, 2, 3], ['embed 1,2,3']],
  [
    [[1], [2, 3]],
    ['embed 1', 'embed 2,3'],
  ],
])('embeds %j in order', async (input, log) => {
  const { create, log: actual } = await open()
  const { data, usage } = await create({ input, encoding_format: null, dimensions: null })
  expect(actual).toEqual(log)
  expect(data.map(({ index }) => index)).toEqual(log.map((_, index) => index))
  expect(usage.total_tokens).toBe(data.reduce((sum, { embedding }) => sum + (embedding[0] ?? 0), 0))
})

it('writes base64 as little-endian f32', async () => {
  const { create } = await open()
  const { data } = await create({ input: 'text', encoding_format: 'base64' })
  // 4 is 0x40800000, and 0.1 is 0x3dcccccd.
  expect(data[0]?.embedding).toBe(Buffer.from('00008040cdcccc3d', 'hex').toString('base64'))
})

const valid = { input: 'a' }
it.each<[string, object, RegExp]>([
  ['no input', {}, /`input` must be/],
  ['an empty text', { input: '' }, /`input` must not be empty/],
  ['an empty text among others', { input: ['a', ''] }, /`input\[1\]` must not be empty/],
  ['empty ids', { input: [[1], []] }, /`input\[1\]` must not be empty/],
  ['no inputs', { input: [] }, /1 to 2048 inputs, not 0/],
  ['too many inputs', { input: Array(2049).fill('a') }, /1 to 2048 inputs, not 2049/],
  ['a fraction', { input: [1, 2.5] }, /`input\[0\]` must be a text or a list of token ids/],
  ['an object', { input: { text: 'a' } }, /`input` must be a text/],
  ['a format', { ...valid, encoding_format: 'int8' }, /`encoding_format` must be one of float, base64/],
  ['no dimensions', { ...valid, dimensions: 0 }, /`dimensions` must be a whole number/],
  ['an unknown field', { ...valid, truncate_prompt_tokens: 5 }, /`truncate_prompt_tokens` is not supported/],
])('refuses %s', async (_, params, message) => {
  const { create, log } = await open()
  await expect(create(params as EmbeddingCreateParams)).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(message),
  })
  expect(log).toEqual([])
})

it('stops at an abort, and takes turns', async () => {
  const { create, log } = await open()
  const abort = new AbortController()
  const first = create({ input: Array(500).fill('a') }, { signal: abort.signal })
  const second = create({ input: 'b' })
  abort.abort()
  await expect(first).rejects.toMatchObject({ code: 'aborted' })
  expect((await second).data).toHaveLength(1)
  expect(log.at(-1)).toBe('embed b')
})
