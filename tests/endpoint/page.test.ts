// Tests of endpoints from a page in Chromium: relative addresses, other origins, redirects, many streams.
import { join } from 'node:path'
import type { Page } from 'playwright'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { openEndpoint } from '../../src/endpoint/open-endpoint.ts'
import { describeInChromium, launchChromium } from '../browser/chromium.ts'
import { chunk } from './local-server.ts'
import { startServer, type TestServer } from './recorded-server.ts'

declare const hadal: { openEndpoint: typeof openEndpoint }

const MODELS = '{"data":[{"id":"m"}]}'
const STREAM = chunk('x'.repeat(2 ** 10)).repeat(2 ** 11) + chunk('', 'stop')

describeInChromium('an endpoint in a page', () => {
  const closing: (() => Promise<unknown>)[] = []
  const seen: string[] = []
  let page: Page
  let other: TestServer

  beforeAll(async () => {
    other = await startServer((request, response) => {
      seen.push(request.url ?? '')
      response.end(MODELS)
    })
    const input = join(import.meta.dirname, '..', '..', 'src', 'endpoint', 'open-endpoint.ts')
    const bundle = await rolldown({ input, platform: 'browser' })
    const { output } = await bundle.generate({ format: 'iife', name: 'hadal' })
    const site = await startServer(({ url }, response) => {
      if (url === '/app/llm/v1/models') return response.end(MODELS)
      if (url === '/app/llm/v1/chat/completions') return response.end(STREAM)
      if (url === '/away/v1/models')
        return response.writeHead(307, { location: `${other.url}/v1/models` }).end()
      response.setHeader('content-type', 'text/html')
      return response.end('<!doctype html><title>app</title>')
    })
    const browser = await launchChromium()
    closing.push(() => browser.close(), site.close, other.close)
    page = await browser.newPage()
    await page.goto(`${site.url}/app/`)
    await page.addScriptTag({ content: output[0].code })
  })

  afterAll(async () => {
    for (const close of closing) await close()
  })

  it('may have an address relative to the page, and answers beside streams that nobody reads', async () => {
    const [text, length] = await page.evaluate(async (messages) => {
      const model = await hadal.openEndpoint({ endpoint: 'llm' })
      const ask = () => model.chat.completions.create({ messages, stream: true })
      const unread = await Promise.all(Array.from({ length: 8 }, ask))
      let text = ''
      for await (const { choices } of await ask()) text += choices[0]?.delta.content ?? ''
      return [text, unread.length]
    }, MESSAGES)
    expect(text).toHaveLength(2 ** 21)
    expect(length).toBe(8)
  })

  it('names CORS if another origin does not allow the page', async () => {
    expect(await opening(page, other.url)).toMatchObject({
      code: 'network',
      hint: expect.stringContaining('CORS'),
    })
  })

  it('is not redirected', async () => {
    seen.length = 0
    expect(await opening(page, '/away')).toMatchObject({
      code: 'network',
      message: expect.stringContaining('redirects elsewhere'),
    })
    expect(seen).toEqual([])
  })
})

const MESSAGES = [{ role: 'user', content: 'hi' }] as const

/** How opening an endpoint with a key fails in the page. */
const opening = (page: Page, endpoint: string): Promise<unknown> =>
  page.evaluate(
    (address) =>
      hadal.openEndpoint({ endpoint: address, apiKey: 'k' }).then(
        () => 'opened',
        (error: Error) => JSON.parse(JSON.stringify(error)),
      ),
    endpoint,
  )
