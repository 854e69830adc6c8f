// Answers: does reading over HTTP survive real hosts, and does it notice dishonest ones? Against a real local server.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type HttpOptions, openHttp } from '../../src/weights/http.ts'
import { rateLimitMs, retryAfterMs } from '../../src/weights/retry.ts'
import { type FileServer, type Mischief, rangeOf, startFileServer } from './file-server.ts'
import { big, failure, impatient, same, someFiles } from './http-kit.ts'
import { noise } from './make-safetensors.ts'

let server: FileServer
const open = (options: HttpOptions = {}) => openHttp(server.url, { retry: impatient, ...options })

beforeEach(async () => {
  server = await startFileServer(someFiles)
})
afterEach(() => server.close())

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

  test('cuts are no failures as long as each brings a mebibyte', async () => {
    let cuts = 0
    server.mischief = (request, response, body) => {
      const range = rangeOf(request, body.length)
      if (range === undefined || range.end - range.start <= 1_100_000) return false
      const { start, end } = range
      response.writeHead(206, { 'Content-Range': `bytes ${start}-${end - 1}/${body.length}` })
      response.write(body.subarray(start, start + 1_100_000), () => setTimeout(() => response.destroy(), 50))
      cuts++
      return true
    }
    same(
      await open({ retry: { attempts: 2, firstMs: 5, longestMs: 5 } }).read('big', 0, big.length),
      0,
      big.length,
    )
    expect(cuts).toBe(2)
  })

  test('429 that does not say how long is waited for as long as the policy waits', async () => {
    let left = 1
    server.mischief = (_, response) => {
      if (left-- <= 0) return false
      response.writeHead(429).end()
      return true
    }
    const began = performance.now()
    same(await open({ retry: { attempts: 2, firstMs: 1, longestMs: 400 } }).read('big', 10, 20), 10, 20)
    expect(performance.now() - began).toBeGreaterThan(350)
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

  test('a host that is slow to start and slow after that is only slow', async () => {
    const drip: Mischief = (request, response, body) => {
      const range = rangeOf(request, body.length)
      if (range === undefined) return false
      response.writeHead(206, {
        'Content-Range': `bytes ${range.start}-${range.end - 1}/${body.length}`,
      })
      let at = range.start
      const timer = setInterval(() => {
        response.write(body.subarray(at, Math.min(at + 10, range.end)))
        at += 10
        if (at >= range.end) {
          clearInterval(timer)
          response.end()
        }
      }, 300)
      return true
    }
    server.mischief = (...asked) => {
      setTimeout(() => drip(...asked), 300)
      return true
    }
    same(await open({ stallMs: 3000 }).read('big', 7, 107), 7, 107)
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
      name: 'compressed bytes',
      headers: { 'Content-Range': 'bytes 0-99/3000000', 'Content-Encoding': 'gzip' },
      bytes: 100,
      says: 'a compressed part',
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

  test('a file that changes while one range of it is on its way', async () => {
    server.mischief = (_, response, body) => {
      server.mischief = () => false
      server.etags.set('big', '"second"')
      response.writeHead(206, { 'Content-Range': 'bytes 0-99/3000000', ETag: '"big"' })
      response.write(body.subarray(0, 50), () => setTimeout(() => response.destroy(), 20))
      return true
    }
    expect((await failure(open().read('big', 0, 100))).message).toContain('changed on the host')
    expect(server.log.at(-1)).toBe('GET /big bytes=50-99')
  })

  test('a tag that is only weakened on the way is the same', async () => {
    const source = open()
    await source.read('big', 0, 100)
    server.etags.set('big', 'W/"big"')
    same(await source.read('big', 100, 200), 100, 200)
  })
})

test('a RateLimit header says when the quota is filled again', () => {
  const headers = ['"api";r=0;t=55', '"resolvers"; r=0; t=7', '"api";r=489;t=189', 'soon', null]
  expect(headers.map(rateLimitMs)).toEqual([55_000, 7000, 0, 0, 0])
})

test('Retry-After as seconds, as a date, and as nonsense', () => {
  const now = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT')
  expect(retryAfterMs('3', now)).toBe(3000)
  expect(retryAfterMs('Sun, 06 Nov 1994 08:49:39 GMT', now)).toBe(2000)
  expect(
    [null, 'soon', '-5', 'Sun, 06 Nov 1993 08:49:39 GMT'].map((header) => retryAfterMs(header, now)),
  ).toEqual([0, 0, 0, 0])
})
