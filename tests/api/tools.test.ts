// Tests of tools in requests and answers: read by name or refused by name, and shaped as OpenAI's clients
// expect.
import { describe, expect, it, test } from 'vitest'
import { chatChunks, completionFromEvents } from '../../src/api/completion.ts'
import { checkRequest } from '../../src/api/request.ts'
import type { GenerateEvent } from '../../src/engine/types.ts'
import { HadalError } from '../../src/lib/error.ts'
import { WHO_ARE_YOU } from './recorded.ts'

const MESSAGES = [{ role: 'user', content: 'Hi' }]
const tool = (name: unknown, rest: object = {}) => ({ type: 'function', function: { name, ...rest } })
const call = (rest: object = {}) => ({
  id: 'call_1',
  type: 'function',
  function: { name: 'add', arguments: '{"a": 1.5, "b": [null]}' },
  ...rest,
})
const answer = (rest: object) => ({ messages: [{ role: 'assistant', content: null, ...rest }] })
const result = (rest: object) => ({ messages: [{ role: 'tool', content: '3', ...rest }] })

function refusal(params: unknown): HadalError {
  try {
    checkRequest(params)
  } catch (error) {
    if (error instanceof HadalError) return error
    throw error
  }
  throw new Error(`accepted ${JSON.stringify(params)}`)
}

describe('a request with tools', () => {
  const parameters = { type: 'object', properties: { a: { type: 'number' } } }
  const tools = [
    tool('add', { description: 'Adds.', parameters, strict: null }),
    tool('now', { strict: true }),
  ]

  it('passes them on as they are, without what is null', () => {
    const [request] = checkRequest({ messages: MESSAGES, tools, parallel_tool_calls: false }).requests
    expect(request).toMatchObject({
      tools: [tool('add', { description: 'Adds.', parameters }), tool('now', { strict: true })],
      parallelToolCalls: false,
    })
    expect(request.tools?.[0]?.function).not.toHaveProperty('strict')
    expect(request).not.toHaveProperty('toolChoice')
  })

  it.each([
    ['auto', undefined],
    ['required', 'required'],
    [{ type: 'function', function: { name: 'now' } }, { name: 'now' }],
  ])('translates the choice %j', (tool_choice, toolChoice) => {
    const [request] = checkRequest({ messages: MESSAGES, tools, tool_choice }).requests
    expect(request.toolChoice).toEqual(toolChoice)
    expect(request.tools).toHaveLength(2)
  })

  it('shows none where the choice is none', () => {
    expect(checkRequest({ messages: MESSAGES, tools, tool_choice: 'none' })).toEqual(
      checkRequest({ messages: MESSAGES }),
    )
  })
})

