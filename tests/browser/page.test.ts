// Tests of the built chat page in Chromium with the bundled model, from the first load to an offline reload.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seriousViolations } from './axe.ts'
import { describeInChromium } from './chromium.ts'
import type { PageHost } from './pages.ts'
import { holdModels, Visitor } from './visitor.ts'

describeInChromium('the page', () => {
  let visitor: Visitor
  let host: PageHost
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    visitor = await Visitor.open()
    ;({ host, context, page } = visitor)
  })

  afterAll(() => visitor?.close())

  const answers = () => page.locator('.answer')
  const ask = async (question: string) => {
    await page.getByLabel('Your question').fill(question)
    await page.getByLabel('Your question').press('Enter')
  }
  const completed = (count: number) =>
    answers()
      .nth(count - 1)
      .locator('.footer')
      .waitFor()

  test('loads the model and shows its progress', async () => {
    await page.goto(host.url)
    await page.getByRole('progressbar').waitFor()
    await page.getByRole('button', { name: 'Who are you?' }).waitFor()
    await page.getByText('Works offline').waitFor()
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  })

  test('leaves the documentation below it alone', async () => {
    mkdirSync(join(host.folder, 'docs'))
    const text = '<!doctype html><link rel="icon" href="data:,"><title>Docs</title>'
    writeFileSync(join(host.folder, 'docs', 'index.html'), text)
    const [docs] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: 'Docs' }).click({ modifiers: ['ControlOrMeta'] }),
    ])
    await docs.waitForLoadState()
    expect(await docs.title()).toBe('Docs')
    await docs.close()
  })

  test('answers, with thinking folded and the cache size shown', async () => {
    await page.getByRole('button', { name: 'Who are you?' }).click()
    await completed(1)
    const answer = answers().first()
    expect(await answer.locator('.markdown').innerText()).toContain('Lanternfish')
    expect(await answer.locator('details.thinking').getAttribute('open')).toBeNull()
    expect(await answer.locator('summary').innerText()).toMatch(/^Thought for/)
    expect(await answer.locator('.facts').innerText()).toMatch(/\d+ tokens · .* tok\/s/)
    const bars = await page.locator('.cache .bar b').allInnerTexts()
    expect(bars).toHaveLength(2)
    expect(bars.every((bytes) => /^[1-9].* KiB$/.test(bytes))).toBe(true)
    expect(await page.getByRole('log').innerText()).toContain('Lanternfish')
  })

  test('works without a network', async () => {
    await context.setOffline(true)
    await page.getByRole('button', { name: 'Think' }).click()
    await ask('What is MLA?')
    await completed(2)
    expect(await answers().nth(1).locator('.markdown').innerText()).toMatch(/latent|cache/)
    expect(await answers().nth(1).locator('details').count()).toBe(0)
  })

  test('stops an answer and regenerates it', async () => {
    await page.getByRole('button', { name: 'Think' }).click()
    await ask('What is 4736 + 5861?')
    await answers().nth(2).locator('details.thinking').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await completed(3)
    expect(await answers().nth(2).locator('.facts').innerText()).toContain('stopped')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('question')
    await page.getByRole('button', { name: 'Regenerate answer' }).last().click()
    await answers().nth(2).locator('.facts', { hasNotText: 'stopped' }).waitFor()
    expect(await answers().nth(2).locator('.markdown').innerText()).toMatch(/\d/)
  })

  test('keeps the conversation when reloaded offline during an answer', async () => {
    await ask('Tell me a very short story.')
    await answers().nth(3).locator('.thinking, .markdown:not(:empty)').first().waitFor()
    const other = await context.newPage()
    await holdModels(other)
    await other.goto(host.url) // a new chat in another tab must not affect this one
    await other.locator('.answer').nth(3).waitFor()
    await other.getByRole('button', { name: 'New chat' }).click()
    await other.close()
    await page.reload()
    await answers().nth(3).waitFor()
    expect(await answers().count()).toBe(4)
    expect(await page.locator('.question').nth(3).innerText()).toContain('a very short story')
    // A question typed while the model loads is sent when it is ready.
    await ask('Who are you?')
    await page.getByText('Will be sent when the model is ready').waitFor()
    await page.getByText('Works offline').waitFor()
    await completed(5)
    // The answer is sampled, so only its form is known.
    expect(await answers().nth(4).locator('.markdown').innerText()).toMatch(/^[A-Z].*[.!?]$/s)
    await context.setOffline(false)
  })

  test('applies the settings', async () => {
    await page.getByRole('heading', { name: 'Settings' }).click()
    await page.getByLabel('Maximum answer tokens').fill('4')
    await page.getByLabel('Temperature').fill('warm')
    await page.getByText('Ignored: enter a number from 0 to 2.').waitFor()
    await ask('Who are you?')
    await completed(6)
    expect(await answers().nth(5).locator('.facts').innerText()).toContain('cut off at the length limit')
  })

  test('is accessible at all widths and colour schemes', async () => {
    await visitor.expectAccessible()
  })

  test('edits an earlier question', async () => {
    const edit = page.getByRole('button', { name: 'Edit the question' })
    await edit.nth(4).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    expect(await edit.nth(4).evaluate((button) => button === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByLabel('Edited question').fill('What are you?')
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Enter')
    await answers().nth(5).waitFor({ state: 'detached' })
    await completed(5)
    expect(await page.locator('.question').nth(4).innerText()).toContain('What are you?')
    await page.getByRole('button', { name: 'Previous version' }).last().click()
    await completed(6)
    await page.getByRole('button', { name: 'Next version' }).last().click()
    await answers().nth(5).waitFor({ state: 'detached' })
  })

  test('starts a new chat and keeps the one before', async () => {
    await page.getByRole('button', { name: 'New chat' }).click()
    await page.getByRole('button', { name: 'Who are you?' }).waitFor()
    expect(await answers().count()).toBe(0)
    expect(await seriousViolations(page)).toEqual([])
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.locator('.history .open').first().click()
    await completed(5)
    await page.getByRole('button', { name: 'New chat' }).click()
  })

  test('offers an update of the page', async () => {
    const offer = (tab: Page) => tab.getByRole('button', { name: 'Update' })
    const take = async (tab: Page) => {
      const loaded = tab.waitForEvent('load')
      await offer(tab).click()
      await loaded
      await tab.getByRole('button', { name: 'New chat' }).waitFor()
      expect(await offer(tab).count()).toBe(0)
    }
    const other = await context.newPage()
    for (const tab of [page, other]) await holdModels(tab)
    await other.goto(host.url)
    await other.getByRole('button', { name: 'New chat' }).waitFor()
    appendFileSync(join(host.folder, 'service-worker.js'), '\n// newer\n')
    await page.evaluate(async () => void (await navigator.serviceWorker.getRegistration())?.update())
    await offer(page).waitFor()
    await visitor.expectAccessible()
    const kept = (text: string) =>
      sessionStorage.setItem(
        'hadal.chat.1',
        JSON.stringify([{ question: 'How?', answer: { status: 'done', text } }]),
      )
    await page.evaluate(kept, '```html\n<b onclick="alert(1)">so</b>\n```')
    await take(page)
    await take(other) // its service worker was already replaced
    await other.close()
  })

  test('copies code unchanged', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('region', { name: 'Code in HTML', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Copy code' }).press('Enter')
    await page.getByText('Copied', { exact: true }).waitFor({ state: 'attached' })
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('<b onclick="alert(1)">so</b>')
    expect(await page.locator('.markdown b').count()).toBe(0)
  })

  test('contacted only its own host and logged no errors', () => {
    expect(visitor.requests.filter((url) => url.endsWith('model.safetensors')).length).toBeGreaterThan(0)
    visitor.expectCleanRun()
  })
})
