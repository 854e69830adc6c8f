// Tests of reading over HTTP: correct bytes and file info, and nothing outside the folder, against a real
// local server.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type HttpOptions, openHttp } from '../../src/weights/http.ts'
import { type FileServer, startFileServer, wholeFilesOnly } from './file-server.ts'
import { BIG_FILE, errorOf, expectBytes, FAST_RETRY, TEST_FILES } from './http-kit.ts'
import { noise } from './make-safetensors.ts'

let server: FileServer
const open = (options: HttpOptions = {}) => openHttp(server.url, { retry: FAST_RETRY, ...options })

beforeEach(async () => {
  server = await startFileServer(TEST_FILES)
})
afterEach(() => server.close())

describe('a correct host', () => {
  test('gives sizes, ranges, whole files, subfolders and unusual names', async () => {
    const source = open()
    expect(await source.size('big')).toBe(BIG_FILE.length)
    expectBytes(await source.read('big', 0, BIG_FILE.length), 0, BIG_FILE.length)
    expectBytes(await source.read('big', 1234, 99_999), 1234, 99_999)
    expect((await source.read('big', 5, 5)).length).toBe(0)
    expect(await source.read('sub/ä #?%.json', 2, 9)).toEqual(noise(10, 2).subarray(2, 9))
    expect([await source.exists('big'), await source.exists('nothing')]).toEqual([true, false])
    expect(await source.size('empty')).toBe(0)
    expect(server.log.filter((line) => line === 'GET /big bytes=1234-99998')).toHaveLength(1)
  })

  test('may have a base URL with a query and without a trailing slash', async () => {
    server.files.set('models/x/config.json', noise(10, 3))
    const source = openHttp(`${server.url}models/x?token=1#part`)
    expect(await source.read('config.json', 0, 4)).toEqual(noise(10, 3).subarray(0, 4))
    expect(server.log).toEqual(['GET /models/x/config.json?token=1 bytes=0-3'])
  })

  test('is asked for uncompressed bytes, and never conditionally', async () => {
    await open().size('big')
    expect(server.headers[0]?.['accept-encoding']).toBe('identity')
    expect(server.headers[0]?.['if-range']).toBeUndefined()
  })
})

describe('file info from response headers', () => {
  const sha256 = 'ab'.repeat(32)
  test.each([
    ['an entity tag', { ETag: '"v1"' }, { version: '"v1"' }],
    ['a hash as the entity tag', { ETag: `"${sha256}"` }, { version: `"${sha256}"`, sha256 }],
    ['a hash of its own', { ETag: '"v1"', 'X-Linked-ETag': `"${sha256}"` }, { version: '"v1"', sha256 }],
    ['a weak tag, which is no hash', { ETag: `W/"${sha256}"` }, { version: `"${sha256}"` }],
    [
      'a date',
      { 'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT' },
      { version: 'Sun, 06 Nov 1994 08:49:37 GMT' },
    ],
    ['its length only', {}, {}],
  ])('%s', async (_, headers, facts) => {
    server.intercept = (_, response, body) => {
      response.writeHead(200, { 'Content-Length': body.length, ...headers }).end()
      return true
    }
    expect(await open().fileInfo('big')).toEqual({ bytes: BIG_FILE.length, ...facts })
  })

  test('costs one request per file', async () => {
    const source = open()
    await source.read('big', 0, 10)
    expect(await source.fileInfo('big')).toEqual({ bytes: BIG_FILE.length, version: '"big"' })
    expect(await source.size('empty')).toBe(0)
    expect(await source.fileInfo('empty')).toEqual({ bytes: 0, version: '"empty"' })
    expect(server.log.filter((line) => line.includes('big'))).toHaveLength(1)
    expect(await errorOf(source.fileInfo('nothing'))).toMatchObject({ code: 'not_found', file: 'nothing' })
  })
})

test('secrets in a URL do not appear in names and errors', async () => {
  const source = openHttp(`${server.url}models?signature=secret`)
  expect(source.name).toBe(`${server.url}models/`)
  expect((await errorOf(source.size('x'))).message).not.toContain('secret')
  expect(() => openHttp('https://user:secret@host/')).toThrow('The address of host holds')
})

test('rejects paths that lead out of the base URL', async () => {
  const source = open()
  const paths = [
    '../big',
    '/big',
    'a/../../big',
    'http://evil/x',
    '//evil/x',
    '',
    'a//b',
    '.',
    'a\\b',
    'a\0b',
    '\ud800',
  ]
  for (const path of [...paths, `${'a/'.repeat(9)}b`]) {
    const error = await errorOf(source.read(path, 0, 1))
    expect([path, error.code]).toEqual([path, 'bad_request'])
  }
  expect(server.log).toEqual([])
  expect((await errorOf(source.read('%2e%2e/big', 0, 1))).code).toBe('not_found')
  expect(server.log).toEqual(['GET /%252e%252e/big bytes=0-0'])
  expect(() => openHttp('not an address')).toThrow('is not an address')
  expect(() => openHttp('file:///etc/')).toThrow('is not an http or https address')
})

test('gets the size from a range when HEAD is not allowed', async () => {
  server.intercept = (request, response) => {
    if (request.method !== 'HEAD') return false
    response.writeHead(405).end()
    return true
  }
  const source = open()
  expect(await source.size('big')).toBe(BIG_FILE.length)
  expect(await source.size('empty')).toBe(0)
  expect(server.log.slice(0, 2)).toEqual(['HEAD /big bytes=0-', 'GET /big bytes=0-0'])
})

test('does not trust the length of a compressed response, nor of HEAD alone', async () => {
  server.intercept = (request, response, body) => {
    if (request.method !== 'HEAD') return false
    const gzip = { 'Content-Encoding': 'gzip', 'Content-Length': body.length / 2 }
    response.writeHead(200, request.url === '/big' ? gzip : { 'Content-Length': 0 }).end()
    return true
  }
  expect(await open().size('big')).toBe(BIG_FILE.length)
  expect(await open().size('sub/ä #?%.json')).toBe(10)
})

test('follows redirects to another origin for lengths, ranges and whole files', async () => {
  const front = await startFileServer({})
  front.intercept = (request, response) => {
    response.writeHead(307, { Location: server.url + (request.url ?? '').slice(1) }).end()
    return true
  }
  const source = openHttp(front.url)
  expect(await source.size('big')).toBe(BIG_FILE.length)
  expectBytes(await source.read('big', 5, 999), 5, 999)
  server.intercept = wholeFilesOnly
  expectBytes(await openHttp(front.url).read('big', 5, 999), 5, 999)
  await front.close()
})
