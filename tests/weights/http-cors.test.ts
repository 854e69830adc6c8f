// Tests of reading over HTTP with the few response headers that a page of another origin sees.
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openHttp } from '../../src/weights/http.ts'
import { readHeader } from '../../src/weights/safetensors.ts'
import { type FileServer, rangeOf, startFileServer, wholeFilesOnly } from './file-server.ts'
import { BIG_FILE, errorOf, expectBytes, FAST_RETRY, TEST_FILES } from './http-kit.ts'
import { makeSafetensors, noise } from './make-safetensors.ts'

/** https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name */
const SAFELISTED =
  /^(cache-control|content-language|content-length|content-type|expires|last-modified|pragma)$/

/** Fetches as a page of another origin does. */
const corsFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const visible = [...response.headers].filter(([name]) => SAFELISTED.test(name))
  return Object.create(response, {
    headers: { value: new Headers(visible) },
    type: { value: 'cors' },
    status: { value: response.status },
    ok: { value: response.ok },
    body: { value: response.body },
  })
}

const WEIGHTS = makeSafetensors({ w: ['U8', [200_000], noise(200_000, 3)] })

function* repeat(block: Uint8Array) {
  for (;;) yield block
}

let server: FileServer
const open = () => openHttp(server.url, { retry: FAST_RETRY, fetch: corsFetch })

beforeEach(async () => {
  server = await startFileServer({ ...TEST_FILES, 'w.safetensors': WEIGHTS })
})
afterEach(() => server.close())

test('a length is confirmed by a range at the end of the file', async () => {
  const source = open()
  expect(await source.size('big')).toBe(BIG_FILE.length)
  expect(await source.size('empty')).toBe(0)
  expectBytes(await source.read('big', 7, 1000), 7, 1000)
  expect(server.log.slice(0, 2)).toEqual(['HEAD /big bytes=0-', 'GET /big bytes=2999999-3000000'])
})

test.each([1, 2_999_999, 3_000_001])('a false length is not believed: %i', async (length) => {
  server.intercept = (request, response) => {
    if (request.method !== 'HEAD') return false
    response.writeHead(200, { 'Content-Length': length }).end()
    return true
  }
  expect(await open().size('big')).toBe(BIG_FILE.length)
})

test('a file without a length is counted; weights end where their header says', async () => {
  server.intercept = (_, response, body) => {
    response.writeHead(200).write(body.subarray(0, 500))
    response.end(body.subarray(500))
    return true
  }
  const source = open()
  expect(await source.size('big')).toBe(BIG_FILE.length)
  expect((await readHeader(source, 'w.safetensors')).fileBytes).toBe(WEIGHTS.length)
  expect(await source.read('w.safetensors', 100_000, WEIGHTS.length)).toEqual(WEIGHTS.subarray(100_000))
})

test('an endless file without a length is an error', async () => {
  const block = new Uint8Array(2 ** 20).fill(0xff) // as a header's length: far too long
  server.intercept = (request, response) => {
    response.writeHead(200)
    if (request.method === 'HEAD') response.end()
    else Readable.from(repeat(block)).pipe(response)
    return true
  }
  for (const file of ['big', 'w.safetensors']) {
    expect(await errorOf(open().size(file))).toMatchObject({ code: 'bad_file', file })
  }
})

test('weights that end before their header says are truncated, whatever their length', async () => {
  server.files.set('w.safetensors', WEIGHTS.subarray(0, 150_000))
  server.intercept = wholeFilesOnly
  const source = open()
  const { entries } = await readHeader(source, 'w.safetensors')
  const { start, end } = entries[0] ?? { start: 0, end: 0 }
  expect(await errorOf(source.read('w.safetensors', start, end))).toMatchObject({ code: 'bad_file' })
})

test('a broken connection resumes at the next byte, and a changed file is detected', async () => {
  let modified = 'Sun, 06 Nov 1994 08:49:37 GMT'
  let cuts = 2
  server.intercept = (request, response, body) => {
    response.setHeader('Last-Modified', modified)
    const range = rangeOf(request, body.length)
    if (request.method !== 'GET' || !range || range.end - range.start < 1000 || cuts-- <= 0) return false
    response.writeHead(206, { 'Content-Length': range.end - range.start })
    const sent = body.subarray(range.start, range.start + 400_000)
    response.write(sent, () => setTimeout(() => response.destroy(), 20))
    return true
  }
  const source = open()
  await source.size('big')
  expectBytes(await source.read('big', 100, 2_500_100), 100, 2_500_100)
  expect(new Set(server.log).size).toBe(server.log.length) // no byte was requested twice
  modified = 'Mon, 07 Nov 1994 08:49:37 GMT'
  expect((await errorOf(source.read('big', 0, 5000))).message).toContain('changed on the host')
})

test('a compressed form with another date and tag is no change', async () => {
  server.intercept = (request, response, body) => {
    const isWhole = request.headers.range === undefined
    response.setHeader('Last-Modified', `Sun, 0${isWhole ? 6 : 7} Nov 1994 08:49:37 GMT`)
    if (!isWhole) return false
    response.writeHead(200, { 'Content-Encoding': 'gzip', ETag: '"gzip"' }).end(gzipSync(body, { level: 1 }))
    return true
  }
  for (const source of [open(), openHttp(server.url)]) {
    expectBytes((await source.readFile?.('big', { maxBytes: 4_000_000 })) ?? new Uint8Array(), 0, 3_000_000)
    expect(await source.size('big')).toBe(BIG_FILE.length)
    expectBytes(await source.read('big', 5, 99), 5, 99)
  }
})

test('a whole file continues after a broken connection, and is limited', async () => {
  server.intercept = (_, response, body) => {
    server.intercept = () => false
    response.writeHead(200, { 'Content-Length': body.length })
    response.write(body.subarray(0, 1_500_000), () => setTimeout(() => response.destroy(), 20))
    return true
  }
  const file = await openHttp(server.url, { retry: FAST_RETRY }).readFile?.('big', { maxBytes: 3_000_000 })
  expectBytes(file ?? new Uint8Array(), 0, 3_000_000)
  expect(server.log[1]).toMatch(/^GET \/big bytes=[1-9]\d*-2999999$/)
  for (const fetched of [corsFetch, fetch]) {
    const source = openHttp(server.url, { fetch: fetched })
    const tooLarge = source.readFile?.('big', { maxBytes: 2_000_000 }) ?? Promise.resolve()
    expect(await errorOf(tooLarge)).toMatchObject({ code: 'bad_file', file: 'big' })
  }
})
