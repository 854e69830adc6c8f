// Tests of the error messages of the built page: no WebGPU, damaged model folders.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium, launchChromium } from './chromium.ts'
import { type PageHost, serveApp, serveChanged } from './pages.ts'

// A software GPU is slow.
const SLOW_MS = 500_000

describeInChromium('the page, when something is wrong', () => {
  let browser: Browser
  let host: PageHost

  beforeAll(async () => {
    host = await serveApp()
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await host?.close()
  })

  async function visit(url: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
    const page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(SLOW_MS)
    await prepare?.(page)
    await page.goto(url)
    return page
  }

  /** The error that the page shows for a model folder changed by `damage`. */
  async function errorAfter(damage: (model: string) => void): Promise<string> {
    const damaged = await serveChanged(host, (folder) => damage(join(folder, 'models', 'lanternfish')))
    const page = await visit(damaged.url)
    const text = await page.getByRole('alert').innerText()
    await page.context().close()
    await damaged.close()
    return text
  }

  test('explains how to turn on WebGPU, even with storage blocked', async () => {
    const page = await visit(host.url, (page) =>
      page.addInitScript(() => {
        Object.defineProperty(navigator, 'gpu', { value: undefined })
        const get = () => {
          throw new DOMException('Access is denied for this document.', 'SecurityError')
        }
        Object.defineProperties(window, { localStorage: { get }, sessionStorage: { get } })
      }),
    )
    await page.getByRole('heading', { name: 'WebGPU is off in Chrome' }).waitFor()
    const steps = await page.getByRole('listitem').allInnerTexts()
    expect(steps.join('\n')).toContain('chrome://flags/#enable-unsafe-webgpu')
    expect(await page.getByLabel('Your question').count()).toBe(0)
    await page.context().close()
  })

  test('names file and tensor of a truncated model', async () => {
    const text = await errorAfter((model) => truncateSync(join(model, 'model.safetensors'), 5_000_000))
    expect(text).toContain('model.safetensors')
    expect(text).toMatch(/tensor\s+["“]?\w+\.[\w.]+/i)
    expect(text).toContain('Try again')
  })

  test('names file and tensor of a malformed header', async () => {
    const text = await errorAfter((model) => {
      const path = join(model, 'model.safetensors')
      const bytes = readFileSync(path)
      const at = bytes.indexOf('"shape":[')
      bytes.write('"shape":[7', at)
      writeFileSync(path, bytes)
    })
    expect(text).toContain('model.safetensors')
    expect(text).toMatch(/tensor\s+["“]?\w+\.[\w.]+/i)
  })

  test('names a file that is missing', async () => {
    const text = await errorAfter((model) => rmSync(join(model, 'tokenizer.json')))
    expect(text).toContain('tokenizer.json')
  })
})
