// Answers: does the service worker answer ranges as a host does, from a kept file and from one that is still arriving? Over a real host.
// It must not know the page.
import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { Download } from '../../src/app/offline/download.ts'
import { rangeAnswer, wholeAnswer } from '../../src/app/offline/range.ts'

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)
const text = async (response: Response) => [...new Uint8Array(await response.arrayBuffer())]
const part = (start: number, end: number) => [...bytes.slice(start, end)]

let server: Server | undefined
afterEach(() => server?.close())

async function host(answer: (response: ServerResponse) => void): Promise<string> {
  server = createServer((_, response) => answer(response)).listen(0)
  await new Promise((resolve) => server?.once('listening', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
}

test.each([
  ['bytes=0-9', 206, 0, 10, 'bytes 0-9/1000'],
  ['bytes=990-', 206, 990, 1000, 'bytes 990-999/1000'],
  ['bytes=-5', 206, 995, 1000, 'bytes 995-999/1000'],
  ['bytes=900-5000', 206, 900, 1000, 'bytes 900-999/1000'],
  [null, 200, 0, 1000, null],
  ['bytes=0-1,4-5', 200, 0, 1000, null],
  ['lines=1-2', 200, 0, 1000, null],
] as const)('a kept file answers %s with %i', async (range, status, start, end, contentRange) => {
  const kept = await wholeAnswer(
    new Response(bytes, { headers: { ETag: '"v1"', 'Content-Encoding': 'gzip' } }),
  )
  const response = rangeAnswer(kept, 'GET', range)
  expect([response.status, response.headers.get('Content-Range')]).toEqual([status, contentRange])
  expect(response.headers.get('Content-Length')).toBe(String(end - start))
  expect([response.headers.get('ETag'), response.headers.get('Content-Encoding')]).toEqual(['"v1"', null])
  expect(await text(response)).toEqual(part(start, end))
})

test('a range beyond the end is refused, and HEAD has no body', async () => {
  const kept = await wholeAnswer(new Response(bytes))
  const beyond = rangeAnswer(kept, 'GET', 'bytes=1000-')
  expect([beyond.status, beyond.headers.get('Content-Range')]).toEqual([416, 'bytes */1000'])
  const head = rangeAnswer(kept, 'HEAD', 'bytes=0-')
  expect([head.status, head.headers.get('Content-Length'), head.body]).toEqual([200, '1000', null])
})

test('an arriving file is read by range before it is complete, and kept whole afterwards', async () => {
  let finish = () => {}
  const url = await host((response) => {
    response.writeHead(200, { 'Content-Length': bytes.length })
    response.write(bytes.slice(0, 600))
    finish = () => response.end(bytes.slice(600))
  })
  const download = await Download.start(url)
  expect(await text(rangeAnswer(download, 'GET', 'bytes=100-499'))).toEqual(part(100, 500))
  const late = text(rangeAnswer(download, 'GET', 'bytes=500-899'))
  finish()
  expect(await late).toEqual(part(500, 900))
  expect(await text((await download.done) ?? new Response())).toEqual([...bytes])
})

test('a connection that breaks off fails its readers and is not kept', async () => {
  const url = await host((response) => {
    response.writeHead(200, { 'Content-Length': bytes.length })
    response.write(bytes.slice(0, 600), () => setTimeout(() => response.destroy(), 50))
  })
  const download = await Download.start(url)
  const reading = text(rangeAnswer(download, 'GET', 'bytes=0-999'))
  await expect(download.done).rejects.toThrow()
  await expect(reading).rejects.toThrow()
})

test('a host that says no length is waited for; one that says no keeps nothing', async () => {
  const chunked = await Download.start(await host((response) => response.end(bytes)))
  expect(chunked.totalBytes).toBe(1000)
  server?.close()
  const refused = await Download.start(await host((response) => response.writeHead(404).end()))
  expect([refused.response.status, await refused.done]).toEqual([404, undefined])
})
