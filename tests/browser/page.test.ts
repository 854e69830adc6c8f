// Answers: does the built page do what it promises, in a real browser, with the real model? One visitor, from the first load to a
// reload without a network. It must not know how the page is made.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serious } from './axe.ts'
import { describeInChromium, type Host } from './chromium.ts'
import { Visitor } from './visitor.ts'

describeInChromium('the page', () => {
  let visitor: Visitor
  let host: Host
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    visitor = await Visitor.arrive()
    ;({ host, context, page } = visitor)
  })

  afterAll(() => visitor?.leave())

  const answers = () => page.locator('.answer')
  const ask = async (question: string) => {
    await page.getByLabel('Your question').fill(question)
    await page.keyboard.press('Enter')
  }
  const completed = (count: number) =>
    answers()
      .nth(count - 1)
      .locator('.footer')
      .waitFor()

  test('loads the model and shows how far it is', async () => {
    await page.goto(host.url)
    await page.getByRole('progressbar').waitFor()
    await page.getByRole('button', { name: 'Who are you?' }).waitFor()
    await page.getByText('Works offline').waitFor()
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  })

  test('answers, with the thinking part folded and the cache counted', async () => {
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

  test('goes on without a network', async () => {
    await context.setOffline(true)
    await page.getByRole('button', { name: 'Think' }).click()
    await ask('What is MLA?')
    await completed(2)
    expect(await answers().nth(1).locator('.markdown').innerText()).toMatch(/latent|cache/)
    expect(await answers().nth(1).locator('details').count()).toBe(0)
  })

  test('stops in the middle and answers again', async () => {
    await page.getByRole('button', { name: 'Think' }).click()
    await ask('What is 4736 + 5861?')
    await answers().nth(2).locator('details.thinking').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await completed(3)
    expect(await answers().nth(2).locator('.facts').innerText()).toContain('stopped')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('question')
    await page.getByRole('button', { name: 'Answer again' }).click()
    await answers().nth(2).locator('.facts', { hasNotText: 'stopped' }).waitFor()
    expect(await answers().nth(2).locator('.markdown').innerText()).toMatch(/\d/)
  })

  test('reloads without a network in the middle of an answer, keeps the conversation and answers', async () => {
    await ask('Tell me a very short story.')
    await answers().nth(3).locator('.thinking, .markdown:not(:empty)').first().waitFor()
    const other = await context.newPage()
    await other.goto(host.url) // a tab of its own: a new chat there is none here
    await other.locator('.answer').nth(3).waitFor()
    await other.getByRole('button', { name: 'New chat' }).click()
    await other.close()
    await page.reload()
    expect(await answers().count()).toBe(4)
    expect(await page.locator('.question').nth(3).innerText()).toContain('a very short story')
    // Written while the model loads, it is sent as soon as there is one.
    await ask('Who are you?')
    await page.getByText('Will be sent as soon as the model is ready').waitFor()
    await page.getByText('Works offline').waitFor()
    await completed(5)
    expect(await answers().nth(4).locator('.markdown').innerText()).toMatch(/^[A-Z].*[.!?]$/s) // which answer, is drawn
    await context.setOffline(false)
  })

  test('asks as the settings say', async () => {
    await page.getByRole('heading', { name: 'Settings' }).click()
    await page.getByLabel('Most tokens of an answer').fill('4')
    await page.getByLabel('Temperature').fill('warm')
    await page.getByText('Not used: it must be a number from 0 to 2.').waitFor()
    await ask('Who are you?')
    await completed(6)
    expect(await answers().nth(5).locator('.facts').innerText()).toContain('cut off at the length limit')
  })

  test('is accessible, wide and narrow, light and dark', async () => {
    await visitor.seesAllLooks()
  })

  test('asks an earlier question in other words', async () => {
    const edit = page.getByRole('button', { name: 'Edit the question' })
    await edit.nth(4).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    expect(await edit.nth(4).evaluate((button) => button === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByLabel('The question in other words').fill('What are you?')
    expect(await serious(page)).toEqual([])
    await page.keyboard.press('Enter')
    await answers().nth(5).waitFor({ state: 'detached' })
    await completed(5)
    expect(await page.locator('.question').nth(4).innerText()).toContain('What are you?')
  })

  test('starts over, and thinks better of it', async () => {
    await page.getByRole('button', { name: 'New chat' }).click()
    await page.getByRole('button', { name: 'Who are you?' }).waitFor()
    expect(await answers().count()).toBe(0)
    expect(await serious(page)).toEqual([])
    await page.getByRole('button', { name: 'Undo' }).click()
    expect(await answers().count()).toBe(5)
    await page.getByRole('button', { name: 'New chat' }).click()
  })

  test('offers a newer version of itself', async () => {
    const offer = (tab: Page) => tab.getByRole('button', { name: 'Update' })
    const take = async (tab: Page) => {
      const loaded = tab.waitForEvent('load')
      await offer(tab).click()
      await loaded
      await tab.getByRole('button', { name: 'New chat' }).waitFor()
      expect(await offer(tab).count()).toBe(0)
    }
    const other = await context.newPage()
    await other.goto(host.url)
    await other.getByRole('button', { name: 'New chat' }).waitFor()
    appendFileSync(join(host.folder, 'service-worker.js'), '\n// newer\n')
    await page.evaluate(async () => void (await navigator.serviceWorker.getRegistration())?.update())
    await offer(page).waitFor()
    await visitor.seesAllLooks()
    const kept = (text: string) =>
      sessionStorage.setItem(
        'hadal.chat.1',
        JSON.stringify([{ question: 'How?', answer: { status: 'done', text } }]),
      )
    await page.evaluate(kept, '```html\n<b onclick="alert(1)">so</b>\n```')
    await take(page)
    await take(other) // whose worker was replaced already
    await other.close()
  })

  test('copies code as it was written', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('region', { name: 'Code in html' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('Copied', { exact: true }).waitFor({ state: 'attached' })
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('<b onclick="alert(1)">so</b>')
    expect(await page.locator('.markdown b').count()).toBe(0)
  })

  test('asked nobody but its own host, and nothing went wrong on the way', () => {
    expect(visitor.requests.filter((url) => url.endsWith('model.safetensors')).length).toBeGreaterThan(0)
    visitor.hasNothingToTell()
  })
})
