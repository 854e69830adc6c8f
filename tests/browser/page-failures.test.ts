// Tests of the built page when something is wrong: no WebGPU, damaged model folders, a GPU that is lost.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crashGpuProcess, describeInChromium, launchChromium, NO_CRASH_LIMITS } from './chromium.ts'
import { type PageHost, serveApp, serveChanged } from './pages.ts'
import { holdModels } from './visitor.ts'

// A software GPU is slow.
const SLOW_MS = 500_000

describeInChromium('the page, when something is wrong', () => {
  let browser: Browser
  let host: PageHost

  beforeAll(async () => {
    host = await serveApp()
    browser = await launchChromium(NO_CRASH_LIMITS)
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

  test('says that a part of it cannot be loaded, and how to go on', async () => {
    const page = await visit(host.url, async (page) => {
      await holdModels(page)
      await page.route('**/assets/dialog-content*.js', (route) => route.abort())
      await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker'))
    })
    await page.getByRole('button', { name: 'Choose a model…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Models' })
    await dialog.getByText('A part of this page could not be loaded.').waitFor()
    await page.unrouteAll()
    await dialog.getByRole('button', { name: 'Reload the page' }).click()
    await page.getByRole('button', { name: 'Choose a model…' }).click()
    await dialog.getByRole('searchbox').waitFor()
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

  test('shows calmly that the GPU was lost, and the answer goes on', async () => {
    const page = await visit(host.url)
    await page.getByRole('button', { name: 'Who are you?' }).waitFor()
    await page.getByRole('button', { name: 'Think' }).click()
    await page.exposeFunction('crash', () => void crashGpuProcess(browser).catch(() => undefined))
    await page.evaluate(() => {
      const watching = new MutationObserver(() => {
        if (!/\d/.test(document.querySelector('.markdown')?.textContent ?? '')) return
        watching.disconnect()
        ;(globalThis as unknown as { crash(): void }).crash()
      })
      watching.observe(document, { subtree: true, childList: true, characterData: true })
    })
    await page.getByLabel('Your question').fill('Count from 1 to 40.')
    await page.getByLabel('Your question').press('Enter')
    const answer = page.locator('.answer')
    const status = page.getByRole('status').getByText('Your answer goes on by itself.')
    await status.waitFor()
    expect(await status.innerText()).toContain('The browser lost the GPU.')
    const before = await answer.locator('.markdown').innerText()
    expect(await answer.getAttribute('aria-busy')).toBe('true')
    await page.getByRole('progressbar', { name: 'Loading the model again' }).waitFor()
    await page.getByLabel('Your question').fill('Who are you?')
    await answer.locator('.footer').waitFor()
    const after = await answer.locator('.markdown').innerText()
    expect(after.length).toBeGreaterThan(before.length)
    expect(after.startsWith(before)).toBe(true)
    expect(await page.getByRole('alert').count()).toBe(0)
    expect(await page.locator('.recovery').innerText()).toBe('')
    expect(await page.getByLabel('Your question').inputValue()).toBe('Who are you?')
    await page.context().close()
  })
})
