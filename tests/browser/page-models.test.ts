// Answers: can a visitor bring a model of their own? Looked at before it is loaded, kept, used without its host, exported away, deleted.
// It must not know how the page is made.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FileServer, startFileServer } from '../weights/file-server.ts'
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
    await dialog()
      .getByLabel(/Name on the Hugging Face Hub/)
      .fill(address)
    await dialog().getByRole('button', { name: 'Look' }).click()
    await dialog()
      .getByRole('button', { name: /^Download and open/ })
      .waitFor()
    const text = await dialog().innerText()
    expect(text).toContain('deepseek_v3')
    expect(text).toMatch(/480 bytes a token; standard attention: 1\.9 KiB/)
    expect(
      await dialog()
        .getByRole('radio', { name: /4 bits/ })
        .count(),
    ).toBe(1)
    const weightBytes = elsewhere.log.flatMap((line) => {
      const [, from, to] = /^GET .*model\.safetensors bytes=(\d+)-(\d+)$/.exec(line) ?? []
      return from && to ? [Number(to) - Number(from) + 1] : []
    })
    expect(weightBytes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(200_000)
  })

  test('names a folder that is no model, and goes back', async () => {
    await dialog().getByRole('button', { name: 'Back' }).click()
    await dialog()
      .getByLabel(/Name on the Hugging Face Hub/)
      .fill(elsewhere.url)
    await dialog().getByRole('button', { name: 'Look' }).click()
    expect(await dialog().getByRole('alert').innerText()).toContain('config.json is missing')
    await dialog().getByRole('button', { name: 'Back' }).click()
    await dialog().getByRole('heading', { name: 'Open another' }).waitFor()
  })

  test('keeps the files, opens the model and answers', async () => {
    await dialog()
      .getByLabel(/Name on the Hugging Face Hub/)
      .fill(address)
    await dialog().getByRole('button', { name: 'Look' }).click()
    await dialog()
      .getByRole('radio', { name: /4 bits/ })
      .check()
    const inFp8 = dialog().getByRole('checkbox', { name: /FP8/ })
    await inFp8.check()
    await dialog().getByText('300 bytes a token').waitFor() // 64 codes, a scale and 16 numbers in f16, in three layers
    expect(await inFp8.evaluate((box) => box === document.activeElement)).toBe(true)
    expect(
      await dialog()
        .getByRole('radio', { name: /4 bits/ })
        .isChecked(),
    ).toBe(true)
    await dialog()
      .getByRole('radio', { name: /The files as they are/ })
      .check()
    await dialog()
      .getByRole('button', { name: /^Download and open/ })
      .click()
    await page.getByPlaceholder(`Ask ${model}…`).waitFor()
    await answerSome()
  })

  test('opens it again after a reload without its host', async () => {
    const asked = elsewhere.log.length
    await page.reload()
    await page.getByPlaceholder(`Ask ${model}…`).waitFor()
    await answerSome()
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
    await openDialog()
    await dialog()
      .getByRole('button', { name: `Delete ${model}` })
      .click()
    await dialog()
      .getByRole('button', { name: `Delete ${model}` })
      .waitFor({ state: 'detached' })
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
    elsewhere.mischief = (request, response) => {
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader('Access-Control-Expose-Headers', 'Content-Range, ETag')
      const weights = request.method === 'GET' && request.url?.endsWith('.safetensors') === true
      return weights && held++ > 1 // the header is read; what follows never comes
    }
    await openDialog()
    await dialog()
      .getByLabel(/Name on the Hugging Face Hub/)
      .fill(address)
    await dialog().getByRole('button', { name: 'Look' }).click()
    held = 0
    await dialog()
      .getByRole('button', { name: /^Download and open/ })
      .click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { name: 'Loading was cancelled' }).waitFor()
    await page.getByRole('button', { name: 'Open Lanternfish' }).click()
    await page.getByPlaceholder('Ask Lanternfish…').waitFor()
  })

  test('talked to nobody else', () => {
    expect(strangers).toEqual([])
  })
})
