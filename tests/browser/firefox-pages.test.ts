// Tests of the built chat and benchmark pages in Firefox with the bundled model.
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadAxe, seriousViolations } from './axe.ts'
import { describeInFirefox, launchFirefox } from './firefox.ts'
import { type PageHost, serveApp } from './pages.ts'
import { expectCleanRun, pressWhenShown } from './visitor.ts'

describeInFirefox('the pages in Firefox', () => {
  let host: PageHost
  let browser: Browser
  let page: Page
  const requests: string[] = []
  const errors: string[] = []

  beforeAll(async () => {
    host = await serveApp()
    browser = await launchFirefox()
    page = await browser.newPage()
    page.setDefaultTimeout(300_000) // a software GPU is slow
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    page.on('pageerror', (error) => errors.push(String(error)))
  })

  afterAll(async () => {
    await browser?.close()
    await host?.close()
  })

  // Not by accessible name: that search takes Firefox seconds.
  const button = (text: string) => page.locator(`button::-p-text(${text})`)
  const textOf = (selector: string) => page.$eval(selector, (element) => (element as HTMLElement).innerText)
  const appears = (selector: string) => page.waitForSelector(selector)
  const expectAccessible = async () => {
    await loadAxe(page)
    expect(await seriousViolations(page)).toEqual([])
  }

  test('the chat loads the model, answers, and stops an answer', async () => {
    await page.goto(host.url)
    await button('Who are you?').click()
    await appears('.answer .footer')
    expect(await textOf('.answer .markdown')).toContain('Lanternfish')
    expect(await textOf('.answer .facts')).toMatch(/\d+ tokens · .* tok\/s/)
    // Answers are over sooner than a click from outside arrives.
    const stopped = page.evaluate(pressWhenShown, 'button[aria-label=Stop]')
    await page.locator('#question').fill('What is 4736 + 5861? '.repeat(60))
    await page.keyboard.press('Enter')
    await stopped
    await appears('li:nth-child(4) > .answer .footer')
    expect(await textOf('li:nth-child(4) > .answer .facts')).toContain('stopped')
    await expectAccessible()
  })

  test('the benchmark measures two caches that give the same tokens', async () => {
    await page.goto(`${host.url}bench/#contexts=64&caches=latent,standard&numbers=f16&steps=2`)
    await button('Run').click()
    await button('Run again').wait()
    const rows = await page.$$eval('.bench table tbody tr', (all) =>
      all.map((row) => (row as HTMLElement).innerText),
    )
    expect(rows).toHaveLength(2)
    for (const row of rows) expect(row).toMatch(/same 64 tokens/)
    expect(await page.$$('.error-card')).toEqual([])
    await expectAccessible()
  })

  test('they contacted only their own host and logged no errors', () => {
    expectCleanRun(host, requests, errors)
  })
})
