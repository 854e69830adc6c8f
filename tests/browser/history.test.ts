// Tests of the list of conversations in Chromium: many conversations, files, two tabs, and a killed tab.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadAxe, seriousViolations } from './axe.ts'
import { describeInChromium } from './chromium.ts'
import { holdModels, Visitor } from './visitor.ts'

const COUNT = 2000
const HOUR_MS = 3_600_000
const MAX_ROWS_IN_DOCUMENT = 60
// The latest at noon, so that no test runs into another day.
const LATEST = new Date().setHours(0, 0, 0, 0) - 12 * HOUR_MS

/** Each has two messages; the later its number, the older it is. */
const manyConversations = () => ({
  format: 'hadal-conversations',
  version: 1,
  conversations: Array.from({ length: COUNT }, (_, index) => ({
    title: `Conversation ${index}`,
    pinned: index === 77,
    updated: LATEST - index * HOUR_MS,
    model: { name: 'Lanternfish' },
    messages: [
      { id: 'q', parent: '', role: 'user', text: `Question ${index}` },
      {
        id: 'a',
        parent: 'q',
        role: 'assistant',
        text: `${'word '.repeat(99)}Answer<${index}>`,
        status: 'done',
      },
    ],
  })),
})

const jsonFile = (name: string, json: unknown) => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(JSON.stringify(json)),
})

