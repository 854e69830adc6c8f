// Tests in Chromium that a model comes back: its GPU process crashes, its worker ends, the page is frozen.
import type { Browser, CDPSession, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Hadal from '../../src/index.ts'
import { serveFolder } from '../../tools/serve.mjs'
import { crashGpuProcess, describeInChromium, launchChromium, NO_CRASH_LIMITS } from './chromium.ts'
import { installedApp, MODEL, openApp } from './installed-app.ts'

declare const hadal: typeof Hadal
declare const model: Hadal.LoadedModel
declare const statuses: string[]
declare const interrupt: () => Promise<void>

/** Tokens after which an answer is interrupted. */
const POINTS = [11]

describeInChromium('recovery', () => {
  let host: Awaited<ReturnType<typeof serveFolder>> | undefined
  let browser: Browser
  let page: Page
  let interruption = async () => {}

  /** A greedy answer, interrupted after so many pieces. */
  const ask = (at = 0) =>
    page.evaluate(async (at) => {
      const messages = [{ role: 'user', content: 'Count from 1 to 40.' }] as const
      const request = { messages, temperature: 0, max_tokens: 48, stream: true } as const
      let [text, pieces] = ['', 0]
      for await (const { choices, hadal } of await model.chat.completions.create(request)) {
        const delta = choices[0]?.delta
        text += `${delta?.reasoning_content ?? ''}${delta?.content ?? ''}`
        if (hadal && 'token_ids' in hadal && ++pieces === at) await interrupt()
      }
      return { text, bytes: await model.gpuBytes() }
    }, at)

  beforeAll(async () => {
    host = await serveFolder(await installedApp(), { headers: {} })
    browser = await launchChromium(NO_CRASH_LIMITS)
    page = await openApp(browser, host.url)
    await page.exposeFunction('interrupt', () => interruption())
    await page.evaluate(async (source) => {
      const statuses: string[] = []
      const onStatus = ({ state }: { state: string }) => {
        if (statuses.at(-1) !== state) statuses.push(state)
      }
      const model = await hadal.loadModel(source, { keep: 'files', onStatus, kvCacheBytes: 0 })
      Object.assign(globalThis, { model, statuses })
    }, MODEL)
  })

  afterAll(async () => {
    await browser?.close()
    await host?.close()
  })

  const cases: [string, () => Promise<unknown>][] = [
    ['the GPU process crashes', () => crashGpuProcess(browser)],
    [
      'the worker ends',
      async () =>
        page
          .workers()
          .at(-1)
          ?.evaluate(() => close()),
    ],
  ]
  test.each(cases)('answers go on after %s', async (_, interruptOnce) => {
    const whole = await ask()
    interruption = async () => void interruptOnce().catch(() => {})
    for (const at of POINTS) {
      await page.evaluate(() => statuses.splice(0))
      expect(await ask(at)).toEqual(whole)
      expect(await page.evaluate(() => statuses)).toEqual(['recovering', 'ready'])
    }
    expect(whole.text.length).toBeGreaterThan(60)
  })

  test('an answer goes on in a page that was frozen and came back', async () => {
    const whole = await ask()
    const session: CDPSession = await page.context().newCDPSession(page)
    interruption = async () => {
      await session.send('Page.setWebLifecycleState', { state: 'frozen' })
      void session.send('Page.setWebLifecycleState', { state: 'active' })
    }
    expect(await ask(9)).toEqual(whole)
  })
})
