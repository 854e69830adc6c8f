// Answers: can a visitor bring a model of their own? Looked at before it is loaded, kept, used without its host, exported away, deleted.
// It must not know how the page is made.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FileServer, rangeOf, startFileServer } from '../weights/file-server.ts'
import { buildAndServe, describeInChromium, type Host, launch, root } from './chromium.ts'

const slowMs = 500_000
const model = 'moonlight-bf16-tiny'
const folder = join(root, 'tests', 'fixtures', 'models', model)

describeInChromium('the page, with a model from elsewhere,', () => {
  let browser: Browser
  let page: Page
  let context: BrowserContext
  let host: Host
  let elsewhere: FileServer
  let address: string
  const strangers: string[] = []

  beforeAll(async () => {
    const files = readdirSync(folder).map((name) => [`${model}/${name}`, readFileSync(join(folder, name))])
    elsewhere = await startFileServer(Object.fromEntries(files))
    elsewhere.mischief = (_, response) => {
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader('Access-Control-Expose-Headers', 'Content-Range, ETag')
      return false
    }
    address = `${elsewhere.url}${model}/`
    host = await buildAndServe({ configFile: join(root, 'vite.config.ts') })
    browser = await launch()
    context = await browser.newContext()
    context.on('request', (request) => {
      const known = [host.url, elsewhere.url, 'data:', 'blob:'].some((start) =>
        request.url().startsWith(start),
      )
      if (!known) strangers.push(request.url())
    })
    page = await context.newPage()
    page.setDefaultTimeout(slowMs)
    await page.goto(host.url)
    await page.getByText('Works offline').waitFor()
  })

  afterAll(async () => {
    await browser?.close()
    await host?.close()
    await elsewhere?.close()
  })

  const dialog = () => page.getByRole('dialog', { name: 'Models' })
  const openDialog = () => page.getByRole('button', { name: /^Model: / }).click()
  const place = () => dialog().getByLabel(/Name on the Hugging Face Hub/)
  const radio = (name: RegExp) => dialog().getByRole('radio', { name })
  const download = () => dialog().getByRole('button', { name: /^Download and open/ })
  const lookAt = async (written: string) => {
    await place().fill(written)
    await dialog().getByRole('button', { name: 'Look' }).click()
  }
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  const answerSome = async () => {
    await page.getByLabel('Your question').fill('Hello')
    await page.keyboard.press('Enter')
    await page
      .locator('.answer')
      .last()
      .locator('.footer, .markdown:not(:empty), .thinking')
      .first()
      .waitFor()
    const stop = page.getByRole('button', { name: 'Stop' })
    const footer = page.locator('.answer').last().locator('.footer')
    // A short answer may end by itself; a click may come too late on a busy machine.
    while ((await footer.count()) === 0) await stop.click({ timeout: 2000 }).catch(() => undefined)
  }

  test('says what the model would take before a weight is read', async () => {
    await openDialog()
    await lookAt(address)
    await download().waitFor()
    expect(await focused()).toBe(model)
    const text = await dialog().innerText()
    expect(text).toContain('deepseek_v3')
    expect(text).toMatch(/480 bytes a token; standard attention: 1\.9 KiB/)
    expect(await radio(/4 bits/).count()).toBe(1)
    const weightBytes = elsewhere.log.flatMap((line) => {
      const [, from, to] = /^GET .*model\.safetensors bytes=(\d+)-(\d+)$/.exec(line) ?? []
      return from && to ? [Number(to) - Number(from) + 1] : []
    })
    expect(weightBytes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(200_000)
  })

  test('names a folder that is no model, and goes back', async () => {
    await dialog().getByRole('button', { name: 'Back' }).click()
    await lookAt(elsewhere.url)
    expect(await dialog().getByRole('alert').innerText()).toContain('config.json is missing')
    await dialog().getByRole('button', { name: 'Back' }).click()
    await dialog().getByRole('heading', { name: 'Open another' }).waitFor()
    expect([await focused(), await place().inputValue()]).toEqual(['Open another', elsewhere.url])
  })

  test('names a host that it may not ask, and asks for a token where one is wanted', async () => {
    await lookAt('http://192.0.2.1/model')
    expect(await dialog().getByRole('alert').innerText()).toMatch(/192\.0\.2\.1[\s\S]*localhost/)
    expect(await focused()).toBe('This model cannot be read')
    await dialog().getByRole('button', { name: 'Back' }).click()
    const tokens: (string | undefined)[] = []
    await context.route('https://huggingface.co/**', async (route) => {
      const { authorization } = await route.request().allHeaders()
      tokens.push(authorization)
      await route.fulfill({ status: 401, headers: { 'Access-Control-Allow-Origin': '*' } })
    })
    await lookAt('hf:example/gated')
    await dialog()
      .getByLabel(/^Access token/)
      .fill('hf_example')
    const told = dialog().getByRole('alert')
    expect(await told.innerText()).toContain('token')
    await page.keyboard.press('Enter')
    await expect.poll(() => tokens.at(-1)).toBe('Bearer hf_example')
    await told.waitFor()
    expect(strangers.splice(0).every((url) => url.startsWith('https://huggingface.co/'))).toBe(true)
    await context.unroute('https://huggingface.co/**')
    await dialog().getByRole('button', { name: 'Back' }).click()
    expect(
      await dialog()
        .getByLabel(/^Access token/)
        .inputValue(),
    ).toBe('hf_example')
  })

  test('keeps the files, opens the model and answers', async () => {
    await lookAt(address.replace(/\/$/, '')) // the store calls it by its whole address
    await radio(/4 bits/).check()
    const inFp8 = dialog().getByRole('checkbox', { name: /FP8/ })
    await inFp8.check()
    await dialog().getByText('300 bytes a token').waitFor() // 64 codes, a scale and 16 numbers in f16, in three layers
    expect(await inFp8.evaluate((box) => box === document.activeElement)).toBe(true)
    expect(await radio(/4 bits/).isChecked()).toBe(true)
    await radio(/The files as they are/).check()
    await download().click()
    await page.getByPlaceholder(`Ask ${model}…`).waitFor()
    await answerSome()
  })

  test('opens it again after a reload without its host, as it was opened before', async () => {
    const asked = elsewhere.log.length
    const gauges = async () => {
      const texts = await page.locator('.cache .note, .gauge .figures').allInnerTexts()
      return texts.slice(0, 2)
    }
    const before = await gauges()
    expect(before.join()).toContain('300 bytes a token')
    await page.reload()
    await page.getByPlaceholder(`Ask ${model}…`).waitFor()
    await answerSome()
    expect(await page.locator('.cache .note').innerText()).toContain('300 bytes a token')
    const context = (texts: string[]) => texts.join().match(/of [\d,]+ tokens/)?.[0]
    expect(context(await gauges())).toBe(context(before))
    expect(elsewhere.log.length).toBe(asked)
  })

  test('deletes it once another model is in use', async () => {
    await openDialog()
    expect(
      await dialog()
        .getByRole('button', { name: `Delete ${model}` })
        .isDisabled(),
    ).toBe(true)
    await dialog().getByRole('button', { name: 'Open Lanternfish' }).click()
    await page.getByPlaceholder('Ask Lanternfish…').waitFor()
    expect(await page.locator('.cache .note').innerText()).toContain('Nothing remembered yet')
    await openDialog()
    const remove = dialog().getByRole('button', { name: `Delete ${model}` })
    await remove.click()
    expect(await remove.innerText()).toMatch(/^Delete [\s\S]*\d+(\.\d)? [KMG]iB\?$/)
    await page.keyboard.press('Tab') // thinking better of it
    expect(await remove.innerText()).not.toContain('?')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await remove.waitFor({ state: 'detached' })
    expect(await focused()).toBe('On this device')
    expect(await page.evaluate(() => localStorage.getItem('hadal.options.1'))).toBe('{}')
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'hidden' })
  })

  test('keeps the quantised weights alone, and opens them after a reload without their host', async () => {
    await openDialog()
    await lookAt(address)
    await radio(/4 bits/).check()
    await radio(/The quantised weights alone/).check()
    await download().click()
    await page.getByPlaceholder(`Ask ${model}…`).waitFor()
    const asked = elsewhere.log.length
    await page.reload()
    await page.getByPlaceholder(`Ask ${model}…`).waitFor()
    await answerSome()
    expect(elsewhere.log.length).toBe(asked)
    await openDialog()
    const row = dialog().getByRole('listitem').filter({ hasText: model })
    expect(await row.innerText()).toMatch(/quantised[\s\S]*In use/)
    await dialog().getByRole('button', { name: 'Open Lanternfish' }).click()
    await page.getByPlaceholder('Ask Lanternfish…').waitFor()
    await openDialog()
    const remove = dialog().getByRole('button', { name: `Delete ${model}` })
    await remove.click()
    await remove.click()
    await remove.waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'hidden' })
  })

  test('reads files in place, dropped while the dialog is still closing', async () => {
    const asked = elsewhere.log.length
    await openDialog()
    const files = readdirSync(folder).map((name) => ({
      name,
      base64: readFileSync(join(folder, name), 'base64'),
    }))
    await page.evaluate((dropped) => {
      const data = new DataTransfer()
      for (const { name, base64 } of dropped) {
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
      }
      document.querySelector('dialog')?.close() // its event comes after the drop
      document
        .querySelector('.page')
        ?.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))
    }, files)
    await dialog().getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByPlaceholder(/^Ask (?!Lanternfish)/).waitFor() // not the model that goes
    await answerSome()
    expect(elsewhere.log.length).toBe(asked)
  })

  test('cancels a load and goes back to the bundled model', async () => {
    let held = 0
    elsewhere.mischief = (request, response, body) => {
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader('Access-Control-Expose-Headers', 'Content-Range, ETag')
      const { start, end } = rangeOf(request, body.length) ?? { start: 0, end: body.length }
      const weights = request.method === 'GET' && request.url?.endsWith('.safetensors') === true
      const hold = weights && end - start > 200_000 // the header is read; what follows never comes
      if (hold) held++
      return hold
    }
    await openDialog()
    await lookAt(address)
    await radio(/The files as they are/).check()
    await download().click()
    await page.getByLabel('Your question').fill('Hello')
    await page.keyboard.press('Enter')
    await page.getByText('Will be sent as soon as the model is ready').waitFor()
    await expect.poll(() => held, { timeout: slowMs }).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { name: 'Loading was cancelled' }).waitFor()
    await page.getByText('Will be sent as soon as the model is ready').waitFor({ state: 'detached' })
    await openDialog()
    await dialog()
      .getByRole('button', { name: `Continue ${model}` })
      .click()
    await dialog()
      .getByRole('button', { name: /^Download the rest and open/ })
      .waitFor()
    await page.keyboard.press('Escape')
    await page.getByLabel('Your question').fill('')
    await page.getByRole('button', { name: 'Open Lanternfish' }).click()
    await page.getByPlaceholder('Ask Lanternfish…').waitFor()
  })

  test('talked to nobody else', () => {
    expect(strangers).toEqual([])
  })
})
