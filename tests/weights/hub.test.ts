// Tests of opening Hugging Face models: names, commits, listings and tokens, against a real server on two
// origins.
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { type HubOptions, openHub } from '../../src/weights/hub.ts'
import { parseHubName } from '../../src/weights/hub-name.ts'
import { errorOf, FAST_RETRY } from './http-kit.ts'
import { commitOf, HUB_MODEL, type HubServer, sendJson, startHub } from './hub-server.ts'
import { makeSafetensors, noise } from './make-safetensors.ts'

const MODEL_NAME = `hf:${HUB_MODEL}`
const TOKEN = 'hf_SecretSecretSecret'
const SHARD = makeSafetensors({ a: ['U8', [200_000], noise(200_000, 1)] })
const jsonBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const FILES = {
  'config.json': jsonBytes({ model_type: 'deepseek_v3' }),
  'model.safetensors': SHARD,
  'sub/ä #?%.json': jsonBytes([1]),
}
let server: HubServer
const open = (options: HubOptions = {}, of = MODEL_NAME) =>
  openHub(of, { endpoint: server.url, retry: FAST_RETRY, ...options })

beforeEach(async () => {
  server = await startHub(FILES)
})
afterEach(() => server.close())

describe('a public model', () => {
  test('is listed once; sizes, hashes and missing files then cost no request', async () => {
    const source = await open()
    expect(source.name).toBe(MODEL_NAME)
    expect(source.commit).toBe(commitOf(new Map(Object.entries(FILES))))
    const requests = server.log.length
    expect(requests).toBe(2)
    expect([...source.files.keys()]).toEqual(Object.keys(FILES))
    expect(await source.fileInfo('model.safetensors')).toEqual({
      bytes: SHARD.length,
      sha256: createHash('sha256').update(SHARD).digest('hex'),
      version: expect.stringMatching(/^[\da-f]{40}$/),
    })
    expect(await source.fileInfo('config.json')).toEqual({
      bytes: FILES['config.json'].length,
      version: expect.stringMatching(/^[\da-f]{40}$/),
    })
    expect(await source.size('config.json')).toBe(FILES['config.json'].length)
    expect([await source.exists('config.json'), await source.exists('sub')]).toEqual([true, false])
    expect(await errorOf(source.read('nothing', 0, 1))).toMatchObject({ code: 'not_found', file: 'nothing' })
    expect((await errorOf(source.size('../x'))).code).toBe('bad_request')
    expect((await errorOf(source.read('config.json', 0, 1e6))).code).toBe('bad_file')
    expect(server.log).toHaveLength(requests)
  })

  test('serves large files by range from another origin, small ones from the Hub', async () => {
    const source = await open()
    expect(await source.read('model.safetensors', 1000, 90_000)).toEqual(SHARD.subarray(1000, 90_000))
    expect(await source.read('sub/ä #?%.json', 0, 3)).toEqual(FILES['sub/ä #?%.json'])
    expect(server.log.slice(2)).toEqual([
      `hub GET /${HUB_MODEL}/resolve/${source.commit}/model.safetensors bytes=1000-89999`,
      expect.stringMatching(/^store GET .* bytes=1000-89999$/),
      `hub GET /${HUB_MODEL}/resolve/${source.commit}/sub/%C3%A4%20%23%3F%25.json bytes=0-2`,
    ])
    expect([...(await openCheckpoint(source)).tensors.keys()]).toEqual(['a'])
  })

  test('stays at the commit at which it was opened', async () => {
    const source = await open()
    const first = server.revisions.get('main') ?? new Map()
    server.revisions.set('old', first)
    server.revisions.set('main', new Map([['config.json', jsonBytes({ model_type: 'another' })]]))
    expect(await source.read('config.json', 0, 5)).toEqual(FILES['config.json'].subarray(0, 5))
    expect((await open()).files.size).toBe(1)
  })

  test('can be opened at a revision with a slash, and all pages of its listing are read', async () => {
    const many = Array.from({ length: 25 }, (_, i) => [`file ${i}`, noise(i, i)] as const)
    server.revisions.set('refs/pr/1', new Map(many))
    server.pageSize = 10
    const source = await open({}, `${MODEL_NAME}@refs/pr/1`)
    expect(source.name).toBe(`${MODEL_NAME}@refs/pr/1`)
    expect([...source.files].map(([path, { bytes }]) => [path, bytes])).toEqual(
      many.map(([path, body]) => [path, body.length]),
    )
    expect(server.log[0]).toBe(`hub GET /api/models/${HUB_MODEL}/revision/refs%2Fpr%2F1`)
    expect(server.log).toHaveLength(4)
  })
})

