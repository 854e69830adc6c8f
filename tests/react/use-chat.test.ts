// Tests of `useChat` in React's strict mode: streaming, frames, stopping, tools, errors.
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Model } from '../../src/api/types/model.ts'
import { useChat } from '../../src/react/index.ts'
import { WHO_ARE_YOU } from '../api/recorded.ts'
import { renderHook } from '../support/react.ts'
import { recordedModel } from '../support/recorded-model.ts'
import { scriptedModel } from '../support/scripted-model.ts'

async function chatWith(
  model: Model | undefined,
  options: Omit<Parameters<typeof useChat>[0], 'model'> = {},
) {
  const hook = renderHook(() => useChat({ model, ...options }))
  await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
  return hook
}

afterEach(() => vi.unstubAllGlobals())

describe('useChat', () => {
  it('streams an answer with its thinking apart, and keeps the conversation', async () => {
    const { model, requests } = await recordedModel()
    const hook = await chatWith(model, { temperature: 0 })
    hook.current.setInput('Who are you?')
    await vi.waitFor(() => expect(hook.current.input).toBe('Who are you?'))
    await hook.current.send()
    await vi.waitFor(() => expect(hook.current.finishReason).toBe('stop'))
    const answer = {
      role: 'assistant',
      content: 'I am Lanternfish 🐟.',
      reasoning_content: 'This is about me.',
    }
    expect(hook.current).toMatchObject({
      status: 'ready',
      input: '',
      messages: [{ role: 'user', content: 'Who are you?' }, answer],
    })
    await hook.current.send('Where?')
    expect(requests).toMatchObject([
      { sampling: { temperature: 0 } },
      { input: { messages: [{ content: 'Who are you?' }, answer, { role: 'user', content: 'Where?' }] } },
    ])
    await vi.waitFor(() => expect(hook.current.messages).toHaveLength(4))
    expect(new Set(hook.current.messages.map(({ id }) => id)).size).toBe(4)
    hook.unmount()
    await model.unload()
  })

  it('renders once per frame at most', async () => {
    const frames: (() => void)[] = []
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run))
    const [piece, done] = [WHO_ARE_YOU[2], WHO_ARE_YOU.at(-1)].flatMap((event) => event ?? [])
    const many = Array.from({ length: 200 }, () => piece).flatMap((event) => event ?? [])
    const { model } = await recordedModel([...many, ...(done ? [done] : [])])
    const hook = await chatWith(model)
    const before = hook.rendered.length
    await hook.current.send('Who are you?')
    await vi.waitFor(() => expect(hook.current.finishReason).toBe('stop'))
    expect(frames).toHaveLength(1)
    expect(hook.rendered.length - before).toBe(4) // submitted and the whole answer, each twice in strict mode
    expect(hook.current.messages.at(-1)?.content).toBe('I am '.repeat(200))
    hook.unmount()
    await model.unload()
  })

  it('stops: what has come stays, and the engine ends', async () => {
    const many = Array.from({ length: 500 }, () => WHO_ARE_YOU[2]).flatMap((event) => event ?? [])
    const { model, log } = await recordedModel(many)
    const hook = await chatWith(model)
    const answering = hook.current.send('Who are you?')
    await vi.waitFor(() => expect(hook.current.messages.at(-1)?.content).toContain('I am I am '))
    expect(hook.current.status).toBe('streaming')
    hook.current.stop()
    await answering
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    expect(hook.current.messages.at(-1)?.content).toMatch(/^(I am )+$/)
    await vi.waitFor(() => expect(log).toContain('stop chat'))
    expect(log.length).toBeLessThan(many.length)
    const left = hook.current.send('And now?')
    await vi.waitFor(() => expect(log.filter((line) => line === 'start chat')).toHaveLength(2))
    hook.unmount()
    await left
    await vi.waitFor(() => expect(log.filter((line) => line === 'stop chat')).toHaveLength(2))
    await model.unload()
  })

  it('passes tools on, and goes on with their results', async () => {
    const { model, chats } = scriptedModel([
      { reasoning: 'I look.', calls: [{ name: 'depth', arguments: '{}' }] },
      { content: 'It is 10 994 m.' },
    ])
    const tools = [{ type: 'function', function: { name: 'depth' } }] as const
    const hook = await chatWith(model, { tools })
    await hook.current.send('How deep?')
    await vi.waitFor(() => expect(hook.current.finishReason).toBe('tool_calls'))
    expect(hook.current.messages.at(-1)).toMatchObject({
      reasoning_content: 'I look.',
      tool_calls: [{ id: 'call_1_0' }],
    })
    await hook.current.send({ role: 'tool', tool_call_id: 'call_1_0', content: '10994' })
    await vi.waitFor(() => expect(hook.current.messages.at(-1)?.content).toBe('It is 10 994 m.'))
    expect(chats[0]).toMatchObject({ tools, stream: true })
    expect(chats[1]?.messages).toEqual([
      { role: 'user', content: 'How deep?' },
      {
        role: 'assistant',
        content: '',
        reasoning_content: 'I look.',
        tool_calls: [{ id: 'call_1_0', type: 'function', function: { name: 'depth', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1_0', content: '10994' },
    ])
    hook.unmount()
  })

  it('answers again, and begins anew', async () => {
    const { model, chats } = scriptedModel([{ content: 'One.' }, { content: 'Two.' }])
    const hook = await chatWith(model, { initialMessages: [{ role: 'system', content: 'Be brief.' }] })
    await hook.current.send('Count.')
    await hook.current.regenerate()
    await vi.waitFor(() =>
      expect(hook.current.messages.map(({ content }) => content)).toEqual(['Be brief.', 'Count.', 'Two.']),
    )
    expect(chats[1]?.messages).toEqual(chats[0]?.messages)
    hook.current.setMessages([])
    await vi.waitFor(() => expect(hook.current.messages).toEqual([]))
    await hook.current.regenerate()
    expect(chats).toHaveLength(2)
    hook.unmount()
  })

  it('reports errors, and answers after them', async () => {
    const { model } = await recordedModel()
    let topP = 7
    const hook = renderHook(() => useChat({ model, top_p: topP }))
    await vi.waitFor(() => expect(hook.current.status).toBe('ready'))
    await hook.current.send('Who are you?')
    await vi.waitFor(() => expect(hook.current.status).toBe('error'))
    expect(hook.current.error).toMatchObject({ code: 'bad_request' })
    topP = 1
    const before = hook.rendered.length
    hook.rerender(() => useChat({ model, top_p: topP }))
    await vi.waitFor(() => expect(hook.rendered.length).toBeGreaterThan(before))
    await hook.current.regenerate()
    await vi.waitFor(() => expect(hook.current.messages.at(-1)?.content).toBe('I am Lanternfish 🐟.'))
    expect(hook.current.error).toBeUndefined()
    hook.unmount()
    await model.unload()
    const early = await chatWith(undefined)
    await early.current.send('Hello?')
    await vi.waitFor(() => expect(early.current.error).toMatchObject({ code: 'bad_request' }))
    early.unmount()
  })

  it('renders on a server', () => {
    const Page = () =>
      useChat({ model: null, initialMessages: [{ role: 'user', content: 'Hello' }] }).messages[0]
        ?.content as string
    expect(renderToString(createElement(Page))).toBe('Hello')
  })
})
