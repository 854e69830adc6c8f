// Tests of downloads in the background in the built page: beside an answer, paused, after a reload, offline.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFolder } from '../support/folder.ts'
import { type FileServer, openToAll, rangeOf, startFileServer } from '../weights/file-server.ts'
import { describeInChromium } from './chromium.ts'
import { ROOT } from './pages.ts'
import { Visitor } from './visitor.ts'

const MODEL = 'moonlight-bf16-tiny'
const FOLDER = join(ROOT, 'tests', 'fixtures', 'models', MODEL)
/** Headers are shorter, the weights longer. */
const WEIGHT_BYTES = 200_000

describeInChromium('a download in the background', () => {
  let visitor: Visitor
  let models: FileServer
  let address: string
  /** First and last byte of each part of the weights that was asked for. */
  const parts: { start: number; end: number }[] = []

  beforeAll(async () => {
    const files = Object.entries(readFolder(FOLDER))
    models = await startFileServer(
      Object.fromEntries(files.map(([name, file]) => [`${MODEL}/${name}`, Buffer.from(file)])),
    )
    // Half of the weights arrive, until the test lets all pass.
    models.intercept = (request, response, body) => {
      openToAll(request, response, body)
      const { start, end } = rangeOf(request, body.length) ?? { start: 0, end: body.length }
      const isWeights = request.method === 'GET' && request.url?.endsWith('.safetensors') === true
      if (!isWeights || end - start < WEIGHT_BYTES) return false
      parts.push({ start, end })
      response.writeHead(206, {
        'Content-Range': `bytes ${start}-${end - 1}/${body.length}`,
        'Content-Length': end - start,
      })
      response.write(body.subarray(start, Math.floor((start + end) / 2)))
      return true
    }
    address = `${models.url}${MODEL}/`
    visitor = await Visitor.open()
    await visitor.page.goto(visitor.host.url)
  })

  afterAll(async () => {
    await visitor?.close()
    await models?.close()
  })

  const dialog = () => visitor.page.getByRole('dialog', { name: 'Models' })
  const list = () => dialog().getByRole('region', { name: 'Downloads' })
  const openDialog = () => visitor.page.getByRole('button', { name: /^Model: / }).click()
  const question = () => visitor.page.getByLabel('Your question')
  const arrived = async () =>
    Number(
      await list()
        .getByRole('progressbar')
        .evaluate((bar: HTMLProgressElement) => bar.value),
    )

  test('goes on beside an answer of the present model, pauses, and is there after a reload', async () => {
    const { page } = visitor
    await page.getByRole('button', { name: 'Who are you?' }).waitFor()
    await openDialog()
    await dialog().getByRole('tab', { name: 'Other source' }).click()
    await dialog()
      .getByLabel(/^Hugging Face name/)
      .fill(address)
    await dialog().getByRole('button', { name: 'Check', exact: true }).click()
    await dialog().getByRole('button', { name: 'Download in the background' }).click()
    await expect.poll(arrived, { timeout: 60_000 }).toBeGreaterThan(0)
    await page.keyboard.press('Escape')
    await question().fill('Who are you?')
    await question().press('Enter')
    await page.locator('.answer .footer').waitFor()
    await openDialog()
    await list()
      .getByRole('button', { name: `Pause ${MODEL}` })
      .click()
    await list()
      .getByText(/^Paused/)
      .waitFor()
    await expect.poll(arrived, { timeout: 60_000 }).toBeGreaterThan(WEIGHT_BYTES)
    const before = await arrived()
    await visitor.expectAccessible()
    expect(parts).toHaveLength(1)
    await page.reload()
    await openDialog()
    await list()
      .getByText(/^Paused/)
      .waitFor()
    expect(await arrived()).toBe(before)
  })

  test('continues at the byte, and the model opens when asked', async () => {
    const { page } = visitor
    models.intercept = (request, response, body) => {
      const range = rangeOf(request, body.length)
      if (request.method === 'GET' && range && range.end - range.start > WEIGHT_BYTES / 4) parts.push(range)
      return openToAll(request, response, body)
    }
    await list()
      .getByRole('button', { name: `Continue ${MODEL}` })
      .click()
    await list().getByText(`${MODEL} is ready.`).waitFor()
    const [first, ...later] = parts.filter(({ end }) => end === parts[0]?.end)
    expect(later.map(({ start }) => start)).toEqual([expect.any(Number)])
    expect(later[0]?.start).toBeGreaterThan(first?.start ?? 0)
    await page.getByRole('button', { name: `Switch now to ${MODEL}` }).click()
    await page.getByPlaceholder(`Ask ${MODEL}…`).waitFor()
    await openDialog()
    await dialog()
      .getByRole('tab', { name: /^On this device/ })
      .click()
    expect(await dialog().getByRole('listitem').filter({ hasText: MODEL }).innerText()).toMatch(
      /used today[\s\S]*In use/,
    )
    await visitor.expectAccessible()
    await page.keyboard.press('Escape')
  })

  test('opens it without a network after that', async () => {
    const { page, context } = visitor
    const asked = models.log.length
    await context.setOffline(true)
    await page.reload()
    await page.getByPlaceholder(`Ask ${MODEL}…`).waitFor()
    expect(models.log).toHaveLength(asked)
    await context.setOffline(false)
  })
})
