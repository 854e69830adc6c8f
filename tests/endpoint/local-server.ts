// Servers on this machine that answer in given ways, and models behind them.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, expect } from 'vitest'
import { openEndpoint } from '../../src/endpoint/open-endpoint.ts'
import type { EndpointModel } from '../../src/endpoint/types.ts'
import type { HadalError } from '../../src/lib/error.ts'
import { startServer, type TestServer } from './recorded-server.ts'

export const KEY = 'sk-secret'
export const messages = [{ role: 'user', content: 'hi' }] as const
export const servers: TestServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

export type Answer = (response: ServerResponse, request: IncomingMessage) => unknown

/** A server that lists one model and answers everything else in a given way. */
export async function serverWith(answer: Answer): Promise<TestServer> {
  const server = await startServer((request, response) => {
    if (request.url === '/v1/models') response.end('{"object":"list","data":[{"id":"m"}]}')
    else return answer(response, request)
  })
  servers.push(server)
  return server
}

export async function modelWith(answer: Answer): Promise<EndpointModel> {
  const { url } = await serverWith(answer)
  return openEndpoint({ endpoint: url, apiKey: KEY })
}

/** The error of a request. */
export async function failure(work: Promise<unknown>): Promise<HadalError> {
  const error: HadalError = await work.then(
    () => Promise.reject(new Error('there was no error')),
    (error) => error,
  )
  expect(JSON.stringify([error.message, error.hint, error])).not.toContain(KEY)
  return error
}

export const status =
  (code: number, body: string, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers)
    response.end(body)
  }

export const error = (message: string, more = {}) => JSON.stringify({ error: { message, ...more } })

/** Writes the same again and again until the reader goes away. */
export async function pour(response: ServerResponse, piece: string): Promise<void> {
  const gone = once(response, 'close')
  while (!response.destroyed) {
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), gone])
  }
}

export const page = '<!doctype html><title>Sign in</title>'

export const chunk = (content: string, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`

export const events = (...pieces: (string | Uint8Array)[]): Answer => {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of pieces) response.write(piece)
    response.end()
  }
}
