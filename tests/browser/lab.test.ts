// Tests of the built kernel lab in Chromium: inspect, run, edit the source, share.
import { readFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seriousViolations } from './axe.ts'
import { describeInChromium } from './chromium.ts'
import type { PageHost } from './pages.ts'
import { Visitor } from './visitor.ts'

const CHOICES = 'kernel=linear_decode&role=given&shape=304x128&format=q8&tokens=2&mib=1&times=3'

describeInChromium('the kernel lab', () => {
  let visitor: Visitor
  let host: PageHost
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    visitor = await Visitor.open()
    ;({ host, context, page } = visitor)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  })

  afterAll(() => visitor?.close())

  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const headline = (text: string) => page.locator('.headline', { hasText: text })
  const history = () => page.locator('.history tbody tr')
  const editor = () => page.getByLabel('Your kernel source')
  let own = ''

  test('opens from the other pages and at its own URL', async () => {
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Kernel lab' }).click()
    await page.getByRole('heading', { name: 'One kernel under the lens' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/lab/')
    await page.getByRole('link', { name: 'Benchmark' }).click()
    await page.getByRole('link', { name: 'Kernel lab' }).click()
    await page.goto('about:blank')
    await page.goto(`${host.url}lab#${CHOICES}&nonsense=1`)
    await page.getByText('Works offline').waitFor()
    expect(new URL(page.url()).pathname).toBe('/lab/')
  })

  test('shows contract, reasons and source without a network', async () => {
    await context.setOffline(true)
    await page.reload()
    await page.getByText('linear_decode, 2 × 128 → 304.').waitFor()
    const card = await page.locator('.run').innerText()
    expect(card).toContain('software adapter (CPU), without f16, subgroups of at least 4')
    expect(card).toContain(
      'A CPU gathers at every load; 4 invocations side by side read a row in order, with inputs for 64 rows.',
    )
    const contract = await page.locator('.contract').innerText()
    expect(contract).toMatch(/4\s+y\s+f32\s+\[tokens, Y_STRIDE\]\s+read and write/)
    expect(contract).toMatch(/OUT\s+304\s+u32\s+the engine/)
    expect(contract).toMatch(/rowTiling\s+shared\/row_tiling_subgroup/)
    expect(await page.locator('.source pre').last().innerText()).toContain('fn row_at(first: u32')
  })

  test('checks a kernel, shows its errors, and times it', async () => {
    await button('Check and time').click()
    await headline('Correct: linear_decode, the engine’s choice.').waitFor()
    await page.getByRole('heading', { name: 'Speed' }).waitFor()
    await context.setOffline(false)
    await page.getByText('Largest errors').first().click()
    const worst = page.locator('.worst tbody tr')
    expect(await worst.count()).toBe(8)
    expect(await worst.first().innerText()).toMatch(/^[01]\s+\d+\s+-?[\d.]+\s+-?[\d.]+\s+\d\.\de-[78]$/)
    expect(await page.getByRole('img', { name: 'Errors of 2 × 304 numbers' }).count()).toBe(1)
    const speed = await page.locator('.rates').innerText()
    expect(speed).toMatch(/[\d.,]+ µs \([\d.,]+ to [\d.,]+\) of 3/)
    expect(speed).toMatch(/\d %/)
    expect(speed).toContain('The best streaming read')
  })

  test('times another variant next to the engine’s and keeps it in the URL', async () => {
    await page.getByLabel('Weight rows').last().selectOption('lanes8')
    await page
      .getByText(/row_tiling_lanes/)
      .first()
      .waitFor()
    await button('Check and time').click()
    await headline('8 lanes per row').waitFor()
    await headline('× the engine’s time').waitFor()
    expect(page.url()).toContain('&variants=matvec:lanes8&')
    expect(await history().count()).toBe(2)
    await button('Back to the engine’s choice').click()
    expect(page.url()).not.toContain('variants')
  })

  test('exports the JSON format of the command line', async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), button('Export JSON').click()])
    const { adapter, options, rows, variants } = JSON.parse(readFileSync(await file.path(), 'utf8'))
    expect(adapter).toContain('swiftshader')
    expect(options).toEqual({ formats: ['q8'], tokens: 2, roundBytes: 1 << 20, repetitions: 3 })
    expect(variants).toEqual({ q8: 'unorm', matvec: 'lanes8' })
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatchObject({ kernel: 'linear_decode', role: 'given', shape: '2 × 128 → 304' })
    expect(rows[0].fractionOfCeiling).toBeGreaterThan(0)
  })

  test('marks the line of a compile error', async () => {
    await button('Edit source').click()
    own = await editor().inputValue()
    const line = own.split('\n').findIndex((text) => text.includes('var scales')) + 1
    await editor().fill(own.replace('var scales', 'vor scales'))
    await button('Run this source').click()
    await button(`Line ${line}:7`).click()
    expect(await page.locator('.line-numbers .error').innerText()).toBe(String(line))
    const selected = await editor().evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    )
    expect(selected).toBe('scales: array<f32, ROWS>;')
    expect(await history().count()).toBe(2)
  })

  test('lets Tab leave the editor', async () => {
    await editor().focus()
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.id)).not.toBe('editor')
    expect(await editor().inputValue()).not.toContain('\t')
  })

  test('reports a wrong result and times it only on request', async () => {
    await editor().fill(own.replace('let sum = ', 'let sum = select(1.0, 1.5, out == 77u) * '))
    await button('Run this source').click()
    await headline('Wrong: linear_decode, edited').waitFor()
    await page.getByText('Kernels with wrong results are not timed.').waitFor()
    await page.getByText('Largest errors').first().click()
    expect(await page.locator('.worst tbody tr').first().innerText()).toMatch(/^[01]\s+77\s/)
    expect(await history().first().innerText()).toContain('not timed')
    await button(/nevertheless/).click()
    await page.getByText('These are the times of a kernel with wrong results.').waitFor()
    expect(await history().first().innerText()).toMatch(/wrong: \d\.\de-\d\s+[\d.,]+ µs/)
  })

  test('times an edited kernel next to the engine’s, and restores the original', async () => {
    await editor().fill(own.replace('let sum = ', 'let sum = 1.0 * '))
    await button('Run this source').click()
    await headline('Correct: linear_decode, edited').waitFor()
    await headline('× the engine’s time').waitFor()
    await button('Copy source').click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('let sum = 1.0 * ')
    await button('Back to the engine’s source').click()
    expect(await editor().count()).toBe(0)
    await button('Edit source').click()
    expect(await editor().inputValue()).toBe(own)
  })

  test('keeps results when a run is stopped', async () => {
    const before = await history().count()
    await page.getByLabel('Weights', { exact: true }).selectOption('f32')
    await button('Check and time').click()
    await button('Stop').click()
    await button('Check and time').waitFor()
    expect(await page.locator('.error-card').count()).toBe(0)
    expect(await history().count()).toBeGreaterThanOrEqual(before)
  })

  test('opens a link and reports its invalid fields', async () => {
    await page.goto('about:blank')
    await page.goto(`${host.url}lab/#kernel=linear_decode&role=nobody&tokens=99`)
    await page.getByText('Part of this address was not understood and is left out: role, tokens.').waitFor()
    await page.goto('about:blank')
    await page.goto(`${host.url}lab/#${CHOICES}&variants=matvec:lanes16`)
    expect(await page.getByLabel('Weight rows').last().inputValue()).toBe('lanes16')
    expect(await page.getByLabel('Columns').inputValue()).toBe('128')
  })

  test('is accessible at all widths and colour schemes', async () => {
    await button('Check and time').click()
    await page.getByRole('heading', { name: 'Speed' }).waitFor()
    await button('Edit source').click()
    await editor().fill('nonsense')
    await button('Run this source').click()
    await page.locator('.messages .error').waitFor()
    await visitor.expectAccessible()
    await button('Back to the engine’s source').click()
    expect(await seriousViolations(page)).toEqual([])
  })

  test('contacted only its own host and logged no errors', () => {
    visitor.expectCleanRun()
  })
})
