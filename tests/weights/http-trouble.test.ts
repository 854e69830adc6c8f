// Tests of reading over HTTP from failing and misbehaving hosts, against a real local server.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type HttpOptions, openHttp } from '../../src/weights/http.ts'
import { parseRateLimitMs, parseRetryAfterMs } from '../../src/weights/retry.ts'
import { type FileServer, type Interceptor, rangeOf, startFileServer } from './file-server.ts'
import { BIG_FILE, errorOf, expectBytes, FAST_RETRY, TEST_FILES } from './http-kit.ts'
import { noise } from './make-safetensors.ts'

let server: FileServer
const open = (options: HttpOptions = {}) => openHttp(server.url, { retry: FAST_RETRY, ...options })

beforeEach(async () => {
  server = await startFileServer(TEST_FILES)
})
afterEach(() => server.close())

describe('a failing host', () => {
  test('a 429 with Retry-After is retried after that delay', async () => {
    let remaining = 1
    server.intercept = (_, response) => {
      if (remaining-- <= 0) return false
      response.writeHead(429, { 'Retry-After': '1' }).end()
      return true
    }
    const began = performance.now()
    expectBytes(await open().read('big', 10, 20), 10, 20)
    expect(performance.now() - began).toBeGreaterThan(950)
  })

  test('a 5xx is retried, for sizes and for bytes', async () => {
    let count = 0
    server.intercept = (_, response) => {
      if (count++ % 3 === 2) return false
      response.writeHead(count % 2 ? 503 : 500).end()
      return true
    }
    const source = open()
    expect(await source.size('big')).toBe(BIG_FILE.length)
    expectBytes(await source.read('big', 0, 100), 0, 100)
  })

  test('endless 5xx ends with an error that names the file', async () => {
    server.intercept = (_, response) => {
      response.writeHead(502).end()
      return true
    }
    const error = await errorOf(open().read('big', 0, 100))
    expect(error).toMatchObject({ code: 'network', file: 'big' })
    expect(error.message).toContain('502')
    expect(error.message).toContain('tried 4 times')
    expect(server.log).toHaveLength(4)
  })

  test('a broken connection resumes at the next byte', async () => {
    let cuts = 3
    server.intercept = (request, response, body) => {
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
    expectBytes(await open().read('big', 100, 2_500_100), 100, 2_500_100)
    const starts = server.log.map((line) => Number(/=(\d+)-/.exec(line)?.[1]))
    expect(starts).toHaveLength(4)
    expect(starts.toSorted((a, b) => a - b)).toEqual(starts)
    expect(starts[1]).toBeGreaterThan(100)
  })

  test('broken connections do not count as failures while each delivers a mebibyte', async () => {
    let cuts = 0
    server.intercept = (request, response, body) => {
      const range = rangeOf(request, body.length)
      if (range === undefined || range.end - range.start <= 1_100_000) return false
      const { start, end } = range
      response.writeHead(206, { 'Content-Range': `bytes ${start}-${end - 1}/${body.length}` })
      response.write(body.subarray(start, start + 1_100_000), () => setTimeout(() => response.destroy(), 50))
      cuts++
      return true
    }
    expectBytes(
      await open({ retry: { attempts: 2, initialDelayMs: 5, maxDelayMs: 5 } }).read(
        'big',
        0,
        BIG_FILE.length,
      ),
      0,
      BIG_FILE.length,
    )
    expect(cuts).toBe(2)
  })

  test('a 429 without a delay is retried after the longest delay of the policy', async () => {
    let remaining = 1
    server.intercept = (_, response) => {
      if (remaining-- <= 0) return false
      response.writeHead(429).end()
      return true
    }
    const began = performance.now()
    expectBytes(
      await open({ retry: { attempts: 2, initialDelayMs: 1, maxDelayMs: 400 } }).read('big', 10, 20),
      10,
      20,
    )
    expect(performance.now() - began).toBeGreaterThan(350)
  })

  test('an unreachable server is a network error that names the file', async () => {
    const source = open()
    await server.close()
    expect(await errorOf(source.size('big'))).toMatchObject({ code: 'network', file: 'big' })
  })

  test('a stalled connection is closed and retried', async () => {
    let silent = 1
    server.intercept = () => silent-- > 0
    expectBytes(await open({ stallMs: 300 }).read('big', 0, 50), 0, 50)
    expect(server.log).toHaveLength(2)
  })

  test('a slow host is read without retries', async () => {
    const drip: Interceptor = (request, response, body) => {
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
    server.intercept = (...args) => {
      setTimeout(() => drip(...args), 300)
      return true
    }
    expectBytes(await open({ stallMs: 3000 }).read('big', 7, 107), 7, 107)
    expect(server.log).toHaveLength(1)
  })
})

describe('a host that sends wrong responses', () => {
  const answerWith = (status: number, headers: Record<string, string>, bytes: number) => {
    server.intercept = (_, response, body) => {
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
      name: 'a malformed Content-Range',
      headers: { 'Content-Range': 'bytes 0-/3' },
      bytes: 100,
      says: 'another range',
    },
    {
      name: 'compressed bytes',
      headers: { 'Content-Range': 'bytes 0-99/3000000', 'Content-Encoding': 'gzip' },
      bytes: 100,
      says: 'broke',
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
  ])('a 206 with $name is an error', async ({ headers, bytes, says }) => {
    answerWith(206, headers, bytes)
    const error = await errorOf(open().read('big', 0, 100))
    expect(error).toMatchObject({ code: 'network', file: 'big' })
    expect(error.message).toContain(says)
  })

  test('a file shorter than the requested range is truncated', async () => {
    for (const [start, end] of [
      [2_999_990, 3_000_010],
      [3_000_000, 3_000_010],
    ] as const) {
      const error = await errorOf(open().read('big', start, end))
      expect(error).toMatchObject({ code: 'bad_file', file: 'big' })
      expect(error.message).toContain('truncated')
    }
  })

  test('a web page in place of a file counts as a missing file', async () => {
    answerWith(200, { 'Content-Type': 'text/html; charset=utf-8' }, 50)
    expect(await open().exists('model.safetensors.index.json')).toBe(false)
    expect((await errorOf(open().read('config.json', 0, 10))).code).toBe('not_found')
  })

  test('a 401 is an error, a 403 counts as a missing file', async () => {
    answerWith(401, {}, 0)
    expect((await errorOf(open().exists('big'))).message).toContain('401')
    answerWith(403, {}, 0)
    expect(await open().exists('big')).toBe(false)
  })

  test.each(['tag', 'length'])('a file that changes between two ranges is detected: %s', async (what) => {
    const source = open()
    expectBytes(await source.read('big', 0, 100), 0, 100)
    if (what === 'tag') server.etags.set('big', '"second"')
    else server.files.set('big', noise(2_999_999, 9))
    const error = await errorOf(source.read('big', 100, 200))
    expect(error.message).toContain('changed on the host')
    expect(error.file).toBe('big')
  })

  test('a file that changes while a range is resumed is detected', async () => {
    server.intercept = (_, response, body) => {
      server.intercept = () => false
      server.etags.set('big', '"second"')
      response.writeHead(206, { 'Content-Range': 'bytes 0-99/3000000', ETag: '"big"' })
      response.write(body.subarray(0, 50), () => setTimeout(() => response.destroy(), 20))
      return true
    }
    expect((await errorOf(open().read('big', 0, 100))).message).toContain('changed on the host')
    expect(server.log.at(-1)).toBe('GET /big bytes=50-99')
  })

  test('a tag that a proxy made weak is still the same', async () => {
    const source = open()
    await source.read('big', 0, 100)
    server.etags.set('big', 'W/"big"')
    expectBytes(await source.read('big', 100, 200), 100, 200)
  })
})

test('parses the reset time of a RateLimit header', () => {
  const headers = ['"api";r=0;t=55', '"resolvers"; r=0; t=7', '"api";r=489;t=189', 'soon', null]
  expect(headers.map(parseRateLimitMs)).toEqual([55_000, 7000, 0, 0, 0])
})

test('parses Retry-After as seconds or a date, and ignores anything else', () => {
  const now = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT')
  expect(parseRetryAfterMs('3', now)).toBe(3000)
  expect(parseRetryAfterMs('Sun, 06 Nov 1994 08:49:39 GMT', now)).toBe(2000)
  expect(
    [null, 'soon', '-5', 'Sun, 06 Nov 1993 08:49:39 GMT'].map((header) => parseRetryAfterMs(header, now)),
  ).toEqual([0, 0, 0, 0])
})
