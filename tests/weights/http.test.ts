// Answers: does reading over HTTP survive real hosts, and does it notice dishonest ones? Against a real local server.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HadalError } from '../../src/lib/error.ts'
import { type HttpOptions, openHttp } from '../../src/weights/http.ts'
import { retryAfterMs } from '../../src/weights/retry.ts'
import { type FileServer, rangeOf, startFileServer } from './file-server.ts'
import { noise } from './make-safetensors.ts'

const big = noise(3_000_000, 1)
let server: FileServer
const open = (options: HttpOptions = {}) =>
  openHttp(server.url, { retry: { attempts: 4, firstMs: 5, longestMs: 20 }, ...options })
const same = (bytes: Uint8Array, start: number, end: number) =>
  expect(Buffer.compare(bytes, big.subarray(start, end))).toBe(0)
const failure = (work: Promise<unknown>): Promise<HadalError> =>
  work.then(
    () => expect.fail('it should have failed'),
    (error: HadalError) => error,
  )

beforeEach(async () => {
  server = await startFileServer({ big: big, 'sub/ä #?%.json': noise(10, 2), empty: new Uint8Array(0) })
})
afterEach(() => server.close())

describe('a good host', () => {
  test('size, ranges, whole file, sub-folders and odd names', async () => {
    const source = open()
    expect(await source.size('big')).toBe(big.length)
    same(await source.read('big', 0, big.length), 0, big.length)
    same(await source.read('big', 1234, 99_999), 1234, 99_999)
    expect((await source.read('big', 5, 5)).length).toBe(0)
    expect(await source.read('sub/ä #?%.json', 2, 9)).toEqual(noise(10, 2).subarray(2, 9))
    expect([await source.exists('big'), await source.exists('nothing')]).toEqual([true, false])
    expect(await source.size('empty')).toBe(0)
    expect(server.log.filter((line) => line === 'GET /big bytes=1234-99998')).toHaveLength(1)
  })

  test('a base with a query and without a final slash', async () => {
    server.files.set('models/x/config.json', noise(10, 3))
    const source = openHttp(`${server.url}models/x?token=1#part`)
    expect(await source.read('config.json', 0, 4)).toEqual(noise(10, 3).subarray(0, 4))
    expect(server.log).toEqual(['GET /models/x/config.json?token=1 bytes=0-3'])
  })

  test('asks for stored bytes, not for compressed ones, and never conditionally', async () => {
    await open().size('big')
    expect(server.headers[0]?.['accept-encoding']).toBe('identity')
    expect(server.headers[0]?.['if-range']).toBeUndefined()
  })
})

test('paths cannot leave the base', async () => {
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
    const error = await failure(source.read(path, 0, 1))
    expect([path, error.code]).toEqual([path, 'bad_request'])
  }
  expect(server.log).toEqual([])
  expect((await failure(source.read('%2e%2e/big', 0, 1))).code).toBe('not_found')
  expect(server.log).toEqual(['GET /%252e%252e/big bytes=0-0'])
  expect(() => openHttp('not an address')).toThrow('is not an address')
  expect(() => openHttp('file:///etc/')).toThrow('is not an http or https address')
})

test('HEAD not allowed: the size comes from a range', async () => {
  server.mischief = (request, response) => {
    if (request.method !== 'HEAD') return false
    response.writeHead(405).end()
    return true
  }
  const source = open()
  expect(await source.size('big')).toBe(big.length)
  expect(await source.size('empty')).toBe(0)
  expect(server.log.slice(0, 2)).toEqual(['HEAD /big bytes=0-', 'GET /big bytes=0-0'])
})

test('a compressed or unstated length is not believed', async () => {
  server.mischief = (request, response, body) => {
    if (request.method !== 'HEAD') return false
    const honest =
      request.url === '/big' ? { 'Content-Encoding': 'gzip', 'Content-Length': body.length / 2 } : {}
    response.writeHead(200, honest).end()
    return true
  }
  expect(await open().size('big')).toBe(big.length)
  server.mischief = (_, response) => {
    response.writeHead(200).end()
    return true
  }
  expect(await failure(open().size('big'))).toMatchObject({ code: 'network', file: 'big' })
})

