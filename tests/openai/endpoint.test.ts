// Tests of `hadal/openai` as a `fetch`: forms of requests, addresses, methods, bodies, signals.
import { describe, expect, it, vi } from 'vitest'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { WHO_ARE_YOU } from '../api/recorded.ts'
import { recordedModel } from '../support/recorded-model.ts'
import { scriptedModel } from '../support/scripted-model.ts'

const CHAT = JSON.stringify({ messages: [{ role: 'user', content: 'Who are you?' }] })
const STREAM = JSON.stringify({ ...JSON.parse(CHAT), stream: true })
const post = (body: string, init: RequestInit = {}): RequestInit => ({ method: 'POST', body, ...init })

const { fetch, baseURL } = openAIEndpoint(
  scriptedModel([{ content: 'A fish.' }, { content: 'A fish.' }]).model,
)

describe('an endpoint', () => {
  it('takes an address with options, and a Request', async () => {
    const url = `${baseURL}/chat/completions`
    const answers = [await fetch(new URL(url), post(CHAT)), await fetch(new Request(url, post(CHAT)))]
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 200, ok: true })
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect((await answer.json()).choices[0].message.content).toBe('A fish.')
    }
  })

  it('streams server-sent events that end with [DONE]', async () => {
    const { model } = await recordedModel()
    const { fetch } = openAIEndpoint(model)
    const answer = await fetch(`${baseURL}/chat/completions`, post(STREAM))
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const events = (await answer.text()).split('\n\n')
    expect(events.splice(-2)).toEqual(['data: [DONE]', ''])
    const deltas = events.map((event) => JSON.parse(event.replace(/^data: /, '')).choices[0].delta)
    expect(deltas[0]).toEqual({ role: 'assistant', content: '' })
    expect(deltas.map(({ content = '' }) => content).join('')).toBe('I am Lanternfish 🐟.')
    await model.unload()
  })

  it.each<[string, string, RequestInit, number, string]>([
    ['a path that it lacks', '/audio/speech', post(CHAT), 404, 'unknown_path'],
    ['a name of JavaScript as a path', '/constructor', post(CHAT), 404, 'unknown_path'],
    ['the base alone', '', post(CHAT), 404, 'unknown_path'],
    ['a wrong method', '/chat/completions', {}, 405, 'method_not_allowed'],
    ['a wrong method for models', '/models', post(CHAT), 405, 'method_not_allowed'],
    ['a body that is no JSON', '/chat/completions', post('{"messages":'), 400, 'bad_request'],
    ['a body that is no object', '/embeddings', post('[1]'), 400, 'bad_request'],
    ['no body', '/completions', { method: 'POST' }, 400, 'bad_request'],
    ['a model that is not there', '/models/%E0%A4%A', {}, 404, 'model_not_found'],
  ])('refuses %s', async (_, path, init, status, code) => {
    const answer = await fetch(baseURL + path, init)
    expect(answer.status).toBe(status)
    expect((await answer.json()).error).toMatchObject({ code, type: 'invalid_request_error', param: null })
  })

  it('sends nothing anywhere: other addresses are refused, or go to the fallback', async () => {
    const real = vi.spyOn(globalThis, 'fetch')
    const others = [
      'https://api.openai.com/v1/models',
      `${baseURL}x/models`,
      'https://hadal.invalid/',
      '/v1/models',
    ]
    for (const other of others) expect((await fetch(other)).status).toBe(421)
    expect(real).not.toHaveBeenCalled()
    real.mockRestore()
    const fallback = vi.fn(async () => new Response('elsewhere'))
    const both = openAIEndpoint(scriptedModel([]).model, { fallback })
    const init = post(CHAT)
    expect(await (await both.fetch('https://api.openai.com/v1/models', init)).text()).toBe('elsewhere')
    expect(fallback).toHaveBeenCalledWith('https://api.openai.com/v1/models', init)
    expect((await both.fetch(`${baseURL}/models`)).status).toBe(200)
    expect(fallback).toHaveBeenCalledOnce()
  })
})

describe('a signal', () => {
  const many = Array.from({ length: 500 }, () => WHO_ARE_YOU[2]).flatMap((event) => event ?? [])
  const url = `${baseURL}/chat/completions`

  it('that has fired rejects with its reason before anything runs', async () => {
    const { model, log } = await recordedModel()
    const reason = new Error('enough')
    const { fetch } = openAIEndpoint(model)
    await expect(fetch(url, post(CHAT, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
    expect(log).toEqual([])
    await model.unload()
  })

  it('of a Request rejects with an AbortError and stops the engine', async () => {
    const { model, log } = await recordedModel(many)
    const abort = new AbortController()
    const asking = openAIEndpoint(model).fetch(new Request(url, post(CHAT, { signal: abort.signal })))
    await vi.waitFor(() => expect(log).toContain('event chat'))
    abort.abort()
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' })
    await vi.waitFor(() => expect(log).toContain('stop chat'))
    await model.unload()
  })

  it('fails the body of a stream, and a cancelled body ends the generation', async () => {
    const { model, log } = await recordedModel(many)
    const { fetch } = openAIEndpoint(model)
    const abort = new AbortController()
    const answer = await fetch(url, post(STREAM, { signal: abort.signal }))
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(answer.text()).rejects.toBe(reason)
    await vi.waitFor(() => expect(log).toContain('stop chat'))
    log.length = 0
    const left = await fetch(url, post(STREAM))
    await left.body?.cancel()
    await vi.waitFor(() => expect(log).toContain('stop chat'))
    expect(log.length).toBeLessThan(many.length)
    await model.unload()
  })
})