describe('the token', () => {
  test('is sent with every request to the endpoint and never to the store', async () => {
    server.token = TOKEN
    const source = await open({ token: TOKEN })
    await source.read('model.safetensors', 0, 100)
    const sent = server.log.map((line, i) => [line.split(' ')[0], server.headers[i]?.authorization])
    expect(sent).toEqual([...Array(3).fill(['hub', `Bearer ${TOKEN}`]), ['store', undefined]])
    expect(server.log.join()).not.toContain(TOKEN)
    expect(JSON.stringify(source)).not.toContain(TOKEN)
  })

  test('appears in no error', async () => {
    server.token = 'hf_another'
    const errors = [await errorOf(open({ token: TOKEN })), await errorOf(open({ token: `${TOKEN} ` }))]
    server.token = undefined
    server.intercept = (_, response) => {
      response.writeHead(503).end()
      return true
    }
    errors.push(await errorOf(open({ token: TOKEN })))
    await server.close()
    errors.push(await errorOf(open({ token: TOKEN })))
    expect(errors.map((error) => error.code)).toEqual(['no_access', 'bad_request', 'network', 'network'])
    for (const error of errors) {
      for (let at: unknown = error; at instanceof Error; at = at.cause)
        expect(`${at.message} ${at.stack} ${JSON.stringify(at)}`).not.toContain(TOKEN)
    }
  })

  test('is asked for when a model is private or gated', async () => {
    server.token = TOKEN
    const unknown = await errorOf(open())
    expect(unknown).toMatchObject({ code: 'no_access', hint: expect.stringContaining('token') })
    server.gated = true
    const source = await open()
    const gated = await errorOf(source.read('config.json', 0, 1))
    expect(gated).toMatchObject({ code: 'no_access', file: 'config.json' })
    expect(gated.message).toContain('gated')
    expect(await (await open({ token: TOKEN })).read('config.json', 0, 1)).toHaveLength(1)
  })
})

describe('a failing Hub', () => {
  test('a missing model and a missing revision are reported by name', async () => {
    const noModel = await errorOf(open({}, 'hf:deep-sea/nothing'))
    expect(noModel).toMatchObject({ code: 'not_found', message: 'The Hub has no model hf:deep-sea/nothing.' })
    const noRevision = await errorOf(open({}, `${MODEL_NAME}@v9`))
    expect(noRevision).toMatchObject({ code: 'not_found', message: `${MODEL_NAME} has no revision "v9".` })
  })

  test('429, 5xx and broken connections are retried', async () => {
    let remaining = 6
    server.intercept = (_, response) => {
      if (remaining-- <= 0) return false
      if (remaining % 3 === 0)
        response.writeHead(429, { RateLimit: '"api";r=0;t=0', 'Retry-After': '0' }).end()
      else if (remaining % 3 === 1) response.writeHead(502).end()
      else response.destroy()
      return true
    }
    const source = await open({ retry: { attempts: 7, initialDelayMs: 5, maxDelayMs: 20 } })
    expect(source.files.size).toBe(3)
  })

  test('an expired link to the store is requested again', async () => {
    const source = await open()
    let remaining = 2
    server.intercept = (_, response, where) => {
      if (where === 'hub' || remaining-- <= 0) return false
      response.writeHead(403).end()
      return true
    }
    expect(await source.read('model.safetensors', 0, 9)).toEqual(SHARD.subarray(0, 9))
    expect(server.log.filter((line) => line.startsWith('hub')).length).toBe(5)
  })

  test('rejects a file whose length differs from the listing', async () => {
    const source = await open()
    server.intercept = (_, response, where) => {
      if (where === 'hub') return false
      response.writeHead(206, { 'Content-Range': 'bytes 0-9/999' }).end(SHARD.subarray(0, 10))
      return true
    }
    expect((await errorOf(source.read('model.safetensors', 0, 10))).message).toContain('changed on the host')
  })

  test('the signal stops the request for the listing', async () => {
    server.intercept = () => true
    expect((await errorOf(open({ signal: AbortSignal.timeout(50) }))).code).toBe('aborted')
  })
})

