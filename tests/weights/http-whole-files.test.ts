// Tests of reading from hosts that ignore ranges, and of cancellation, against a real local server.
import { gzipSync } from 'node:zlib'
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

describe('a host that ignores ranges', () => {
  beforeEach(() => {
    server.intercept = wholeFilesOnly
  })

  test('reads in file order download the file once', async () => {
    const source = open()
    const reads = [0, 500_000, 1_000_000, 2_400_000].map((at) => source.read('big', at, at + 400_000))
    for (const [i, bytes] of (await Promise.all(reads)).entries()) {
      const start = [0, 500_000, 1_000_000, 2_400_000][i] ?? 0
      expectBytes(bytes, start, start + 400_000)
    }
    expect(server.log.filter((line) => line === 'GET /big')).toHaveLength(1)
  })

  test('a read at an earlier position requests the file again', async () => {
    const source = open()
    expectBytes(await source.read('big', 1_000_000, 1_000_100), 1_000_000, 1_000_100)
    expectBytes(await source.read('big', 50, 60), 50, 60)
    expect(await source.read('sub/ä #?%.json', 0, 10)).toEqual(noise(10, 2))
  })

  test('a read beyond the end reports a truncated file', async () => {
    expect(await errorOf(open().read('big', 2_999_990, 3_000_010))).toMatchObject({
      code: 'bad_file',
      file: 'big',
    })
  })

  test('a broken connection is retried', async () => {
    let gets = 0
    server.intercept = (request, response, body) => {
      if (++gets !== 2) return wholeFilesOnly(request, response, body)
      response.writeHead(200, { 'Content-Length': body.length })
      response.write(body.subarray(0, 1_500_000), () => setTimeout(() => response.destroy(), 20))
      return true
    }
    expectBytes(await open().read('big', 1_000_000, 2_000_000), 1_000_000, 2_000_000)
  })

  test('a compressed response is read decompressed', async () => {
    server.intercept = (_, response, body) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(body, { level: 1 }))
      return true
    }
    expectBytes(await open().read('big', 1_000_000, 2_000_000), 1_000_000, 2_000_000)
    expect((await errorOf(open().read('big', 0, BIG_FILE.length + 1))).code).toBe('network')
  })

  test('an idle response is closed, and the file requested again when needed', async () => {
    const source = open({ idleMs: 20 })
    await source.read('big', 0, 100)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expectBytes(await source.read('big', 100, 200), 100, 200)
    expect(server.log.filter((line) => line === 'GET /big')).toHaveLength(2)
  })
})

test('the signal stops a read, a retry delay and a stalled connection', async () => {
  server.intercept = () => true
  const stopped = open().read('big', 0, 10, AbortSignal.timeout(50))
  expect((await errorOf(stopped)).code).toBe('aborted')
  server.intercept = (_, response) => {
    response.writeHead(503, { 'Retry-After': '30' }).end()
    return true
  }
  expect((await errorOf(open().read('big', 0, 10, AbortSignal.timeout(50)))).code).toBe('aborted')
  expect((await errorOf(open().size('big', AbortSignal.abort()))).code).toBe('aborted')
})
