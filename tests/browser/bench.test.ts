// Tests of the built benchmark page in Chromium: run, stop, export, import, compare, share.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Locator, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readResult } from '../../src/app/bench/state/read-result.ts'
import type { BenchResult } from '../../src/bench/result.ts'
import { describeInChromium } from './chromium.ts'
import type { PageHost } from './pages.ts'
import { holdModels, Visitor } from './visitor.ts'

const SETTINGS = 'contexts=64,192&caches=latent,standard&numbers=f16&steps=2'

describeInChromium('the benchmark page', () => {
  let visitor: Visitor
  let host: PageHost
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    visitor = await Visitor.open()
    ;({ host, context, page } = visitor)
  })

  afterAll(() => visitor?.close())

  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const rows = () => page.locator('.bench table tbody tr')
  const downloaded = async (click: Locator): Promise<string> => {
    const [file] = await Promise.all([page.waitForEvent('download'), click.click()])
    return readFileSync(await file.path(), 'utf8')
  }
  const importResult = (name: string, text: string) => {
    const path = join(host.folder, name)
    writeFileSync(path, text)
    return page.getByLabel('Import results…').setInputFiles(path)
  }
  let exported: BenchResult

  test('opens from the chat and at its own URL', async () => {
    const loadModels = await holdModels(page)
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Benchmark' }).click()
    await page.getByRole('heading', { name: 'What does a token cost to remember?' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/bench/')
    await loadModels()
    await page.goto(`${host.url}bench#${SETTINGS}&heads=64&nonsense=1&steps=2`)
    await page.getByText('Works offline').waitFor()
    expect(new URL(page.url()).pathname).toBe('/bench/')
  })

  test('stops a run and keeps its results so far', async () => {
    await button('Run').click()
    await page.getByText('Latent: same output?').waitFor()
    await page.getByRole('progressbar', { name: 'Benchmark' }).waitFor()
    await button('Stop').click()
    await button('Run again').waitFor()
    expect(await page.locator('.error-card').count()).toBe(0)
    expect(await page.locator('.results').innerText()).toContain('not complete')
  })

  test('measures without a network, after checking that all caches give the same text', async () => {
    await context.setOffline(true)
    await button('Run again').click()
    await page.getByText('Standard (MHA): same output?').waitFor()
  })

  test('shows results as a table, a headline and charts', async () => {
    await button('Run again').waitFor()
    await context.setOffline(false)
    expect(await rows().count()).toBe(4)
    const texts = await rows().allInnerTexts()
    // 4 layers, 2 bytes a number: 128 + 16 numbers as latents, 8 heads × (48 + 32) as keys and values.
    expect(texts[0]).toMatch(/Latent\s+64\s+73,728\s+73,728\s+1,152/)
    expect(texts[3]).toMatch(/Standard \(MHA\)\s+192\s+983,040\s+983,040\s+5,120/)
    for (const text of texts) expect(text).toMatch(/same 64 tokens/)
    expect(await page.locator('.headline').innerText()).toMatch(
      /At 192 tokens, .* 216 KiB .* 960 KiB: 4\.4 times less/,
    )
    const pictures = await page.locator('.pictures h3').allInnerTexts()
    expect(pictures).toEqual(['Memory', 'Bytes per cache', 'Decode', 'Prefill'])
  })

  test('moves between chart points by keyboard', async () => {
    const memory = page.getByRole('listbox', { name: /^Memory/ })
    await memory.getByRole('option', { name: 'Latent at 64 tokens: 72 KiB' }).focus()
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    await page.keyboard.press('ArrowRight')
    expect(await focused()).toBe('Latent at 192 tokens: 216 KiB')
    await page.keyboard.press('ArrowUp')
    expect(await focused()).toBe('Standard (MHA) at 192 tokens: 960 KiB')
    await page.keyboard.press('End')
    expect(await focused()).toMatch(/^Standard \(MHA\): [\d,]+ tokens fit at most$/)
    expect(await memory.locator('[tabindex="0"]').count()).toBe(1)
  })

  test('exports JSON that can be imported, and CSV', async () => {
    exported = readResult(await downloaded(button('Export JSON of result A')), 'a.json')
    expect(exported.complete).toBe(true)
    expect(exported.rows.map(({ bytes }) => bytes)).toEqual(
      exported.rows.map(({ formulaBytes }) => formulaBytes),
    )
    expect(exported.rows.every(({ decode, prefill }) => decode && prefill)).toBe(true)
    expect(exported.settings).toEqual({
      contexts: [64, 192],
      caches: ['latent', 'standard'],
      numbers: 'f16',
      steps: 2,
    })
    expect(exported.environment.host).toContain('Chrome')
    const csv = await downloaded(button('Export CSV'))
    expect(csv.trim().split('\r\n')).toHaveLength(5)
  })

  test('compares imported results and rejects invalid files', async () => {
    const other = { ...exported, model: { ...exported.model, name: '<img src=x onerror=alert(1)>' } }
    await importResult('other.json', JSON.stringify(other))
    await button('Remove result B').waitFor()
    expect(await page.locator('.results').innerText()).toContain('<img src=x onerror=alert(1)>')
    expect(await page.locator('.bench img').count()).toBe(0)
    expect(await page.locator('.chart').first().locator('.series').count()).toBe(4)
    expect(await page.locator('.chart').first().locator('.mark.hollow').count()).toBe(4)
    expect(await rows().count()).toBe(2 * 4 + 2)
    await importResult('broken.json', JSON.stringify({ ...exported, rows: [{ cache: 'latent' }] }))
    await page.getByText('broken.json: rows[0].context must be a whole number from 1 to 1048576.').waitFor()
    expect(await rows().count()).toBe(2 * 4 + 2)
  })

  test('is accessible at all widths and colour schemes', async () => {
    await visitor.expectAccessible()
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('calculates cache sizes and keeps the inputs in the URL', async () => {
    const sheet = page.locator('.answer-sheet')
    expect(await sheet.innerText()).toContain('61 × (512 + 64) × 2 = 70,272')
    // The URL set 64 heads instead of 128.
    expect(await sheet.innerText()).toContain('61 × 64 × (128 + 64 + 128) × 2 = 2,498,560')
    await page.getByRole('combobox', { name: 'Model', exact: true }).selectOption('V2-Lite')
    await page.getByRole('combobox', { name: 'Own cache stored as' }).selectOption('fp8-flash')
    await page.getByRole('spinbutton', { name: 'Tokens in the cache' }).fill('65')
    expect(await sheet.innerText()).toContain('27 × (512 + 4 × ⌈512 / 128⌉ + 2 × 64) = 17,712')
    expect(await sheet.locator('.bar b').first().innerText()).toBe('2.2 MiB') // two whole pages
    const link = page.url()
    expect(link).toContain('contexts=64,192&caches=latent,standard&numbers=f16&steps=2')
    await page.goto('about:blank')
    await holdModels(page)
    await page.goto(link)
    expect(await sheet.innerText()).toContain('27 × (512 + 4 × ⌈512 / 128⌉ + 2 × 64) = 17,712')
    expect(await page.getByRole('checkbox', { name: '192' }).isChecked()).toBe(true)
    expect(await page.getByRole('checkbox', { name: '1k', exact: true }).isChecked()).toBe(false)
  })

  test('asks before opening a model from a link', async () => {
    await page.goto('about:blank')
    await page.goto(`${host.url}bench/#model=https://models.example/one/&heads=none`)
    await page.getByText('This address was made with another model: https://models.example/one/').waitFor()
    await page.getByText('Part of this address was not understood and is left out: heads.').waitFor()
    await button('Not now').click()
    expect(await page.getByText('This address was made').count()).toBe(0)
  })

  test('contacted only its own host and logged no errors', () => {
    visitor.expectCleanRun()
  })
})