describe('a host in trouble', () => {
  test('429 with Retry-After is waited for', async () => {
    let left = 1
    server.mischief = (_, response) => {
      if (left-- <= 0) return false
      response.writeHead(429, { 'Retry-After': '1' }).end()
      return true
    }
    const began = performance.now()
    same(await open().read('big', 10, 20), 10, 20)
    expect(performance.now() - began).toBeGreaterThan(950)
  })

  test('5xx then ok, for sizes and for bytes', async () => {
    let count = 0
    server.mischief = (_, response) => {
      if (count++ % 3 === 2) return false
      response.writeHead(count % 2 ? 503 : 500).end()
      return true
    }
    const source = open()
    expect(await source.size('big')).toBe(big.length)
    same(await source.read('big', 0, 100), 0, 100)
  })

  test('5xx for ever ends with an error that names the file', async () => {
    server.mischief = (_, response) => {
      response.writeHead(502).end()
      return true
    }
    const error = await failure(open().read('big', 0, 100))
    expect(error).toMatchObject({ code: 'network', file: 'big' })
    expect(error.message).toContain('502')
    expect(error.message).toContain('tried 4 times')
    expect(server.log).toHaveLength(4)
  })

  test('cut connections go on at the byte', async () => {
    let cuts = 3
    server.mischief = (request, response, body) => {
      const range = rangeOf(request, body.length)
      if (request.method !== 'GET' || range === undefined || cuts-- <= 0) return false
      const { start, end } = range
      response.writeHead(206, {
        'Content-Length': end - start,
        'Content-Range': `bytes ${start}-${end - 1}/${body.length}`,
      })
      response.write(body.subarray(start, start + 400_000), () => setTimeout(() => response.destroy(), 20))
      return true
    }
    same(await open().read('big', 100, 2_500_100), 100, 2_500_100)
    const starts = server.log.map((line) => Number(/=(\d+)-/.exec(line)?.[1]))
    expect(starts).toHaveLength(4)
    expect(starts.toSorted((a, b) => a - b)).toEqual(starts)
    expect(starts[1]).toBeGreaterThan(100)
  })

  test('no server at all', async () => {
    const source = open()
    await server.close()
    expect(await failure(source.size('big'))).toMatchObject({ code: 'network', file: 'big' })
  })

  test('a silent connection is given up and tried again', async () => {
    let silent = 1
    server.mischief = () => silent-- > 0
    same(await open({ stallMs: 300 }).read('big', 0, 50), 0, 50)
    expect(server.log).toHaveLength(2)
  })

  test('a slow host is only slow', async () => {
    server.mischief = (request, response, body) => {
      const range = rangeOf(request, body.length)
      if (range === undefined) return false
      response.writeHead(206, {
        'Content-Range': `bytes ${range.start}-${range.end - 1}/${body.length}`,
      })
      let at = range.start
      const drip = setInterval(() => {
        response.write(body.subarray(at, Math.min(at + 10, range.end)))
        at += 10
        if (at >= range.end) {
          clearInterval(drip)
          response.end()
        }
      }, 30)
      return true
    }
    same(await open({ stallMs: 1000 }).read('big', 7, 107), 7, 107)
    expect(server.log).toHaveLength(1)
  })
})

describe('a host that cannot be believed', () => {
  const answerWith = (status: number, headers: Record<string, string>, bytes: number) => {
    server.mischief = (_, response, body) => {
      response.writeHead(status, headers)
      response.end(body.subarray(0, bytes))
      return true
    }
  }
  test.each([
    {
      name: 'another range',
      headers: { 'Content-Range': 'bytes 1-100/3000000' },
      bytes: 100,
      says: 'another range',
    },
    { name: 'no Content-Range', headers: {}, bytes: 100, says: 'another range' },
    {
      name: 'a malformed one',
      headers: { 'Content-Range': 'bytes 0-/3' },
      bytes: 100,
      says: 'another range',
    },
    {
      name: 'more bytes',
      headers: { 'Content-Range': 'bytes 0-99/3000000' },
      bytes: 101,
      says: 'more bytes',
    },
    {
      name: 'no bytes',
      headers: { 'Content-Range': 'bytes 0-99/3000000' },
      bytes: 0,
      says: 'ended early',
    },
  ])('206 with $name', async ({ headers, bytes, says }) => {
    answerWith(206, headers, bytes)
    const error = await failure(open().read('big', 0, 100))
    expect(error).toMatchObject({ code: 'network', file: 'big' })
    expect(error.message).toContain(says)
  })

  test('a file that is shorter than asked for', async () => {
    for (const [start, end] of [
      [2_999_990, 3_000_010],
      [3_000_000, 3_000_010],
    ] as const) {
      const error = await failure(open().read('big', start, end))
      expect(error).toMatchObject({ code: 'bad_file', file: 'big' })
      expect(error.message).toContain('truncated')
    }
  })

  test('a web page in place of a file is a missing file', async () => {
    answerWith(200, { 'Content-Type': 'text/html; charset=utf-8' }, 50)
    expect(await open().exists('model.safetensors.index.json')).toBe(false)
    expect((await failure(open().read('config.json', 0, 10))).code).toBe('not_found')
  })

  test('401 is an error, 403 counts as missing', async () => {
    answerWith(401, {}, 0)
    expect((await failure(open().exists('big'))).message).toContain('401')
    answerWith(403, {}, 0)
    expect(await open().exists('big')).toBe(false)
  })

  test.each(['tag', 'length'])('a file that changes between two ranges: %s', async (what) => {
    const source = open()
    same(await source.read('big', 0, 100), 0, 100)
    if (what === 'tag') server.etags.set('big', '"second"')
    else server.files.set('big', noise(2_999_999, 9))
    const error = await failure(source.read('big', 100, 200))
    expect(error.message).toContain('changed on the host')
    expect(error.file).toBe('big')
  })

  test('a tag that is only weakened on the way is the same', async () => {
    const source = open()
    await source.read('big', 0, 100)
    server.etags.set('big', 'W/"big"')
    same(await source.read('big', 100, 200), 100, 200)
  })
})

test('Retry-After as seconds, as a date, and as nonsense', () => {
  const now = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT')
  expect(retryAfterMs('3', now)).toBe(3000)
  expect(retryAfterMs('Sun, 06 Nov 1994 08:49:39 GMT', now)).toBe(2000)
  expect(
    [null, 'soon', '-5', 'Sun, 06 Nov 1993 08:49:39 GMT'].map((header) => retryAfterMs(header, now)),
  ).toEqual([0, 0, 0, 0])
})
