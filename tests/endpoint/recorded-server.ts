// A local server that replays recorded answers, cut at random places, and a proxy that records them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'

/** What was asked, and what a server answered. */
export interface RecordedExchange {
  readonly method: string
  readonly path: string
  readonly authorization: string | null
  /** The JSON of the request; null if it had none. */
  readonly body: unknown
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly answer: string
}

export interface TestServer {
  readonly url: string
  close(): Promise<void>
}

/** Starts a server on a free port of this machine. */
export async function startServer(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<TestServer> {
  const server = createServer(async (request, response) => {
    try {
      await handle(request, response)
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

type Asked = Pick<RecordedExchange, 'method' | 'path' | 'authorization' | 'body'>

/** What a request asks. */
export async function asked(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization ?? null,
    body: text === '' ? null : JSON.parse(text),
  }
}

const isSame = ({ method, path, authorization, body }: Asked, other: Asked) =>
  isDeepStrictEqual(
    [method, path, authorization, body],
    [other.method, other.path, other.authorization, other.body],
  )

/** Replays answers. Each body arrives in pieces of 1 to 40 bytes, in another way for each seed. */
export function replay(exchanges: readonly RecordedExchange[], seed: number): Promise<TestServer> {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return startServer(async (request, response) => {
    const question = await asked(request)
    const found = exchanges.find((exchange) => isSame(exchange, question))
    if (!found) {
      response.writeHead(418, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { message: `not recorded: ${JSON.stringify(question)}` } }))
      return
    }
    response.writeHead(found.status, found.headers)
    const bytes = Buffer.from(found.answer)
    for (let start = 0; start < bytes.length; ) {
      const end = start + 1 + Math.floor(40 * random())
      response.write(bytes.subarray(start, end))
      await new Promise(setImmediate)
      start = end
    }
    response.end()
  })
}

/** Passes requests on to a server and adds what it answers to `exchanges`, once for each question. */
export function record(target: string, exchanges: RecordedExchange[]): Promise<TestServer> {
  return startServer(async (request, response) => {
    const question = await asked(request)
    const { method, path, authorization, body } = question
    const answered = await fetch(target + path, {
      method,
      headers: {
        ...(authorization !== null && { authorization }),
        ...(body !== null && { 'content-type': 'application/json' }),
      },
      body: body === null ? null : JSON.stringify(body),
    })
    const answer = await answered.text()
    const headers = { 'content-type': answered.headers.get('content-type') ?? '' }
    if (!exchanges.some((exchange) => isSame(exchange, question)))
      exchanges.push({ ...question, status: answered.status, headers, answer })
    response.writeHead(answered.status, headers)
    response.end(answer)
  })
}
