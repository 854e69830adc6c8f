// Tests of the file server: it stays inside its folder and follows HTTP's rules for ranges. Real server, real
// files.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveFolder } from '../../tools/serve.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'hadal-serve-'))
let server: Awaited<ReturnType<typeof serveFolder>>

beforeAll(async () => {
  const site = join(FOLDER, 'site')
  mkdirSync(join(site, 'assets'), { recursive: true })
  writeFileSync(join(site, 'index.html'), '<p>hello')
  writeFileSync(join(site, 'assets', 'index.html'), 'assets')
  writeFileSync(join(site, 'model.safetensors'), '0123456789')
  writeFileSync(join(site, 'empty.bin'), '')
  writeFileSync(join(FOLDER, 'secret'), 'secret')
  server = await serveFolder(site)
})

afterAll(async () => {
  await server.close()
  rmSync(FOLDER, { recursive: true })
})

/** Sends the path unchanged; `fetch` would normalise it first. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (done, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: server.port, path, headers, method },
        async (response) => {
          let body = ''
          for await (const part of response) body += part
          done({ status: response.statusCode ?? 0, headers: response.headers, body })
        },
      )
      sent.on('error', reject).end()
    },
  )
}

describe('ranges', () => {
  it.each([
    ['bytes=2-4', 'bytes 2-4/10', '234'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=-3', 'bytes 7-9/10', '789'],
    ['bytes=8-99', 'bytes 8-9/10', '89'],
    ['bytes=-99', 'bytes 0-9/10', '0123456789'],
  ])('%s', async (range, contentRange, body) => {
    const response = await send('/model.safetensors', { range })
    expect(response).toMatchObject({ status: 206, body, headers: { 'content-range': contentRange } })
  })

  it.each(['bytes=10-', 'bytes=-0', 'bytes=99999999999999999999-'])('%s is out of range', async (range) => {
    const response = await send('/model.safetensors', { range })
    expect(response).toMatchObject({ status: 416, headers: { 'content-range': 'bytes */10' } })
  })

  it.each(['bytes=a-b', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-', 'bytes=5-2'])(
    '%s is ignored',
    async (range) => {
      expect(await send('/model.safetensors', { range })).toMatchObject({ status: 200, body: '0123456789' })
    },
  )

  it('apply only to the version of the file that if-range names', async () => {
    const { etag = '' } = (await send('/model.safetensors')).headers
    const range = 'bytes=0-0'
    expect((await send('/model.safetensors', { range, 'if-range': String(etag) })).status).toBe(206)
    expect((await send('/model.safetensors', { range, 'if-range': '"another"' })).status).toBe(200)
    expect((await send('/model.safetensors', { 'if-none-match': String(etag) })).status).toBe(304)
  })
})

describe('paths', () => {
  it.each([
    '/../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '/assets/../../secret',
    '/%ff',
    '/%00',
    '/missing',
  ])('%s is not found', async (path) => {
    expect((await send(path)).status).toBe(404)
  })

  it('of folders serve the index page', async () => {
    expect(await send('/')).toMatchObject({ status: 200, body: '<p>hello' })
    expect(await send('/assets')).toMatchObject({ status: 308, headers: { location: '/assets/' } })
    expect(await send('//assets')).toMatchObject({ status: 308, headers: { location: '/assets/' } })
    expect(await send('/assets/')).toMatchObject({ status: 200, body: 'assets' })
  })

  it('may name an empty file', async () => {
    expect(await send('/empty.bin')).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '0' },
    })
  })
})

it('sends the headers that the page needs, and accepts GET and HEAD only', async () => {
  const { headers } = await send('/', {}, 'HEAD')
  expect(headers['content-security-policy']).toContain("default-src 'self'")
  expect(headers['cross-origin-opener-policy']).toBe('same-origin')
  expect(headers['cross-origin-embedder-policy']).toBe('require-corp')
  expect((await send('/', {}, 'POST')).status).toBe(405)
})

it('takes the next port when one is in use', async () => {
  const second = await serveFolder(FOLDER, { port: server.port })
  expect(second.port).toBeGreaterThan(server.port)
  await second.close()
})
