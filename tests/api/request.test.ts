// Tests of request checks: every field is translated or refused by name.
import { expect, test } from 'vitest'
import { checkRequest } from '../../src/api/request.ts'
import type { HadalError } from '../../src/lib/error.ts'

const MESSAGES = [{ role: 'user', content: 'Hi' }]

function refused(params: unknown): HadalError {
  try {
    checkRequest(params)
  } catch (error) {
    return error as HadalError
  }
  throw new Error(`accepted ${JSON.stringify(params)}`)
}

test('a full request is translated field by field', () => {
  const checked = checkRequest({
    model: 'anything',
    messages: [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is ' },
          { type: 'text', text: 'MLA?' },
        ],
      },
      { role: 'assistant', content: 'Attention.', reasoning_content: 'Hm.' },
      { role: 'user', content: 'More.' },
    ],
    stream: true,
    stream_options: { include_usage: true },
    temperature: 0,
    top_p: 0.9,
    top_k: 40,
    min_p: 0.05,
    presence_penalty: -1,
    frequency_penalty: 0.5,
    repetition_penalty: 1.1,
    logit_bias: { 12: -100, 13: 2.5 },
    seed: 4294967295,
    max_tokens: 7,
    stop: ['\n', 'END'],
    logprobs: true,
    top_logprobs: 3,
    n: 1,
    chat_template_kwargs: { enable_thinking: false },
  })
  expect(checked).toEqual({
    stream: true,
    includeUsage: true,
    requests: [
      {
        input: {
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'What is MLA?' },
            { role: 'assistant', content: 'Attention.', reasoning_content: 'Hm.' },
            { role: 'user', content: 'More.' },
          ],
        },
        sampling: {
          temperature: 0,
          topP: 0.9,
          topK: 40,
          minP: 0.05,
          presencePenalty: -1,
          frequencyPenalty: 0.5,
          repetitionPenalty: 1.1,
          seed: 4294967295,
          logitBias: [
            [12, -100],
            [13, 2.5],
          ],
        },
        maxTokens: 7,
        stop: ['\n', 'END'],
        logprobs: 3,
        thinking: false,
      },
    ],
  })
})

test('missing and null fields are left to the model', () => {
  const checked = checkRequest({
    messages: MESSAGES,
    temperature: null,
    stop: null,
    seed: undefined,
    logprobs: false,
  })
  expect(checked).toEqual({
    stream: false,
    includeUsage: false,
    requests: [{ input: { messages: MESSAGES }, sampling: {} }],
  })
})

test('max_completion_tokens wins over max_tokens, thinking over enable_thinking', () => {
  const [request] = checkRequest({
    messages: MESSAGES,
    max_tokens: 5,
    max_completion_tokens: 6,
    thinking: true,
    chat_template_kwargs: { enable_thinking: false },
  }).requests
  expect(request).toMatchObject({ maxTokens: 6, thinking: true })
})