test('a conversation with calls and results is translated', () => {
  const [request] = checkRequest({
    messages: [
      { role: 'assistant', content: null, refusal: null, tool_calls: [call(), call({ id: 'call_2' })] },
      { role: 'tool', tool_call_id: 'call_1', content: '1' },
      { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: '2' }], name: 'add' },
      { role: 'assistant', content: '', refusal: 'No.' },
      { role: 'assistant', content: 'The', reasoning_content: 'Hm.', prefix: true },
    ],
  }).requests
  const translated = call({ function: { name: 'add', arguments: { a: 1.5, b: [null] } } })
  expect(request).toMatchObject({ continueFinal: true })
  expect(request.input).toEqual({
    messages: [
      { role: 'assistant', content: '', tool_calls: [translated, { ...translated, id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1', content: '1' },
      { role: 'tool', tool_call_id: 'call_2', content: '2', name: 'add' },
      { role: 'assistant', content: 'No.' },
      { role: 'assistant', content: 'The', reasoning_content: 'Hm.' },
    ],
  })
})

test('a call without arguments may have none in its text', () => {
  const [request] = checkRequest(
    answer({ tool_calls: [call({ function: { name: 'add', arguments: '' } })] }),
  ).requests
  expect(request.input).toMatchObject({ messages: [{ tool_calls: [{ function: { arguments: {} } }] }] })
})

const withArguments = (text: unknown) =>
  answer({ tool_calls: [call(), call({ function: { name: 'add', arguments: text } })] })
const ARGUMENTS = 'messages[0].tool_calls[1].function.arguments'

test.each([
  [{ tools: {} }, 'tools'],
  [{ tools: [{}] }, 'tools[0].type'],
  [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
  [{ tools: [tool('')] }, 'tools[0].function.name'],
  [{ tools: [tool('a b')] }, 'tools[0].function.name'],
  [{ tools: [tool('x'.repeat(65))] }, 'tools[0].function.name'],
  [{ tools: [tool('<tool_call>')] }, 'tools[0].function.name'],
  [{ tools: [tool('a'), tool('a')] }, 'tools[1].function.name'],
  [{ tools: [tool('a', { parameters: [] })] }, 'tools[0].function.parameters'],
  [{ tools: [tool('a', { description: 1 })] }, 'tools[0].function.description'],
  [{ tools: [tool('a')], tool_choice: 'any' }, 'tool_choice'],
  [{ tools: [tool('a')], tool_choice: { type: 'function', function: { name: 'b' } } }, 'tool_choice'],
  [{ tools: [tool('a')], tool_choice: { type: 'allowed_tools' } }, 'tool_choice.type'],
  [{ tool_choice: 'required' }, 'tool_choice'],
  [{ tools: [], tool_choice: { type: 'function', function: { name: 'b' } } }, 'tool_choice'],
  [{ parallel_tool_calls: 1 }, 'parallel_tool_calls'],
  [{ functions: [{ name: 'a' }] }, 'functions'],
  [{ messages: [{ role: 'function', name: 'a', content: '1' }] }, 'messages[0].role'],
  [result({}), 'messages[0].tool_call_id'],
  [result({ tool_call_id: '' }), 'messages[0].tool_call_id'],
  [result({ tool_call_id: '1', content: null }), 'messages[0].content'],
  [result({ tool_call_id: '1', tool_calls: [call()] }), 'messages[0].tool_calls'],
  [{ messages: [{ role: 'user', content: 'a', tool_call_id: '1' }] }, 'messages[0].tool_call_id'],
  [{ messages: [{ role: 'user', content: 'a', prefix: true }] }, 'messages[0].prefix'],
  [{ messages: [{ role: 'assistant', content: 'a', prefix: true }, ...MESSAGES] }, 'messages[0].prefix'],
  [answer({ prefix: true, tool_calls: [call()] }), 'messages[0].prefix'],
  [answer({ tool_calls: [call({ type: 'custom' })] }), 'messages[0].tool_calls[0].type'],
  [answer({ tool_calls: [call({ id: undefined })] }), 'messages[0].tool_calls[0].id'],
  [answer({ tool_calls: [call({ function: {} })] }), 'messages[0].tool_calls[0].function.name'],
  [withArguments('[]'), ARGUMENTS],
  [withArguments('{'), ARGUMENTS],
  [withArguments('"{}"'), ARGUMENTS],
  [withArguments({}), ARGUMENTS],
  [withArguments(undefined), ARGUMENTS],
])('refuses %j by naming %s', (params, field) => {
  const { code, message } = refusal({ messages: MESSAGES, ...params })
  expect(code).toBe('bad_request')
  expect(message).toContain(`\`${field}\``)
})

test('the role function is refused with what to send instead', () => {
  expect(refusal({ messages: [{ role: 'function', content: '1' }] }).hint).toContain('tool_call_id')
})

describe('an answer with calls', () => {
  const HEAD = { id: 'chatcmpl-1', created: 1, model: 'Lanternfish' }
  const calls = [0, 1].map((index) => ({ index, id: `call_${index}`, name: 'add', arguments: '{"a":1}' }))
  const shaped = calls.map(({ id, name, arguments: json }) => ({
    id,
    type: 'function',
    function: { name, arguments: json },
  }))
  const events = (text: string): GenerateEvent[] =>
    WHO_ARE_YOU.map((event, at): GenerateEvent => {
      if (event.type === 'done') return { ...event, finishReason: 'tool_calls' }
      const toolCalls = calls.slice(at - 3, at - 2)
      return { ...event, text: at === 2 ? text : '', ...(at > 2 && toolCalls.length > 0 && { toolCalls }) }
    })

  it('has them in the message, and content only where there is text', () => {
    for (const [text, content] of [
      ['', null],
      ['See: ', 'See: '],
    ] as const) {
      const [choice] = completionFromEvents(HEAD, [events(text)]).choices
      expect(choice).toMatchObject({ message: { content, tool_calls: shaped }, finish_reason: 'tool_calls' })
    }
    expect(completionFromEvents(HEAD, [WHO_ARE_YOU]).choices[0]?.message).not.toHaveProperty('tool_calls')
  })

  it('has each in one chunk, with its place', () => {
    const chunks = events('').flatMap((event) => chatChunks(HEAD, false).event(0, event))
    const deltas = chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []))
    expect(deltas).toEqual(shaped.map((one, index) => ({ index, ...one })))
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls')
  })
})
