// Tests of endpoints that refuse requests, redirect them, or cannot be opened.
import { describe, expect, it } from 'vitest'
import { openEndpoint } from '../../src/endpoint/open-endpoint.ts'
import {
  error,
  failure,
  KEY,
  messages,
  modelWith,
  page,
  pour,
  servers,
  serverWith,
  status,
} from './local-server.ts'
import { startServer } from './recorded-server.ts'

describe('a refusal', () => {
  it.each([
    [400, error('bad \u001b[31mtemperature'), 'bad_request', 'bad \\u001b[31mtemperature'],
    [400, error('too long', { code: 'context_length_exceeded' }), 'context_full', 'too long'],
    [400, error("This model's maximum context length is 8 tokens."), 'context_full', 'maximum context'],
    [
      400,
      '{"object":"error","message":"The input (9 tokens) is longer than the model\'s context length"}',
      'context_full',
      'longer',
    ],
    [401, error(`Incorrect API key provided: ${KEY}`), 'no_access', 'Incorrect API key provided: (key)'],
    [402, error('Insufficient Balance'), 'no_access', 'Insufficient Balance'],
    [403, '<html>no</html>', 'no_access', 'answered 403.'],
    [404, '{"object":"error","message":"The model `m` does not exist."}', 'not_found', 'does not exist'],
    [422, '{"detail":[{"msg":"field required"}]}', 'bad_request', 'field required'],
    [501, error('no such thing'), 'unsupported', 'no such thing'],
    [500, 'Internal Server Error', 'network', 'Internal Server Error'],
    [503, error('Loading model'), 'network', 'Loading model'],
    [400, error('x'.repeat(5000)), 'bad_request', 'xxx…'],
    [400, '{', 'bad_request', 'answered 400: {'],
  ] as const)('%i %s is %s', async (code, body, expected, text) => {
    const model = await modelWith(status(code, body))
    for (const stream of [true, false]) {
      const failed = await failure(model.chat.completions.create({ messages, stream }))
      expect(failed).toMatchObject({ code: expected, message: expect.stringContaining(text) })
      expect(failed.message.length).toBeLessThan(500)
    }
  })

  it('for too many requests says when to come back', async () => {
    const model = await modelWith(status(429, error('slow down'), { 'retry-after': '17' }))
    expect(await failure(model.chat.completions.create({ messages }))).toMatchObject({
      code: 'network',
      hint: expect.stringContaining('Retry after: 17.'),
    })
  })

  it('of endless length is cut', async () => {
    const model = await modelWith(async (response) => {
      response.writeHead(400)
      await pour(response, 'x'.repeat(2 ** 16))
    })
    const failed = await failure(model.chat.completions.create({ messages }))
    expect(failed).toMatchObject({ code: 'bad_request', message: expect.stringContaining('answered 400') })
  })
})

describe('a redirect', () => {
  it('is not followed, neither on opening nor later', async () => {
    const reached: string[] = []
    const other = await startServer((request, response) => {
      reached.push(request.url ?? '')
      response.end('{"data":[{"id":"m"}]}')
    })
    servers.push(other)
    const away = status(307, '', { location: `${other.url}/v1/models` })
    const model = await modelWith(away)
    const { url } = await serverWith(away)
    const attempts = [
      () => openEndpoint({ endpoint: `${url}/elsewhere/v1`, model: 'm', apiKey: KEY }),
      () => model.chat.completions.create({ messages }),
    ]
    for (const attempt of attempts)
      expect(await failure(attempt())).toMatchObject({
        code: 'network',
        message: expect.stringContaining('redirects elsewhere'),
      })
    expect(reached).toEqual([])
  })
})

describe('opening', () => {
  it('names CORS if nothing answers', async () => {
    const { url, close } = await serverWith(() => {})
    await close()
    expect(await failure(openEndpoint({ endpoint: url }))).toMatchObject({
      code: 'network',
      hint: expect.stringContaining('CORS'),
    })
  })

  it('needs a name if there are several models, and lists them', async () => {
    const data = [{ id: 'a' }, { id: 'b\n' }]
    const server = await startServer((_, response) => response.end(JSON.stringify({ data })))
    servers.push(server)
    expect(await failure(openEndpoint({ endpoint: server.url }))).toMatchObject({
      code: 'bad_request',
      hint: 'For example: "a", "b\\n".',
    })
    expect((await openEndpoint({ endpoint: server.url, model: 'c' })).id).toBe('c')
  })

  it('needs no list of models if the model is named', async () => {
    const server = await startServer((_, response) => response.end(page))
    servers.push(server)
    expect((await openEndpoint({ endpoint: server.url, model: 'c' })).id).toBe('c')
    expect(await failure(openEndpoint({ endpoint: server.url }))).toMatchObject({ code: 'network' })
  })

  it.each([
    [{ endpoint: 'ftp://host' }, 'endpoint'],
    [{ endpoint: 'http://user:word@host' }, 'endpoint'],
    [{ endpoint: 'no address' }, 'endpoint'],
    [{ endpoint: '' }, 'endpoint'],
    [{ endpoint: 'http://host', headers: 'a' as never }, 'headers'],
    [{ endpoint: 'http://host', fetch: 'a' as never }, 'fetch'],
    [{ endpoint: 'http://host', apiKey: `${KEY}\n\u0000` }, 'apiKey'],
    [{ endpoint: 'http://host', apiKey: '' }, 'apiKey'],
    [{ endpoint: 'http://host', headers: { 'a b': 'c' } }, 'headers.a b'],
    [{ endpoint: 'http://host', apiKey: KEY, headers: { Authorization: 'x' } }, 'apiKey'],
    [{ endpoint: 'http://host', contextLength: 4096 }, 'contextLength'],
  ])('refuses %o', async (options, field) => {
    expect(await failure(openEndpoint(options))).toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining(`\`${field}\``),
    })
  })

  it('can be cancelled, even if fetch ignores that', async () => {
    const stop = new AbortController()
    const opened = openEndpoint({
      endpoint: 'http://host',
      fetch: () => new Promise(() => {}),
      signal: stop.signal,
    })
    stop.abort('enough')
    expect(await failure(opened)).toMatchObject({ code: 'aborted', cause: 'enough' })
  })
})