test.each([
  [undefined, 'request'],
  ['text', 'request'],
  [{}, 'messages'],
  [{ messages: [] }, 'messages'],
  [{ messages: ['Hi'] }, 'messages[0]'],
  [{ messages: [{ role: 'critic', content: '1' }] }, 'messages[0].role'],
  [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
  [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages[0].content[0]'],
  [{ messages: MESSAGES, temperature: 2.1 }, 'temperature'],
  [{ messages: MESSAGES, temperature: Number.NaN }, 'temperature'],
  [{ messages: MESSAGES, temperature: '0' }, 'temperature'],
  [{ messages: MESSAGES, top_p: -0.1 }, 'top_p'],
  [{ messages: MESSAGES, top_k: 1.5 }, 'top_k'],
  [{ messages: MESSAGES, seed: -1 }, 'seed'],
  [{ messages: MESSAGES, repetition_penalty: 0 }, 'repetition_penalty'],
  [{ messages: MESSAGES, max_tokens: 0 }, 'max_tokens'],
  [{ messages: MESSAGES, max_tokens: 0, max_completion_tokens: 5 }, 'max_tokens'],
  [{ messages: MESSAGES, logit_bias: { cat: 1 } }, 'logit_bias["cat"]'],
  [{ messages: MESSAGES, logit_bias: { 3: 101 } }, 'logit_bias["3"]'],
  [{ messages: MESSAGES, stop: '' }, 'stop'],
  [{ messages: MESSAGES, stop: Array(17).fill('x') }, 'stop'],
  [{ messages: MESSAGES, n: 129 }, 'n'],
  [{ messages: MESSAGES, top_logprobs: 2 }, 'top_logprobs'],
  [{ messages: MESSAGES, logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
  [{ messages: MESSAGES, stream: 'yes' }, 'stream'],
  [{ messages: MESSAGES, stream_options: { include_usage: true } }, 'stream_options'],
  [{ messages: MESSAGES, thinking: 1 }, 'thinking'],
  [{ messages: MESSAGES, chat_template_kwargs: { tools: [] } }, 'chat_template_kwargs.tools'],
  [{ messages: MESSAGES, reasoning_effort: 'huge' }, 'reasoning_effort'],
  [{ messages: MESSAGES, thinking_budget: -1 }, 'thinking_budget'],
  [{ messages: MESSAGES, thinking_budget: 1.5 }, 'thinking_budget'],
  [{ messages: [{ role: 'user', content: null }] }, 'messages[0].content'],
  [{ messages: [{ role: 'user', content: 'a', invented: 1 }] }, 'messages[0].invented'],
  [{ messages: [{ role: 'user', content: 'a', name: 1 }] }, 'messages[0].name'],
  [
    { messages: [{ role: 'user', content: [{ type: 'refusal', refusal: 'No.' }] }] },
    'messages[0].content[0]',
  ],
  [{ messages: MESSAGES, response_format: { type: 'xml' } }, 'response_format.type'],
  [{ messages: MESSAGES, hadal: { gramar: '' } }, 'hadal.gramar'],
  [{ messages: MESSAGES, hadal: { experts: 'all' } }, 'hadal.experts'],
  [
    { messages: MESSAGES, response_format: { type: 'json_object' }, hadal: { grammar: 'root ::= "a"' } },
    'hadal.grammar',
  ],
])('refuses %j by naming %s', (params, field) => {
  const { code, message } = refused(params)
  expect(code).toBe('bad_request')
  expect(message).toContain(`\`${field}\``)
})

test('answers can be sent back as they came', () => {
  const answer = { role: 'assistant', refusal: null, tool_calls: [], annotations: [], audio: null }
  const messages = [
    { ...answer, content: null },
    { ...answer },
    { ...answer, content: [{ type: 'refusal', refusal: 'No.' }] },
  ]
  expect(checkRequest({ messages }).requests[0].input).toEqual({
    messages: ['', '', 'No.'].map((content) => ({ role: 'assistant', content })),
  })
})

test.each([
  { response_format: { type: 'text' } },
  { tools: [], tool_choice: 'none', parallel_tool_calls: false },
  { modalities: ['text'], user: 'u', metadata: {} },
])('%j changes nothing', (fields) => {
  expect(checkRequest({ messages: MESSAGES, ...fields })).toEqual(checkRequest({ messages: MESSAGES }))
})

test('a reasoning effort of none turns thinking off, others and budgets are for the engine', () => {
  const [none] = checkRequest({ messages: MESSAGES, reasoning_effort: 'none' }).requests
  expect(none.thinking).toBe(false)
  const [low] = checkRequest({ messages: MESSAGES, reasoning_effort: 'low', thinking_budget: 0 }).requests
  expect(low).toMatchObject({ effort: 'low', thinkingBudget: 0 })
  expect(low.thinking).toBeUndefined()
})

test('the refusal of an unknown field lists every field of the request', () => {
  const { hint } = refused({ messages: MESSAGES, invented: [] })
  for (const field of ['messages', 'min_p', 'max_tokens', 'max_completion_tokens', 'chat_template_kwargs'])
    expect(hint).toContain(field)
})

test('a huge value does not make a huge message', () => {
  expect(refused({ messages: MESSAGES, temperature: 'x'.repeat(10_000) }).message.length).toBeLessThan(120)
})
