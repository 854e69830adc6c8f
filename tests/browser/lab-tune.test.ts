// Tests of tuning in the built kernel lab, in Chromium, at the bundled model's sizes (minutes on a software
// adapter).
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from './chromium.ts'
import type { PageHost } from './pages.ts'
import { Visitor } from './visitor.ts'

const TUNED_FILE = 'hadal-tuned.json'
const OTHER_ADAPTER = { 'another adapter': { matvec: 'single' } }

describeInChromium('tuning in the kernel lab', () => {
  let visitor: Visitor
  let host: PageHost
  let page: Page

  beforeAll(async () => {
    visitor = await Visitor.open()
    ;({ host, page } = visitor)
    page.setDefaultTimeout(120_000)
  })

  afterAll(() => visitor?.close())

  const tuning = () => page.getByRole('region', { name: 'Tuning' })
  const button = (name: string) => tuning().getByRole('button', { name })
  const statusText = (text: string) => tuning().getByRole('status').getByText(text)
  const stored = (): Promise<Record<string, unknown>> =>
    page.evaluate(async (name) => {
      const folder = await navigator.storage.getDirectory()
      try {
        return JSON.parse(await (await (await folder.getFileHandle(name)).getFile()).text())
      } catch {
        return {}
      }
    }, TUNED_FILE)
  const store = (all: object) =>
    page.evaluate(
      async ([name, text]) => {
        const folder = await navigator.storage.getDirectory()
        const file = await (await folder.getFileHandle(name, { create: true })).createWritable()
        await file.write(text)
        await file.close()
      },
      [TUNED_FILE, JSON.stringify(all)] as const,
    )

  test('is linked from the top of the page and shows what is stored', async () => {
    await page.goto(`${host.url}lab/`)
    await tuning().getByText('Nothing: models run with the defaults.').waitFor()
    await page.getByRole('button', { name: 'Tuning', exact: true }).click()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Tuning')
    expect(await button('Forget').count()).toBe(0)
  })

  test('stops on request and stores nothing', async () => {
    await tuning().getByLabel('With the sizes of').selectOption('bundled')
    await button('Tune for this adapter').focus()
    await page.keyboard.press('Enter')
    await statusText('Workgroup reductions: ').waitFor()
    expect(await page.getByRole('button', { name: 'Check and time' }).isDisabled()).toBe(true)
    await page.keyboard.press('Enter') // the same button, which now stops
    await statusText('Stopped. Nothing was stored.').waitFor()
    const row = tuning().locator('tbody').first()
    expect(await row.innerText()).toMatch(/within subgroups the default\S*( stays)?\s+1\.00 ×\s+± \d\.\d\d/)
    expect(await stored()).toEqual({})
  })

  test('measures every decision and stores the winners', async () => {
    await store(OTHER_ADAPTER)
    await button('Tune for this adapter').click()
    await button('Stop tuning').waitFor()
    await button('Tune for this adapter').waitFor({ timeout: 0 }) // the runner ends what hangs
    expect(await tuning().getByRole('status').innerText()).toContain('Stored: the next model load uses it')
    expect(await tuning().getByRole('alert').count()).toBe(0)
    const table = await tuning().locator('table').innerText()
    for (const name of ['Workgroup reductions', 'Weight rows', 'FP8 decoding', 'Attention tiles'])
      expect(table).toContain(name)
    expect(table).toMatch(/through workgroup memory[ a-z]*\s+\d+\.\d\d ×/)
    const { 'another adapter': kept, ...own } = await stored()
    expect(kept).toEqual(OTHER_ADAPTER['another adapter'])
    expect(Object.keys(own)).toEqual([expect.stringContaining('swiftshader')])
    await button('Forget').waitFor()
  })

  test('shows stored winners after a reload', async () => {
    const keys = Object.keys(await stored()).filter((key) => !(key in OTHER_ADAPTER))
    const winners = Object.fromEntries(keys.map((key) => [key, { matvec: 'lanes32', q8: 'by hand' }]))
    await store({ ...OTHER_ADAPTER, ...winners })
    await page.reload()
    await tuning().getByText('32 lanes per row').waitFor()
    expect(await tuning().locator('dl').innerText()).toBe('Weight rows\n32 lanes per row')
  })

  test('is accessible at all widths and colour schemes', async () => {
    await visitor.expectAccessible()
  })

  test('reports a file that cannot be changed', async () => {
    await page.evaluate(async (name) => {
      const folder = await navigator.storage.getDirectory()
      const file = await folder.getFileHandle(name)
      const alone = { mode: 'exclusive' } as FileSystemCreateWritableOptions
      Object.assign(globalThis, { held: await file.createWritable(alone) })
    }, TUNED_FILE)
    await button('Forget').click()
    await tuning().getByRole('alert').getByText('What is stored could not be read or changed.').waitFor()
    await page.evaluate(() => (globalThis as unknown as { held: FileSystemWritableFileStream }).held.abort())
  })

  test('forgets only the winners of its own adapter', async () => {
    await button('Forget').click()
    await tuning().getByText('Nothing: models run with the defaults.').waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Tune for this adapter')
    expect(await tuning().getByRole('alert').count()).toBe(0)
    expect(await stored()).toEqual(OTHER_ADAPTER)
  })

  test('contacted only its own host and logged no errors', () => {
    visitor.expectCleanRun()
  })
})
