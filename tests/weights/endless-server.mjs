// Serves files of any size, with bytes computed from their position. A process of its own, so that its memory
// is
// not counted with the reader's.
import { createServer } from 'node:http'

const FILE_BYTES = Number(process.argv[2])
const pattern = Uint8Array.from({ length: 1_000_003 }, (_, at) => (at * 7) % 251)

const server = createServer((request, response) => {
  const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const start = Number(from ?? 0)
  const end = last ? Number(last) + 1 : FILE_BYTES
  const contentRange =
    from === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${FILE_BYTES}` }
  response.writeHead(from === undefined ? 200 : 206, {
    'Content-Length': end - start,
    ETag: `"${FILE_BYTES}"`,
    ...contentRange,
  })
  if (request.method === 'HEAD') return response.end()
  send(response, start, end)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))

function send(response, start, end) {
  let at = start
  while (at < end) {
    const from = at % pattern.length
    const part = pattern.subarray(from, Math.min(pattern.length, from + end - at))
    at += part.length
    if (!response.write(part)) return response.once('drain', () => send(response, at, end))
  }
  response.end()
}
