// Answers: what does the page say when it cannot work? Without WebGPU, and with a model folder that is damaged.
// It must not know how the page is made.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildAndServe, describeInChromium, type Host, launch, root, serveChanged } from './chromium.ts'

const slowMs = 500_000

describeInChromium('the page, when something is wrong,', () => {
  let browser: Browser
  let host: Host

  beforeAll(async () => {
    host = await buildAndServe({ configFile: join(root, 'vite.config.ts') })
    browser = await launch()
  })

  afterAll(async () => {
    await browser?.close()
    await host?.close()
  })

  async function visit(url: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
    const page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(slowMs)
    await prepare?.(page)
    await page.goto(url)
    return page
  }

  /** What the page says of a model folder that `damage` was done to. */
  async function toldAfter(damage: (model: string) => void): Promise<string> {
    const damaged = await serveChanged(host, (folder) => damage(join(folder, 'models', 'lanternfish')))
    const page = await visit(damaged.url)
    const text = await page.getByRole('alert').innerText()
    await page.context().close()
    await damaged.close()
    return text
  }

  test('says how to turn WebGPU on in this browser, even where nothing may be kept', async () => {
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
    const text = await toldAfter((model) => truncateSync(join(model, 'model.safetensors'), 5_000_000))
    expect(text).toContain('model.safetensors')
    expect(text).toMatch(/Tensor\s+\S+/)
    expect(text).toContain('Try again')
  })

  test('names file and tensor of a malformed header', async () => {
    const text = await toldAfter((model) => {
      const path = join(model, 'model.safetensors')
      const bytes = readFileSync(path)
      const at = bytes.indexOf('"shape":[')
      bytes.write('"shape":[7', at)
      writeFileSync(path, bytes)
    })
    expect(text).toContain('model.safetensors')
    expect(text).toMatch(/Tensor\s+\S+/)
  })

  test('names a file that is missing', async () => {
    const text = await toldAfter((model) => rmSync(join(model, 'tokenizer.json')))
    expect(text).toContain('tokenizer.json')
  })
})
