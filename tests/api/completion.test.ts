// Tests of completions and chunks: they have the fields that OpenAI's clients read. Made from recorded
// events.
import { expect, test } from 'vitest'
import { chatChunks, completionFromEvents } from '../../src/api/completion.ts'
import type { GenerateEvent } from '../../src/engine/types.ts'
import { WHO_ARE_YOU } from './recorded.ts'

const HEAD = { id: 'chatcmpl-1', created: 1, model: 'Lanternfish' }
const USAGE = {
  prompt_tokens: 9,
  completion_tokens: 6,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
}

/** The chunks of the recorded answer. */
function chunksOf(includeUsage: boolean) {
  const shape = chatChunks(HEAD, includeUsage)
  const done = WHO_ARE_YOU.filter((event) => event.type === 'done')
  return [
    ...shape.opening(0),
    ...WHO_ARE_YOU.flatMap((event) => shape.event(0, event)),
    ...shape.closing(done),
  ]
}

test('a completion joins the pieces and keeps the thinking part separate', () => {
  const completion = completionFromEvents(HEAD, [WHO_ARE_YOU])
  expect(completion).toMatchObject({ ...HEAD, object: 'chat.completion', usage: USAGE })
  expect(completion.choices).toEqual([
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'I am Lanternfish 🐟.',
        reasoning_content: 'This is about me.',
        refusal: null,
      },
      finish_reason: 'stop',
      logprobs: null,
    },
  ])
  expect(completion.hadal).toEqual({
    prefill_ms: 12,
    decode_ms: 250,
    prompt_tokens: 9,
    cached_tokens: 4,
    tokens: 6,
    tokens_per_second: 20, // 5 in 250 ms: the first comes from prefill
    dispatches_per_token: 40,
    readbacks_per_token: 1,
    kv_cache: { tokens: 15, bytes: 73_728, standard_bytes: 76_800 },
    token_ids: [301, 302, 303, 304, 305],
  })
})

test('the chunks of a stream add up to the completion', () => {
  const chunks = chunksOf(true)
  const deltas = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta))
  expect(deltas[0]).toEqual({ role: 'assistant', content: '' })
  expect(deltas.map((delta) => delta.content ?? '').join('')).toBe('I am Lanternfish 🐟.')
  expect(deltas.map((delta) => delta.reasoning_content ?? '').join('')).toBe('This is about me.')
  expect(chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.finish_reason))).toEqual([
    ...Array(6).fill(null),
    'stop',
  ])
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: USAGE })
  expect(chunks.every((chunk) => chunk.object === 'chat.completion.chunk' && chunk.id === HEAD.id)).toBe(true)
})

test('usage comes only on request', () => {
  const chunks = chunksOf(false)
  expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false)
  expect(chunks).toHaveLength(1 + WHO_ARE_YOU.length)
})

test('log-probabilities are listed with the part they belong to', () => {
  const logprob = (id: number, token: string) => ({
    id,
    token,
    bytes: new TextEncoder().encode(token),
    logprob: -id,
    thinking: id < 2,
    top: [{ id, token, bytes: new Uint8Array([0xf0, 0x9f]), logprob: -id }],
  })
  const events = WHO_ARE_YOU.map((event, index): GenerateEvent => {
    if (event.type === 'done') return event
    const heldBack = index === 1 && { reasoning: '' } // its text may begin a tag
    return { ...event, ...heldBack, logprobs: [logprob(index, `t${index}`)] }
  })
  const { logprobs } = completionFromEvents(HEAD, [events]).choices[0] ?? {}
  expect(logprobs?.reasoning_content.map(({ token }) => token)).toEqual(['t0', 't1'])
  expect(logprobs?.content.map(({ token }) => token)).toEqual(['t2', 't3', 't4'])
  expect(logprobs?.content[0]).toEqual({
    token: 't2',
    logprob: -2,
    bytes: [0x74, 0x32],
    top_logprobs: [{ token: 't2', logprob: -2, bytes: [0xf0, 0x9f] }],
  })
})

test('a completion of one token has a rate of 0', () => {
  const events = WHO_ARE_YOU.map((event): GenerateEvent => {
    return event.type === 'done' ? { ...event, tokens: 1, decodeMs: 3 } : event
  })
  expect(completionFromEvents(HEAD, [events]).hadal?.tokens_per_second).toBe(0)
})

test('a completion that reaches max_tokens has the finish reason length', () => {
  const events = WHO_ARE_YOU.map((event): GenerateEvent => {
    return event.type === 'done' ? { ...event, finishReason: 'length' } : event
  })
  expect(completionFromEvents(HEAD, [events]).choices[0]?.finish_reason).toBe('length')
})
