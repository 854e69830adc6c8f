// Tests of the list of models in the built page: what it shows, what it asks of whom, and a wrong entry.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFolder } from '../support/folder.ts'
import { HUB_MODEL, type HubServer, startHub } from '../weights/hub-server.ts'
import { describeInChromium } from './chromium.ts'
import { type PageHost, ROOT, serveChanged } from './pages.ts'
import { Visitor } from './visitor.ts'

const MODEL = 'moonlight-bf16-tiny'
const LISTED = `hf:${HUB_MODEL}`
const HUB = 'https://huggingface.co'
const { models } = JSON.parse(readFileSync(join(ROOT, 'public', 'models.json'), 'utf8'))
const [first] = models

describeInChromium('the list of models', () => {
  let visitor: Visitor
  let host: PageHost
  let hub: HubServer

  beforeAll(async () => {
    visitor = await Visitor.open()
    host = await serveChanged(visitor.host, (folder) => {
      const path = join(folder, 'models.json')
      const list = JSON.parse(readFileSync(path, 'utf8'))
      list.models[0].source = LISTED
      writeFileSync(path, JSON.stringify(list))
    })
    const files = readFolder(join(ROOT, 'tests', 'fixtures', 'models', MODEL))
    hub = await startHub(
      Object.fromEntries(Object.entries(files).map(([name, file]) => [name, Buffer.from(file)])),
    )
    await visitor.context.route(`${HUB}/**`, async (route) => {
      const url = route.request().url().replace(HUB, hub.url)
      await route.fulfill({ response: await route.fetch({ url }) })
    })
    await visitor.page.goto(host.url)
  })

  afterAll(async () => {
    await visitor?.close()
    await host?.close()
    await hub?.close()
  })

  const dialog = () => visitor.page.getByRole('dialog', { name: 'Models' })
  const otherHosts = () =>
    visitor.requests.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(host.url))

  test('says what each model is for and takes, and contacts nobody', async () => {
    await visitor.page.getByRole('button', { name: /^Model: / }).click()
    const rows = dialog().getByRole('region', { name: 'Models to try' }).getByRole('listitem')
    await rows.first().waitFor()
    expect(await rows.count()).toBe(models.length)
    const text = await rows.first().innerText()
    for (const part of [first.name, first.goodAt, first.license]) expect(text).toContain(part)
    expect(text).toMatch(/\d+ M parameters · \d+ MiB · can think first/)
    await visitor.expectAccessible()
    expect(otherHosts()).toEqual([])
  })

  test('checks the chosen model, and names the key in which its files differ', async () => {
    await dialog()
      .getByRole('button', { name: `Check ${first.name}`, exact: true })
      .click()
    await dialog().getByText(`models.json is wrong about ${LISTED}: model_type is "deepseek_v3"`).waitFor()
    expect(await dialog().innerText()).toContain('max_position_embeddings is ')
    expect(otherHosts().every((url) => url.startsWith(HUB))).toBe(true)
    await dialog().getByRole('button', { name: 'Back' }).click()
    const source = dialog().getByLabel(/^Hugging Face name/)
    expect(await source.inputValue()).toBe(LISTED)
  })
})
