// Tests that a worker reads from the Hub across origins without avoidable CORS preflights, in Chromium.
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { build } from 'rolldown'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { listen } from '../weights/file-server.ts'
import { HUB_MODEL, type HubServer, startHub } from '../weights/hub-server.ts'
import { noise } from '../weights/make-safetensors.ts'
import { describeInChromium, launchChromium } from './chromium.ts'
import type { HubResult, HubTask } from './library/hub-worker.ts'
import { ROOT } from './pages.ts'

const TOKEN = 'hf_SecretSecretSecret'
const FILES = { 'config.json': noise(100, 1), 'model.safetensors': noise(100_000, 2) }
const READS = [
  ['config.json', 10, 50],
  ['model.safetensors', 0, 1000],
  ['model.safetensors', 50_000, 100_000],
] as const

describeInChromium('the Hub, from a worker on another origin', () => {
  let browser: Browser
  let page: Page
  let host: Awaited<ReturnType<typeof listen>>
  let hub: HubServer

  beforeAll(async () => {
    const input = join(ROOT, 'tests', 'browser', 'library', 'hub-worker.ts')
    const { output } = await build({ input, write: false, platform: 'browser', output: { format: 'esm' } })
    host = await listen((request, response) => {
      const script = request.url === '/worker.js'
      response.writeHead(200, { 'Content-Type': script ? 'text/javascript' : 'text/html' })
      response.end(script ? output[0].code : '<!doctype html><title>another origin</title>')
    })
    browser = await launchChromium()
    page = await browser.newPage()
    await page.goto(host.url)
  })
  beforeEach(async () => {
    await hub?.close()
    hub = await startHub(FILES)
  })
  afterAll(async () => {
    await browser?.close()
    await host?.close()
    await hub?.close()
  })

  const ask = (token?: string): Promise<HubResult> => {
    const options = {
      endpoint: hub.url,
      retry: { attempts: 1, initialDelayMs: 1, maxDelayMs: 1 },
      ...(token && { token }),
    }
    return page.evaluate(
      (task) =>
        new Promise<HubResult>((resolve) => {
          const worker = new Worker('/worker.js', { type: 'module' })
          worker.onmessage = ({ data }) => {
            worker.terminate()
            resolve(data)
          }
          worker.postMessage(task)
        }),
      { name: `hf:${HUB_MODEL}`, options, reads: READS } satisfies HubTask,
    )
  }
  const expected = { pieces: READS.map(([path, start, end]) => [...FILES[path].subarray(start, end)]) }

  test('requests without a token need no preflight', async () => {
    expect(await ask()).toEqual(expected)
    expect(hub.log.filter((line) => line.includes('OPTIONS'))).toEqual([])
    expect(hub.log.filter((line) => line.startsWith('store'))).toHaveLength(2)
  })

  test('with a token the Hub gets a preflight; its file store gets neither that nor the token', async () => {
    hub.token = TOKEN
    expect(await ask(TOKEN)).toEqual(expected)
    const store = hub.log.flatMap((line, i) =>
      line.startsWith('store') ? [hub.headers[i]?.authorization] : [],
    )
    expect(store).toEqual([undefined, undefined])
    expect(hub.log.filter((line) => line.startsWith('store OPTIONS'))).toEqual([])
  })
})
