// Tests that hostile texts are inert wherever the chat page shows one: titles, file and model names, errors.
import { expect, test } from 'vitest'
import { HOSTILE_TEXTS } from '../fixtures/app/xss.ts'
import { describeInChromium } from './chromium.ts'
import { holdModels, Visitor } from './visitor.ts'

/** What the page itself is made of; a hostile text that made an element would add another. */
const KNOWN_NAMES =
  `A ASIDE B BR BUTTON CODE DD DETAILS DIALOG DIV DL DT EM FORM H1 H2 H3 H4 HEADER HR I INPUT
  LABEL LI MAIN MARK METER NAV OL OPTION P PRE PROGRESS SECTION SELECT SPAN STRONG SUMMARY SUP TABLE TBODY TD
  BDI FIELDSET
  LEGEND KBD SEARCH TEXTAREA TH THEAD TR UL BLOCKQUOTE DEL svg g path rect circle defs linearGradient
  stop`.split(/\s+/)

const turns = HOSTILE_TEXTS.flatMap((text, index) => [
  {
    id: `q${index}`,
    parent: index === 0 ? '' : `a${index - 1}`,
    role: 'user',
    text,
    documents: [{ name: text, text, tokens: 1 }],
  },
  {
    id: `a${index}`,
    parent: `q${index}`,
    role: 'assistant',
    status: 'failed',
    text: '',
    model: text,
    failure: { code: text, message: `Failed: ${text}`, hint: text },
  },
])

const named = HOSTILE_TEXTS.map((text) => ({
  title: text,
  renamed: true,
  model: { name: text, source: text },
  settings: { system: text, seed: text },
  messages: [{ id: 'q', parent: '', role: 'user', text: 'Hello' }],
}))

function findings(known: string[]): string[] {
  const found: string[] = []
  const names = new Set(known)
  for (const element of document.querySelectorAll('body *')) {
    if (
      element.closest('noscript') ||
      (element.nodeName === 'SCRIPT' && element.parentNode === document.body)
    )
      continue
    if (!names.has(element.nodeName) && element.namespaceURI !== 'http://www.w3.org/1998/Math/MathML')
      found.push(`element ${element.nodeName}`)
    for (const { name, value } of element.attributes)
      if (/^on|^srcdoc$|^src$|^formaction$/.test(name)) found.push(`${element.nodeName} ${name}=${value}`)
    const href = element.getAttribute('href')
    if (href !== null && !/^(https?:\/\/|mailto:|#|\.{0,2}\/)/.test(href)) found.push(`href ${href}`)
  }
  if ('hacked' in globalThis || 'hacked' in {}) found.push('a script ran')
  return found
}

describeInChromium('hostile texts', () => {
  test('are shown as text in titles, questions, documents, models and errors, and run nothing', async () => {
    const visitor = await Visitor.open()
    const { page, host } = visitor
    try {
      await holdModels(page)
      await page.goto(host.url)
      const file = {
        format: 'hadal-conversations',
        version: 1,
        conversations: [...named, { pinned: true, messages: turns }],
      }
      const buffer = Buffer.from(JSON.stringify(file))
      const choosing = page.waitForEvent('filechooser')
      await page.getByRole('button', { name: 'All conversations' }).click()
      await page.getByRole('menuitem', { name: 'Import files…' }).click()
      await (await choosing).setFiles({ name: '<img src=x>.json', mimeType: 'application/json', buffer })
      await page.getByText(`Imported ${HOSTILE_TEXTS.length + 1} conversations`).waitFor()
      expect(await page.evaluate(findings, KNOWN_NAMES)).toEqual([])
      // Titles as they are written, in the window of the list.
      const shown = await page.locator('.history .title').allInnerTexts()
      expect(shown.length).toBeGreaterThan(10)
      await page.locator('.history .open').first().click()
      await page.locator('.error-card').last().waitFor()
      expect(await page.locator('.question').count()).toBe(HOSTILE_TEXTS.length)
      expect(await page.evaluate(findings, KNOWN_NAMES)).toEqual([])
      await page.getByLabel('Search conversations').fill('<script')
      await page.locator('mark').first().waitFor()
      expect(await page.evaluate(findings, KNOWN_NAMES)).toEqual([])
      visitor.expectCleanRun()
    } finally {
      await visitor.close()
    }
  })
})
