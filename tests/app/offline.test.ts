// Tests of the service worker's range responses, from complete and arriving files, over real HTTP.
import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { rangeResponse, toRangedFile } from '../../src/app/offline/range.ts'
import { StreamedDownload } from '../../src/app/offline/streamed-download.ts'

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)
const bodyBytes = async (response: Response) => [...new Uint8Array(await response.arrayBuffer())]
const slice = (start: number, end: number) => [...BYTES.slice(start, end)]

let server: Server | undefined
afterEach(() => server?.close())

async function startHost(answer: (response: ServerResponse) => void): Promise<string> {
  server = createServer((_, response) => answer(response)).listen(0)
  await new Promise((resolve) => server?.once('listening', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
}

test.each([
  { range: 'bytes=0-9', status: 206, start: 0, end: 10, contentRange: 'bytes 0-9/1000' },
  { range: 'bytes=990-', status: 206, start: 990, end: 1000, contentRange: 'bytes 990-999/1000' },
  { range: 'bytes=-5', status: 206, start: 995, end: 1000, contentRange: 'bytes 995-999/1000' },
  { range: 'bytes=900-5000', status: 206, start: 900, end: 1000, contentRange: 'bytes 900-999/1000' },
  { range: null, status: 200, start: 0, end: 1000, contentRange: null },
  { range: 'bytes=0-1,4-5', status: 200, start: 0, end: 1000, contentRange: null },
  { range: 'lines=1-2', status: 200, start: 0, end: 1000, contentRange: null },
] as const)(
  'a complete file answers $range with $status',
  async ({ range, status, start, end, contentRange }) => {
    const kept = await toRangedFile(
      new Response(BYTES, { headers: { ETag: '"v1"', 'Content-Encoding': 'gzip' } }),
    )
    const response = rangeResponse(kept, 'GET', range)
    expect([response.status, response.headers.get('Content-Range')]).toEqual([status, contentRange])
    expect(response.headers.get('Content-Length')).toBe(String(end - start))
    expect([response.headers.get('ETag'), response.headers.get('Content-Encoding')]).toEqual(['"v1"', null])
    expect(await bodyBytes(response)).toEqual(slice(start, end))
  },
)

test('a range beyond the end gets 416, and HEAD has no body', async () => {
  const kept = await toRangedFile(new Response(BYTES))
  const beyond = rangeResponse(kept, 'GET', 'bytes=1000-')
  expect([beyond.status, beyond.headers.get('Content-Range')]).toEqual([416, 'bytes */1000'])
  const head = rangeResponse(kept, 'HEAD', 'bytes=0-')
  expect([head.status, head.headers.get('Content-Length'), head.body]).toEqual([200, '1000', null])
})

test('an arriving file serves ranges before it is complete', async () => {
  let finish = () => {}
  const url = await startHost((response) => {
    response.writeHead(200, { 'Content-Length': BYTES.length })
    response.write(BYTES.slice(0, 600))
    finish = () => response.end(BYTES.slice(600))
  })
  const download = await StreamedDownload.start(url)
  expect(await bodyBytes(rangeResponse(download, 'GET', 'bytes=100-499'))).toEqual(slice(100, 500))
  const late = bodyBytes(rangeResponse(download, 'GET', 'bytes=500-899'))
  finish()
  expect(await late).toEqual(slice(500, 900))
  expect(await bodyBytes((await download.done) ?? new Response())).toEqual([...BYTES])
})

test('a lost connection fails readers and the download', async () => {
  const url = await startHost((response) => {
    response.writeHead(200, { 'Content-Length': BYTES.length })
    response.write(BYTES.slice(0, 600), () => setTimeout(() => response.destroy(), 50))
  })
  const download = await StreamedDownload.start(url)
  const reading = bodyBytes(rangeResponse(download, 'GET', 'bytes=0-999'))
  await expect(download.done).rejects.toThrow()
  await expect(reading).rejects.toThrow()
})

test('a file without Content-Length is read to its end; a refused one is not saved', async () => {
  const chunked = await StreamedDownload.start(await startHost((response) => response.end(BYTES)))
  expect(chunked.totalBytes).toBe(1000)
  server?.close()
  const refused = await StreamedDownload.start(await startHost((response) => response.writeHead(404).end()))
  expect([refused.response.status, await refused.done]).toEqual([404, undefined])
})