describe('an invalid listing', () => {
  const file = (fields: object) => ({ type: 'file', path: 'a', size: 1, oid: 'a'.repeat(40), ...fields })
  const lfs = (fields: object) => file({ lfs: { oid: 'b'.repeat(64), size: 1, pointerSize: 1, ...fields } })
  test.each([
    ['an object', { error: 'none' }],
    ['no entries', [3]],
    ['no path', [{ type: 'file', size: 1 }]],
    ['a path above', [file({ path: '../a' })]],
    ['a path above, deeper', [file({ path: 'x/../../a' })]],
    ['an absolute path', [file({ path: '/etc/passwd' })]],
    ['a path twice', [file({}), file({ size: 2 })]],
    ['a negative size', [file({ size: -1 })]],
    ['a huge size', [file({ size: 1e300 })]],
    ['a size as text', [file({ size: '1' })]],
    ['an invalid hash', [lfs({ oid: 'b'.repeat(63) })]],
    ['a large file of another size', [lfs({ size: 2 })]],
    ['invalid LFS data', [file({ lfs: 'yes' })]],
    ['too many files', Array.from({ length: 50_001 }, (_, i) => ({ type: 'file', path: `${i}`, size: 0 }))],
    ['too much text', [file({ note: 'x'.repeat(9 * 2 ** 20) })]],
    ['deep nesting', '['.repeat(200) + ']'.repeat(200)],
    ['malformed JSON', '{"a":'],
  ])('is rejected: %s', async (_, value) => {
    server.intercept = (request, response) => {
      if (!request.url?.includes('/tree/')) return false
      if (typeof value === 'string') response.end(value)
      else sendJson(response, value)
      return true
    }
    const error = await errorOf(open())
    expect(error).toMatchObject({ code: 'network', hint: expect.stringContaining('Hugging Face Hub') })
    expect(error.message).toContain(`the listing of ${MODEL_NAME} is wrong`)
  })

  test.each([
    ['a web page', '<!doctype html>', 'text/html; charset=utf-8'],
    ['an invalid commit', '{"sha":"../../x"}', 'application/json'],
    ['no commit', '[]', 'application/json'],
  ])('%s in place of a commit', async (_, body, type) => {
    server.intercept = (_, response) => {
      response.writeHead(200, { 'Content-Type': type }).end(body)
      return true
    }
    expect((await errorOf(open())).message).toContain('is wrong')
    expect(server.log).toHaveLength(1)
  })

  test('a next page on another host is never requested, and the number of pages is limited', async () => {
    let link = '<http://127.0.0.1:1/api>; rel="next"'
    server.intercept = (request, response) => {
      if (!request.url?.includes('/tree/')) return false
      response.setHeader('Link', link)
      sendJson(response, [])
      return true
    }
    expect((await errorOf(open({ token: TOKEN }))).message).toContain('on another host')
    link = '<?again>; rel="next"'
    expect((await errorOf(open())).message).toContain('more than 200 pages')
  })

  test('skips folders and invalid paths, and accepts __proto__ as a name', async () => {
    const entries = [
      file({ path: 'a:b' }),
      file({ path: 'd', type: 'directory' }),
      file({ path: '__proto__' }),
    ]
    server.intercept = (request, response) => {
      if (!request.url?.includes('/tree/')) return false
      sendJson(response, entries)
      return true
    }
    expect([...(await open()).files.keys()]).toEqual(['__proto__'])
  })
})

test('parses valid short names and rejects others', () => {
  expect(parseHubName('hf:moonshotai/Kimi-K2.5')).toEqual({
    org: 'moonshotai',
    name: 'Kimi-K2.5',
    revision: 'main',
  })
  expect(parseHubName('hf:a/b_@refs/pr/1').revision).toBe('refs/pr/1')
  const wrong = [
    'a/b',
    'hf:a',
    'hf:a/b/c',
    'hf:../b',
    'hf:a/..',
    'hf:a/b@',
    'hf:a/b@../c',
    'hf:a/b@x y',
    'hf:a/b@.',
    'hf:a/b?c',
  ]
  for (const text of [
    ...wrong,
    'hf:a/b#c',
    'hf:a/%2e%2e',
    'hf:-a/b',
    'hf:a/b.git',
    `hf:a/${'b'.repeat(97)}`,
    `hf:a/b@${'c'.repeat(300)}`,
  ])
    expect(() => parseHubName(text), text).toThrow(expect.objectContaining({ code: 'bad_request' }))
})

test('rejects an endpoint with a password without repeating it', async () => {
  const error = await errorOf(open({ endpoint: 'https://user:secret@host' }))
  expect(error.code).toBe('bad_request')
  expect(error.message).not.toContain('secret')
})
