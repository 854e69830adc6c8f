// Tests of the chat page in Chromium: colours, language, keyboard shortcuts, installing, shared text, files.
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadAxe, seriousViolations } from './axe.ts'
import { describeInChromium } from './chromium.ts'
import { pdfInChinese, pdfWith } from './pdf.ts'
import { holdModels, Visitor } from './visitor.ts'

const NAME_WITH_MARKUP = '<img src=x onerror=alert(1)>.txt'

describeInChromium('the page as an app', () => {
  let visitor: Visitor
  let page: Page
  let loadModels: () => Promise<void>

  beforeAll(async () => {
    visitor = await Visitor.open()
    ;({ page } = visitor)
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    loadModels = await holdModels(page)
    await page.goto(visitor.host.url)
    await question().waitFor()
    await page.evaluate(() => navigator.serviceWorker.ready)
  })

  afterAll(() => visitor?.close())

  const question = (label = 'Your question') => page.getByLabel(label, { exact: true })
  const menu = () => page.locator('[popovertarget]')
  const expectNoViolations = async () => {
    await loadAxe(page)
    expect(await seriousViolations(page)).toEqual([])
  }
  const attach = (...files: [name: string, content: Buffer | string][]) =>
    page
      .locator('.composer input[type="file"]')
      .setInputFiles(
        files.map(([name, content]) => ({ name, mimeType: '', buffer: Buffer.from(content as string) })),
      )

  test('shows the chosen colours, after a reload before the first paint', async () => {
    const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)
    expect(await scheme()).toBe('light dark')
    await menu().click()
    await page.getByRole('radio', { name: 'Light' }).check()
    expect(await scheme()).toBe('light')
    await expectNoViolations()
    await page.keyboard.press('Escape')
    expect(await page.getByRole('radio', { name: 'Light' }).isVisible()).toBe(false)
    expect(await menu().evaluate((button) => button === document.activeElement)).toBe(true)
    await page.reload()
    await question().waitFor()
    expect(await scheme()).toBe('light')
    const blocking = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.endsWith('/theme.js'))
        .map((entry) => 'renderBlockingStatus' in entry && entry.renderBlockingStatus),
    )
    expect(blocking).toEqual(['blocking'])
    const bars = page.locator('meta[name="theme-color"]')
    expect(await bars.evaluateAll((all) => all.map((bar) => bar.getAttribute('media')))).toEqual([
      'all',
      'not all',
    ])
  })

  test('lists keyboard shortcuts, which do nothing while one types', async () => {
    await question().fill('')
    await question().press('?')
    await question().press('n')
    expect(await question().inputValue()).toBe('?n')
    await question().fill('')
    await question().press('Escape')
    await page.keyboard.press('?')
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await list.waitFor()
    await expectNoViolations()
    await page.keyboard.press('t') // the dialog is above the page
    await list.getByRole('checkbox', { name: 'Use single keys' }).uncheck()
    await page.keyboard.press('Escape')
    await list.waitFor({ state: 'detached' })
    await page.keyboard.press('t')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light')
    await page.keyboard.press('?')
    await list.getByRole('checkbox', { name: 'Use single keys' }).check()
    await list.getByRole('button', { name: 'Close' }).click()
    await page.keyboard.press('t')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    await page.keyboard.press('/')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('question')
    await question().press('Escape')
    await page.keyboard.press('m')
    const models = page.getByRole('dialog', { name: 'Models' })
    await models.waitFor()
    await page.keyboard.press('Escape')
    await models.waitFor({ state: 'hidden' })
    const before = page.viewportSize() ?? { width: 1280, height: 900 }
    await page.setViewportSize({ width: 390, height: 844 })
    await page.keyboard.press('s')
    await page.locator('.drawer input:focus').waitFor()
    await page.keyboard.press('Escape')
    await page.setViewportSize(before)
  })

  test('is Chinese for those who choose it', async () => {
    await menu().click()
    await page.getByRole('radio', { name: '简体中文' }).check()
    await question('您的问题').waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh')
    await expectNoViolations()
    await page.getByRole('button', { name: '键盘快捷键' }).click()
    await page.getByRole('dialog', { name: '键盘快捷键' }).waitFor()
    await expectNoViolations()
    await page.keyboard.press('Escape')
    await attach(['图.png', Buffer.from([0x89, 0x50, 0, 0])], ['空.txt', ''])
    await page.getByText('图.png 不是文本文件').waitFor()
    await page.getByText('空.txt 是空文件。').waitFor()
    await page.reload()
    await question('您的问题').waitFor()
    await menu().click()
    await page.getByRole('radio', { name: 'English' }).check()
    await page.keyboard.press('Escape')
    await question().waitFor()
  })

  test('says in a sentence why a file cannot be attached, and shows names as text', async () => {
    await attach(
      [NAME_WITH_MARKUP, 'a text'],
      ['empty.md', ''],
      ['photo.txt', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0x10])],
      ['huge.csv', Buffer.alloc(4 * 1024 ** 2 + 1, 'a')],
      ['damaged.pdf', '%PDF-1.7 and nothing else'],
      ['fish.pdf', pdfWith('Anglerfish glow')],
      ['chinese.pdf', pdfInChinese('C9EEBAA3')],
    )
    for (const sentence of [
      'empty.md is empty.',
      'photo.txt is not a text file.',
      'huge.csv is larger than any model can read',
      'damaged.pdf is damaged',
    ])
      await page.getByText(sentence).waitFor()
    for (const name of ['fish.pdf', 'chinese.pdf'])
      await page.locator('.document.ready', { hasText: name }).waitFor()
    expect(await page.locator('.document.ready').first().innerText()).toContain(NAME_WITH_MARKUP)
    expect(await page.locator('.documents img').count()).toBe(0)
    await visitor.expectAccessible()
    const removal = page.getByRole('button', { name: /^Remove / })
    await removal.first().focus()
    for (let left = await removal.count(); left > 0; left--) {
      expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toMatch(/^Remove /)
      await page.keyboard.press('Enter')
    }
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('question')
  })

  test('takes dropped and pasted files', async () => {
    const give = (type: 'drop' | 'paste', name: string) =>
      page.evaluate(
        ([type, name]) => {
          const data = new DataTransfer()
          data.items.add(new File(['some text'], name))
          const target = document.getElementById('question')
          target?.dispatchEvent(
            type === 'drop'
              ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
              : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
          )
        },
        [type, name] as const,
      )
    await give('drop', 'dropped.txt')
    await give('paste', 'pasted.txt')
    await page.locator('.document.ready').nth(1).waitFor()
    expect(await page.locator('.document .cut').allInnerTexts()).toEqual(['dropped.txt', 'pasted.txt'])
  })

  test('can be installed', async () => {
    const devtools = await visitor.context.newCDPSession(page)
    const { errors, data } = await devtools.send('Page.getAppManifest')
    expect(errors).toEqual([])
    const manifest = JSON.parse(data ?? '') as { share_target: object; icons: { src: string }[] }
    expect(manifest).toMatchObject({ lang: 'en', share_target: { method: 'GET' } })
    for (const { src } of manifest.icons)
      expect((await page.request.get(new URL(src, visitor.host.url).href)).ok()).toBe(true)
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors')
    // Tests run in a private window, where nothing can be installed.
    expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(['in-incognito'])
    await devtools.detach()
  })

  test('puts shared text into the question and sends nothing', async () => {
    const shared = new URLSearchParams({ title: 'A fish', text: '<b>Look</b>', url: 'https://fish.example/' })
    await page.goto(`${visitor.host.url}?${shared}`)
    await question().waitFor()
    expect(await question().inputValue()).toBe('A fish\n<b>Look</b>\nhttps://fish.example/')
    expect(await page.locator('.question').count()).toBe(0)
    expect(new URL(page.url()).search).toBe('')
    await page.goto(`${visitor.host.url}?new`)
    await question().waitFor()
    expect([await question().inputValue(), new URL(page.url()).search]).toEqual(['', ''])
  })

  test('every page works without a network, and the PDF reader after its first use', async () => {
    const { url } = visitor.host
    await visitor.context.setOffline(true)
    for (const [folder, link] of [
      ['bench/', 'Kernel lab'],
      ['lab/', 'Benchmark'],
    ] as const) {
      await page.goto(`${url}${folder}`)
      await page.getByRole('link', { name: link }).waitFor()
      expect(await page.locator('h1').count()).toBe(1)
      expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    }
    await page.goto(url)
    await attach(['fish.pdf', pdfWith('Anglerfish glow')])
    await page.locator('.document.ready').waitFor()
    await menu().click()
    await page.getByRole('radio', { name: '简体中文' }).check()
    await page.getByRole('radio', { name: 'English' }).check()
    await question().waitFor()
    await visitor.context.setOffline(false)
  })

  test('refuses what does not fit, and keeps a document in the cache for more questions', async () => {
    await loadModels()
    await page.reload()
    await page.getByRole('button', { name: 'Who are you?' }).waitFor()
    const lines = Array.from(
      { length: 9000 },
      (_, line) => `Line ${line}: the anglerfish lives in deep water.`,
    )
    await attach(['book.txt', lines.join('\n')])
    await page.getByText(/^This needs about \d{3},\d{3} tokens; 1,\d{3} are left of the 2,048 /).waitFor()
    await question().fill('What is it about?')
    await question().press('Enter')
    await page.getByRole('button', { name: 'Remove book.txt' }).click()
    expect(await question().inputValue()).toBe('What is it about?')
    expect(await page.locator('.question').count()).toBe(0)

    await attach(['note.txt', 'The captain of the ship is called Mara. '.repeat(8)])
    const chip = page.locator('.document.ready', { hasText: 'tokens' })
    await chip.waitFor()
    const tokens = Number(/(\d+) tokens/.exec(await chip.innerText())?.[1])
    await question().press('Enter')
    await page.locator('.answer .footer').first().waitFor()
    await question().fill('Who are you?')
    await question().press('Enter')
    await page.locator('.answer .footer').nth(1).waitFor()
    const facts = await page.locator('.facts').nth(1).innerText()
    expect(tokens).toBeGreaterThan(50)
    expect(Number(/(\d+) tokens reused/.exec(facts)?.[1])).toBeGreaterThanOrEqual(tokens)

    await page.getByRole('button', { name: 'note.txt' }).click()
    await page.getByRole('dialog', { name: 'note.txt' }).getByText('called Mara').waitFor()
    await expectNoViolations()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'note.txt' }).waitFor()
    await visitor.expectAccessible()
  })

  test('contacted only its own host and logged no errors', () => visitor.expectCleanRun())
})