describeInChromium('the list of conversations', () => {
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    visitor = await Visitor.open()
    ;({ page } = visitor)
    await holdModels(page)
    await page.goto(visitor.host.url)
    await page.locator('.panel').waitFor()
  })

  afterAll(() => visitor?.close())

  const items = (tab = page) => tab.locator('.history .item')
  const row = (title: string, tab = page) => items(tab).filter({ hasText: title })
  const titles = (tab = page) => items(tab).locator('.title').allInnerTexts()
  const search = (text: string) => page.getByLabel('Search conversations').fill(text)
  const choose = async (title: string, action: string, tab = page) => {
    await tab.getByRole('button', { name: `Actions for “${title}”` }).click()
    await tab.getByRole('menuitem', { name: action }).click()
  }
  const openTab = async (held = true) => {
    const tab = await visitor.context.newPage()
    if (held) await holdModels(tab)
    await tab.goto(visitor.host.url)
    await tab.locator('.panel').waitFor()
    return tab
  }

  test('imports files, in any number, and says which it cannot read', async () => {
    const broken = { name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('{') }
    await page
      .locator('.history input[type=file]')
      .setInputFiles([jsonFile('many.json', manyConversations()), broken])
    await page.getByText(`Imported ${COUNT.toLocaleString('en')} conversations`).waitFor()
    expect(await page.locator('.notice').innerText()).toContain('broken.json cannot be imported')
    await page.getByRole('button', { name: 'Dismiss' }).click()
  })

  test('keeps only some rows of 2,000 in the document, in order', async () => {
    await page.reload()
    await row('Conversation 0').waitFor()
    expect((await titles()).slice(0, 4)).toEqual([77, 0, 1, 2].map((index) => `Conversation ${index}`))
    expect(await page.locator('.history .group').first().innerText()).toBe('Pinned')
    expect(await page.locator('.history .group').nth(1).innerText()).toBe('Yesterday')
    expect(await items().first().getAttribute('aria-setsize')).toBe(`${COUNT}`)
    const expectFewRows = async () => expect(await items().count()).toBeLessThan(MAX_ROWS_IN_DOCUMENT)
    await expectFewRows()
    await items().first().locator('.open').focus()
    await page.keyboard.press('End')
    await row(`Conversation ${COUNT - 1}`)
      .locator('.open:focus')
      .waitFor()
    await page.keyboard.press('ArrowUp')
    await row(`Conversation ${COUNT - 2}`)
      .locator('.open:focus')
      .waitFor()
    await expectFewRows()
    await page.locator('.history .rows').evaluate((box) => box.scrollTo(0, 0))
    await row('Conversation 3').first().waitFor()
    await expectFewRows()
    expect(await page.evaluate(() => document.activeElement?.getAttribute('title'))).toBe(
      `Conversation ${COUNT - 2}`,
    )
  })

  test('finds texts and titles, and marks what was found', async () => {
    await search('answer<1234>')
    await page.getByText('1 conversation found').waitFor()
    expect(await titles()).toEqual(['Conversation 1234'])
    expect(await page.locator('.history mark').allInnerTexts()).toEqual(['Answer<1234>'])
    await search('word')
    await page.getByText('2,000 conversations found').waitFor()
    expect(await items().count()).toBeLessThan(MAX_ROWS_IN_DOCUMENT)
    await search('nowhere to be found')
    await page.getByText('Nothing found').waitFor()
    await page.getByLabel('Search conversations').press('Escape')
    await row('Conversation 0').waitFor()
  })

  test('exports what it imported', async () => {
    const download = page.waitForEvent('download')
    await choose('Conversation 1', 'Export as JSON')
    const exported = JSON.parse(readFileSync(await (await download).path(), 'utf8'))
    expect(exported.conversations[0]).toMatchObject({ title: 'Conversation 1', updated: LATEST - HOUR_MS })
    const all = page.waitForEvent('download')
    await page.getByRole('button', { name: 'All conversations' }).click()
    await page.getByRole('menuitem', { name: 'Export all as Markdown' }).click()
    const text = readFileSync(await (await all).path(), 'utf8')
    expect(text.match(/^<!-- hadal:conversation/gm)).toHaveLength(COUNT)
  })

  test('renames, deletes and undoes in two tabs', async () => {
    const other = await openTab()
    await choose('Conversation 1', 'Rename')
    await page.getByLabel('New name').fill('  <b>Renamed</b>  ')
    await page.keyboard.press('Enter')
    await row('<b>Renamed</b>').locator('.open:focus').waitFor()
    await row('<b>Renamed</b>', other).waitFor()
    await row('<b>Renamed</b>', other).locator('.open').click()
    await other.locator('.answer').waitFor()
    await row('<b>Renamed</b>').locator('.open').focus()
    await page.keyboard.press('Delete')
    await row('<b>Renamed</b>', other).waitFor({ state: 'detached' })
    await other.locator('.answer').waitFor({ state: 'detached' })
    await row('Conversation 2').locator('.open:focus').first().waitFor()
    // A tab that opens meanwhile leaves the deleted one restorable.
    await (await openTab()).close()
    await page.getByRole('button', { name: 'Undo' }).click()
    await row('<b>Renamed</b>').locator('.open:focus').waitFor()
    await row('<b>Renamed</b>', other).locator('.open').click()
    await other.locator('.answer').waitFor()
    await other.close()
  })

  test('moves what earlier versions of the page kept into the list', async () => {
    const kept = JSON.stringify([{ question: 'Kept before?', answer: { status: 'done', text: 'Yes.' } }])
    const tab = await openTab()
    await tab.evaluate((text) => {
      sessionStorage.setItem('hadal.chat.1', text)
      localStorage.setItem('hadal.chat.1', text.replace('before', 'elsewhere'))
    }, kept)
    await tab.reload()
    expect(await tab.locator('.question').innerText()).toContain('Kept before?')
    await row('Kept elsewhere?', tab).waitFor()
    expect(await tab.evaluate(() => [sessionStorage['hadal.chat.1'], localStorage['hadal.chat.1']])).toEqual([
      undefined,
      undefined,
    ])
    await tab.close()
  })

  test('is accessible beside the chat and in the drawer, and gives the focus back', async () => {
    await page.reload()
    await visitor.expectAccessible()
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.getByRole('button', { name: 'All conversations' }).click()
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('.menu').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Hide conversations' }).click()
    await page.locator('.panel').waitFor({ state: 'detached' })
    await page.reload()
    await page.getByRole('button', { name: 'Show conversations' }).click()
    await page.locator('.panel').waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    await page.locator('.panel').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Show conversations' }).click()
    await row('Conversation 0').waitFor()
    await loadAxe(page)
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('.panel').waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'Show conversations',
    )
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('deletes all conversations after asking twice', async () => {
    await page.getByRole('button', { name: 'All conversations' }).click()
    await page.getByRole('menuitem', { name: 'Delete all…' }).click()
    expect(await seriousViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: /^Delete 2,\d+ conversations$/ }).click()
    await page.getByText('What you ask appears here.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await row('Conversation 0').waitFor()
    expect(await items().first().getAttribute('aria-setsize')).toBe(`${COUNT + 2}`)
  })

  test('keeps an answer whose tab is killed, and goes on with it in another', async () => {
    const writer = await openTab(false)
    await writer.getByRole('button', { name: 'New chat' }).click()
    await writer.getByRole('heading', { name: 'Settings' }).click()
    // With these the small model goes on for a while, so that the tab is killed in the middle.
    await writer.getByLabel('Temperature').fill('2')
    await writer.getByLabel('Seed').fill('90')
    const session = await visitor.context.newCDPSession(writer)
    await writer.getByRole('button', { name: 'Think' }).click()
    await writer.getByLabel('Your question').fill('Tell me a very long story.')
    await writer.getByLabel('Your question').press('Enter')
    await row('Tell me a very long story.').locator('.open').click()
    await page.locator('.answer .markdown:not(:empty)').waitFor()
    const seen = await page.locator('.answer .markdown').innerText()
    const crashed = writer.waitForEvent('crash')
    session.send('Page.crash').catch(() => {}) // a crashed page does not answer
    await crashed
    await page.locator('.answer .facts', { hasText: 'stopped' }).waitFor()
    const kept = await page.locator('.answer .markdown').innerText()
    expect(kept.startsWith(seen.slice(0, 20))).toBe(true)
    await writer.close()
    await page.reload()
    expect(await page.locator('.answer .markdown').innerText()).toBe(kept)
    const next = await openTab(false)
    expect(await next.locator('.answer .markdown').innerText()).toBe(kept)
    await next.getByRole('button', { name: 'Continue' }).click()
    await row('Tell me a very long story.', next)
      .getByRole('img', { name: 'An answer is being written' })
      .waitFor()
    await next.locator('.answer .footer').waitFor()
    expect((await next.locator('.answer .markdown').innerText()).startsWith(kept.slice(0, 20))).toBe(true)
    await next.close()
  })

  test('contacted only its own host and logged no errors', () => visitor.expectCleanRun())
})
