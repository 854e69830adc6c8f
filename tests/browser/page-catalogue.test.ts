// Tests of the list of models in the built page: cards, two clicks to a download, and what stands against it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plan } from '../../src/engine/load/plan.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { readFolder } from '../support/folder.ts'
import { HUB_MODEL, type HubServer, startHub } from '../weights/hub-server.ts'
import { describeInChromium } from './chromium.ts'
import { type PageHost, ROOT, serveChanged } from './pages.ts'
import { holdModels, Visitor } from './visitor.ts'

const MODEL = 'moonlight-bf16-tiny'
const LISTED = `hf:${HUB_MODEL}`
const HUB = 'https://huggingface.co'
const published = JSON.parse(readFileSync(join(ROOT, 'public', 'models.json'), 'utf8'))
const { models } = published
const [first] = models
const files = readFolder(join(ROOT, 'tests', 'fixtures', 'models', MODEL))
/** What the model's own files say, in place of the first entry. */
const { parameters, downloadBytes, architecture, model } = await plan(openMemory(files, MODEL))
const right = {
  ...first,
  source: LISTED,
  parameters,
  downloadBytes,
  modelType: architecture,
  activeParameters: model?.activeParameters,
  contextLength: model?.maxContextLength,
}

describeInChromium('the list of models', () => {
  let visitor: Visitor
  let host: PageHost
  let hub: HubServer

  beforeAll(async () => {
    visitor = await Visitor.open()
    await listFirst({ ...first, source: LISTED })
    hub = await startHub(
      Object.fromEntries(Object.entries(files).map(([name, file]) => [name, Buffer.from(file)])),
    )
    await visitor.context.route(`${HUB}/**`, async (route) => {
      const url = route.request().url().replace(HUB, hub.url)
      await route.fulfill({ response: await route.fetch({ url }) })
    })
    await visit()
  })

  afterAll(async () => {
    await visitor?.close()
    await host?.close()
    await hub?.close()
  })

  /** Serves the page with this model first in its list, on a new origin: service workers keep lists. */
  const listFirst = async (entry: unknown) => {
    await host?.close()
    host = await serveChanged(visitor.host, (folder) =>
      writeFileSync(
        join(folder, 'models.json'),
        JSON.stringify({ ...published, models: [entry, ...models.slice(1)] }),
      ),
    )
  }
  /** Opens the page anew, without loading its model. */
  const visit = async () => {
    const stop = await holdModels(visitor.page)
    await visitor.page.goto(host.url)
    await stop()
  }
  const dialog = () => visitor.page.getByRole('dialog', { name: 'Models' })
  const open = () => visitor.page.getByRole('button', { name: /^Model: / }).click()
  const cards = () => dialog().getByRole('region', { name: 'Models to try' }).getByRole('listitem')
  const button = (name: string) => dialog().getByRole('button', { name, exact: true })
  const otherHosts = () =>
    visitor.requests.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(host.url))

  test('says what each model is for and takes here, recommends one, and contacts nobody', async () => {
    await open()
    await cards().first().waitFor()
    expect(await cards().count()).toBe(models.length)
    const text = await cards().filter({ hasText: first.name }).first().innerText()
    for (const part of [first.name, first.goodAt, first.license]) expect(text).toContain(part)
    expect(text).toMatch(/596 M[\s\S]*\d+ MiB[\s\S]*GiB[\s\S]*Can think first/)
    expect(await cards().first().innerText()).toMatch(/^Recommended for this device/)
    expect(await dialog().innerText()).toMatch(/ free for this page · download speed not measured yet/)
    await visitor.expectAccessible()
    expect(otherHosts()).toEqual([])
  })

  test('finds by words and filters', async () => {
    await dialog().getByLabel('Search models').fill('coder qwen3')
    await cards().nth(1).waitFor({ state: 'detached' })
    expect(await cards().innerText()).toContain('Qwen3 Coder 30B A3B Instruct')
    await button('Up to 1 GiB').click()
    await dialog().getByText('No model matches.').waitFor()
    await button('Clear search and filters').click()
    expect(await cards().count()).toBe(models.length)
  })

  test('shows the plan of a model whose files differ, and names the key', async () => {
    await button(`Get ${first.name}`).click()
    await dialog().getByText(`models.json is wrong about ${LISTED}: model_type is "deepseek_v3"`).waitFor()
    expect(await dialog().getByRole('alert').innerText()).toContain('differ from what the list says')
    expect(await dialog().innerText()).toContain('max_position_embeddings is ')
    expect(otherHosts().every((url) => url.startsWith(HUB))).toBe(true)
    await button('Back').click()
    await cards().first().waitFor()
  })

  test('refuses a model that it cannot run, with the reason and the way on', async () => {
    const served = hub.revisions.get('main')
    const config = { ...JSON.parse(Buffer.from(files['config.json'] ?? '').toString()), model_type: 'mamba' }
    hub.revisions.set(
      'main',
      new Map([...(served ?? []), ['config.json', Buffer.from(JSON.stringify(config))]]),
    )
    await button(`Get ${first.name}`).click()
    await dialog().getByText('Hadal cannot run this model.').waitFor()
    await visitor.expectAccessible()
    await button('Back').click()
    if (served) hub.revisions.set('main', served)
  })

  test('says on a device that fits nothing what still runs', async () => {
    const small = await visitor.page.addInitScript(() => {
      Object.defineProperty(navigator, 'deviceMemory', { value: 0.25 })
    })
    await visit()
    await open()
    await dialog()
      .getByText(/^No model of this list fits this device/)
      .waitFor()
    expect(await dialog().getByText('Recommended for this device').count()).toBe(0)
    expect(await dialog().locator('.badge.no').count()).toBe(models.length)
    await visitor.expectAccessible()
    await small.dispose()
  })

  test('two clicks lead to the model, or to the space that is missing', async () => {
    await listFirst(right)
    await visit()
    await visitor.page.evaluate(() => {
      navigator.storage.estimate = async () => ({ quota: 1000, usage: 900 })
    })
    await open()
    await button(`Get ${first.name}`).click()
    await dialog()
      .getByText(/^This browser has .* too little space for it/)
      .waitFor()
    await button('Free space…').click()
    await dialog().getByText('No other model is stored yet.').waitFor()
    await visitor.page.keyboard.press('Escape')
    await visitor.page.evaluate(() => Reflect.deleteProperty(navigator.storage, 'estimate'))
    await open()
    await button(`Get ${first.name}`).click()
    // No model is loaded yet, so the page switches to this one by itself.
    await visitor.page.getByPlaceholder(`Ask ${first.name}…`).waitFor()
    const weights = files['model.safetensors']?.length ?? 0
    expect(hub.log.filter((line) => line.endsWith(`bytes=0-${weights - 1}`))).toEqual([
      expect.stringMatching(/^hub GET .*\/model\.safetensors /),
      expect.stringMatching(/^store GET /),
    ])
  })

  test('asks for the token of a download, which no reload keeps', async () => {
    hub.token = 'hf_SecretSecretSecret'
    await visitor.page.evaluate(
      (source) => localStorage.setItem('hadal.downloads.1', JSON.stringify({ [source]: { name: 'Gated' } })),
      `${LISTED}@gated`,
    )
    await visitor.page.reload()
    await open()
    await button('Continue Gated').click()
    await button('Enter an access token…').click()
    await dialog()
      .getByLabel(/^Access token/)
      .waitFor()
  })
})
