// Tests of opening a user's own model in the built page: plan, save, use without its host, export, delete.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFolder } from '../support/folder.ts'
import { dequantized } from '../support/mlx-reader.ts'
import { breakRules } from '../support/untidy.ts'
import { type FileServer, openToAll, rangeOf, startFileServer } from '../weights/file-server.ts'
import { describeInChromium, launchChromium } from './chromium.ts'
import { exportEachWay } from './exports.ts'
import { type PageHost, ROOT, serveApp } from './pages.ts'
import { holdModels } from './visitor.ts'

// A software GPU is slow.
const SLOW_MS = 500_000
const MODEL = 'moonlight-bf16-tiny'
/** The same model at another address, whose weights never arrive. */
const SLOW = 'slow-one'
/** Tabs of the dialog. */
const [STORED, OTHER] = ['On this device', 'Other source']
const FOLDER = join(ROOT, 'tests', 'fixtures', 'models', MODEL)

describeInChromium('the page, with a model from another host', () => {
  let browser: Browser
  let page: Page
  let context: BrowserContext
  let host: PageHost
  let modelHost: FileServer
  let address: string
  const otherHosts: string[] = []

  beforeAll(async () => {
    const tidy = readFolder(FOLDER)
    const untidy = { ...breakRules(tidy), 'tokenizer_config.json': tidy['tokenizer_config.json'] ?? '' }
    const files = [MODEL, SLOW].flatMap((folder) =>
      Object.entries(untidy).map(([name, file]) => [`${folder}/${name}`, Buffer.from(file)]),
    )
    modelHost = await startFileServer(Object.fromEntries(files))
    modelHost.intercept = openToAll
    address = `${modelHost.url}${MODEL}/`
    host = await serveApp()
    browser = await launchChromium()
    context = await browser.newContext()
    context.on('request', (request) => {
      const known = [host.url, modelHost.url, 'data:', 'blob:'].some((start) =>
        request.url().startsWith(start),
      )
      if (!known) otherHosts.push(request.url())
    })
    page = await context.newPage()
    page.setDefaultTimeout(SLOW_MS)
    const loadModels = await holdModels(page)
    await page.goto(host.url)
    await page.getByRole('button', { name: 'Cancel' }).waitFor() // the model is being loaded
    await loadModels()
  })

  afterAll(async () => {
    await browser?.close()
    await host?.close()
    await modelHost?.close()
  })

  const dialog = () => page.getByRole('dialog', { name: 'Models' })
  const openDialog = async (tab: string) => {
    await page.getByRole('button', { name: /^Model: / }).click()
    await dialog().getByRole('tab', { name: tab }).click()
  }
  const sourceField = () => dialog().getByLabel(/^Hugging Face name/)
  const tokenField = () => dialog().getByLabel(/^Access token/)
  const radio = (name: RegExp) => dialog().getByRole('radio', { name })
  const deleteButton = () => dialog().getByRole('button', { name: `Delete ${MODEL}` })
  const download = () => dialog().getByRole('button', { name: /^Download and open/ })
  const checkSource = async (written: string) => {
    await sourceField().fill(written)
    await dialog().getByRole('button', { name: 'Check', exact: true }).click()
  }
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  const answerSome = async () => {
    await page.getByLabel('Your question').fill('Hello')
    await page.getByLabel('Your question').press('Enter')
    await page
      .locator('.answer')
      .last()
      .locator('.footer, .markdown:not(:empty), .thinking')
      .first()
      .waitFor()
    const stop = page.getByRole('button', { name: 'Stop' })
    const footer = page.locator('.answer').last().locator('.footer')
    // A short answer may end before the click on a busy machine.
    while ((await footer.count()) === 0) await stop.click({ timeout: 2000 }).catch(() => undefined)
  }

  test('shows what the model needs before reading weights', async () => {
    await openDialog(OTHER)
    await checkSource(address)
    await download().waitFor()
    expect(await focused()).toBe(MODEL)
    const text = await dialog().innerText()
    expect(text).toContain('deepseek_v3')
    expect(text).toMatch(/480 bytes per token; standard attention: 1\.9 KiB/)
    for (const notice of ['is_our_config', 'inv_freq']) expect(text).toContain(notice)
    expect(await radio(/4-bit/).count()).toBe(1)
    const weightBytes = modelHost.log.flatMap((line) => {
      const [, from, to] = /^GET .*model\.safetensors bytes=(\d+)-(\d+)$/.exec(line) ?? []
      return from && to ? [Number(to) - Number(from) + 1] : []
    })
    expect(weightBytes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(200_000)
  })

  test('reports a folder without a model, and goes back', async () => {
    await dialog().getByRole('button', { name: 'Back', exact: true }).click()
    await checkSource(modelHost.url)
    expect(await dialog().getByRole('alert').innerText()).toContain('config.json is missing')
    await dialog().getByRole('button', { name: 'Back', exact: true }).click()
    await dialog().getByRole('heading', { name: 'Open another model' }).waitFor()
    expect([await focused(), await sourceField().inputValue()]).toEqual(['Open another model', modelHost.url])
  })

  test('refuses a forbidden host, and asks for a token when the Hub wants one', async () => {
    await checkSource('http://192.0.2.1/model')
    expect(await dialog().getByRole('alert').innerText()).toMatch(/192\.0\.2\.1[\s\S]*localhost/)
    expect(await focused()).toBe('This model cannot be read')
    await dialog().getByRole('button', { name: 'Back', exact: true }).click()
    const tokens: (string | undefined)[] = []
    await context.route('https://huggingface.co/**', async (route) => {
      const { authorization } = await route.request().allHeaders()
      tokens.push(authorization)
      await route.fulfill({ status: 401, headers: { 'Access-Control-Allow-Origin': '*' } })
    })
    await checkSource('hf:example/gated')
    await tokenField().fill('hf_example')
    const alert = dialog().getByRole('alert')
    expect(await alert.innerText()).toContain('token')
    await page.keyboard.press('Enter')
    await expect.poll(() => tokens.at(-1), { timeout: SLOW_MS }).toBe('Bearer hf_example')
    await alert.waitFor()
    expect(otherHosts.splice(0).every((url) => url.startsWith('https://huggingface.co/'))).toBe(true)
    await context.unroute('https://huggingface.co/**')
    await dialog().getByRole('button', { name: 'Back', exact: true }).click()
    expect(await tokenField().inputValue()).toBe('hf_example')
  })

  test('saves the files, opens the model and answers', async () => {
    await checkSource(address.replace(/\/$/, '')) // the store uses the URL with the trailing slash
    await radio(/4-bit/).check()
    const inFp8 = dialog().getByRole('checkbox', { name: /FP8/ })
    await inFp8.check()
    // 3 layers × (64 FP8 codes + a 4-byte scale + 16 f16 numbers).
    await dialog().getByText('300 bytes per token').waitFor()
    expect(await inFp8.evaluate((box) => box === document.activeElement)).toBe(true)
    expect(await radio(/4-bit/).isChecked()).toBe(true)
    await radio(/Original files/).check()
    await download().click()
    await page.getByPlaceholder(`Ask ${MODEL}…`).waitFor()
    await answerSome()
    const notices = await page.locator('#gauges').innerText()
    for (const notice of ['is_our_config', 'inv_freq', '[PAD]']) expect(notices).toContain(notice)
  })

  test('reopens it after a reload with the same options, without its host', async () => {
    const requestsBefore = modelHost.log.length
    const gauges = async () => {
      const texts = await page.locator('.cache .note, .gauge .figures').allInnerTexts()
      return texts.slice(0, 2)
    }
    const before = await gauges()
    expect(before.join()).toContain('300 bytes per token')
    await page.reload()
    await page.getByPlaceholder(`Ask ${MODEL}…`).waitFor()
    await answerSome()
    expect(await page.locator('.cache .note').innerText()).toContain('300 bytes per token')
    const context = (texts: string[]) => texts.join().match(/of [\d,]+ tokens/)?.[0]
    expect(context(await gauges())).toBe(context(before))
    expect(modelHost.log.length).toBe(requestsBefore)
    await openDialog(STORED)
    expect(await deleteButton().isDisabled()).toBe(true)
    await page.keyboard.press('Escape')
  })

  test('cancels a load and goes back to the bundled model', async () => {
    let held = 0
    modelHost.intercept = (request, response, body) => {
      openToAll(request, response, body)
      const { start, end } = rangeOf(request, body.length) ?? { start: 0, end: body.length }
      const weights = request.method === 'GET' && request.url?.endsWith('.safetensors') === true
      const hold = weights && end - start > 200_000 // the header arrives, the weights never do
      if (hold) held++
      return hold
    }
    await openDialog(OTHER)
    await checkSource(`${modelHost.url}${SLOW}/`)
    await radio(/Original files/).check()
    await download().click()
    await page.getByLabel('Your question').fill('Hello')
    await page.getByLabel('Your question').press('Enter')
    await page.getByText('Will be sent when the model is ready').waitFor()
    await expect.poll(() => held, { timeout: SLOW_MS }).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { name: 'Loading was cancelled' }).waitFor()
    await page.getByText('Will be sent when the model is ready').waitFor({ state: 'detached' })
    await openDialog(STORED)
    await dialog()
      .getByRole('button', { name: `Continue ${SLOW}` })
      .click()
    await dialog()
      .getByRole('button', { name: /^Download the rest and open/ })
      .waitFor()
    await page.keyboard.press('Escape')
    await page.getByLabel('Your question').fill('')
    await page.getByRole('button', { name: 'Open Lanternfish' }).click()
    await page.getByPlaceholder('Ask Lanternfish…').waitFor()
    expect(await page.locator('.cache .note').innerText()).toContain('Nothing cached yet')
    modelHost.intercept = openToAll
  })

  test('deletes it once another model is in use', async () => {
    await openDialog(STORED)
    const remove = deleteButton()
    await remove.click()
    expect(await remove.innerText()).toMatch(/^Delete [\s\S]*\d+(\.\d)? [KMG]iB\?$/)
    await page.keyboard.press('Tab') // leaving the button cancels
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

  test('saves only the quantized weights and opens them after a reload, without their host', async () => {
    await openDialog(OTHER)
    await checkSource(address)
    await radio(/4-bit/).check()
    await radio(/Quantized weights only/).check()
    await download().click()
    await page.getByPlaceholder(`Ask ${MODEL}…`).waitFor()
    const requestsBefore = modelHost.log.length
    await page.reload()
    await page.getByPlaceholder(`Ask ${MODEL}…`).waitFor()
    await answerSome()
    expect(modelHost.log.length).toBe(requestsBefore)
    await openDialog(STORED)
    const row = dialog().getByRole('listitem').filter({ hasText: MODEL })
    expect(await row.innerText()).toMatch(/quantized[\s\S]*In use/)
  })

  test('exports them in the layout of MLX, into a folder or as downloads, and deletes them', async () => {
    const { sizes, refusal, files } = await exportEachWay(page, MODEL)
    expect(refusal).toContain('already holds a model')
    const downloaded = Object.entries(files).map(([name, { length }]) => [name, length])
    expect(Object.fromEntries(downloaded)).toEqual(sizes)
    const weights = new Uint8Array(dequantized(files, 'model.embed_tokens').buffer)
    expect(createHash('sha256').update(weights).digest('hex')).toMatch(/^ce75ae1dcf187ff6/)
    await dialog().getByRole('button', { name: 'Open Lanternfish' }).click()
    await page.getByPlaceholder('Ask Lanternfish…').waitFor()
    await openDialog(STORED)
    const remove = deleteButton()
    await remove.click()
    await remove.click()
    await remove.waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'hidden' })
  })

  test('reads files in place, dropped while the dialog is still closing', async () => {
    const requestsBefore = modelHost.log.length
    await openDialog(STORED)
    const files = readdirSync(FOLDER).map((name) => ({
      name,
      base64: readFileSync(join(FOLDER, name), 'base64'),
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
    await page.getByPlaceholder(/^Ask (?!Lanternfish)/).waitFor() // not the model being replaced
    await answerSome()
    expect(modelHost.log.length).toBe(requestsBefore)
  })

  test('contacted no other host', () => {
    expect(otherHosts).toEqual([])
  })
})
