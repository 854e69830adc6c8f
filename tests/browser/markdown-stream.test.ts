// Tests that a long answer is drawn piece by piece with little work for each, without jumps, in Chromium.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RECORDED_ANSWER, RECORDED_PIECES } from '../fixtures/app/recorded-stream.ts'
import { loadAxe, seriousViolations } from './axe.ts'
import { describeInChromium } from './chromium.ts'
import { type MarkdownPage, type MarkdownScope, openMarkdownPage } from './markdown/page.ts'

interface Streamed {
  /** Most nodes added, removed or rewritten by one piece. */
  readonly most: number
  /** All of them. */
  readonly sum: number
  /** The most that the page got lower at one piece, in pixels, and after which piece. */
  readonly shrunk: number
  readonly shrunkAt: number
  readonly lineHeight: number
}

/** Shows the pieces one after the other; runs in the page. */
async function stream(pieces: readonly string[]): Promise<Streamed> {
  const { showMarkdown } = globalThis as unknown as MarkdownScope
  const root = document.querySelector('main') as HTMLElement
  let changed = 0
  const observer = new MutationObserver((records) => {
    changed += records
      .flatMap(({ addedNodes, removedNodes }) => [...addedNodes, ...removedNodes])
      .reduce((sum, node) => sum + nodesIn(node), records.length)
  })
  observer.observe(root, { subtree: true, childList: true, characterData: true })
  const { port1, port2 } = new MessageChannel()
  const nodesIn = (node: Node): number =>
    1 + [...node.childNodes].reduce((sum, child) => sum + nodesIn(child), 0)
  let [text, most, sum, shrunk, shrunkAt, height] = ['', 0, 0, 0, 0, 0]
  for (const [index, piece] of pieces.entries()) {
    text += piece
    showMarkdown(text, false)
    await new Promise((resolve) => {
      port1.onmessage = resolve
      port2.postMessage(0)
    })
    most = Math.max(most, changed)
    sum += changed
    changed = 0
    const now = root.scrollHeight
    if (height - now > shrunk) [shrunk, shrunkAt] = [height - now, index]
    height = now
  }
  return { most, sum, shrunk, shrunkAt, lineHeight: Number.parseFloat(getComputedStyle(root).lineHeight) }
}

describeInChromium('a recorded answer', () => {
  let opened: MarkdownPage
  beforeAll(async () => {
    opened = await openMarkdownPage()
  })
  afterAll(() => opened?.close())

  it('is drawn with bounded work for each piece, and never jumps', async () => {
    const done = await opened.page.evaluate(stream, RECORDED_PIECES)
    expect(RECORDED_PIECES.length).toBeGreaterThanOrEqual(8000)
    expect(RECORDED_PIECES.join('')).toBe(RECORDED_ANSWER)
    // The most are the colours of some lines, of more than one block if frames are slower than pieces.
    expect(done.most).toBeLessThanOrEqual(600)
    expect(done.sum).toBeLessThanOrEqual(RECORDED_PIECES.length * 4)
    expect(done.shrunk).toBeLessThanOrEqual(done.lineHeight)
  })

  it('has colours that move nothing, and unfolds long code by keyboard', async () => {
    const { page } = opened
    const code = `${'const dive = (name: string) => Promise.resolve("deep") // metres\n'.repeat(39)}end`
    const show = (complete: boolean) =>
      page.evaluate(
        ([text, complete]) => (globalThis as unknown as MarkdownScope).showMarkdown(text, complete, 1),
        [`\`\`\`ts\n${code}`, complete] as const,
      )
    const size = () => page.evaluate(() => document.querySelector('pre')?.getBoundingClientRect().height)
    await show(false)
    const plain = await size()
    await show(true)
    await page.locator('.hl-comment').first().waitFor()
    expect(await size()).toBe(plain)
    const fold = page.getByRole('button', { name: 'Show all 40 lines' })
    await fold.press('Enter')
    await page.waitForFunction(() => document.querySelectorAll('.hl-comment').length === 39)
    expect(await size()).toBe(plain)
    expect(await page.locator('pre').textContent()).toBe(code)
    expect(await page.getByRole('button', { name: 'Show fewer lines' }).getAttribute('aria-expanded')).toBe(
      'true',
    )
    const footnote = 'Deep[^1].\n\n[^1]: Measured.'
    await page.evaluate(
      (text) => (globalThis as unknown as MarkdownScope).showMarkdown(text, true, 2),
      footnote,
    )
    const address = page.url()
    await page.getByRole('link', { name: 'Footnote 1', exact: true }).press('Enter')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Measured.')
    await page.getByRole('link', { name: 'Back to the text at footnote 1' }).press('Enter')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('1')
    expect(page.url()).toBe(address)
  })

  it('has no serious accessibility violations in either colour scheme', async () => {
    const { page } = opened
    const text = `${RECORDED_ANSWER.slice(0, 2600)}\n\n\`\`\`diff\n- old\n+ new\n\`\`\`\n`
    await page.evaluate((text) => (globalThis as unknown as MarkdownScope).showMarkdown(text, true, 3), text)
    await page.locator('.hl-removed').waitFor()
    await page.waitForFunction(() => !document.querySelector('.math.pending'))
    await loadAxe(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await seriousViolations(page)).toEqual([])
    }
  })

  it('leaves nothing behind when another answer takes its place', async () => {
    const { page } = opened
    const session = await page.context().newCDPSession(page)
    const nodes = async () => {
      await session.send('HeapProfiler.collectGarbage')
      return (await session.send('Memory.getDOMCounters')).nodes
    }
    const show = (from: number, to: number) =>
      page.evaluate(
        async ([text, from, to]) => {
          const { showMarkdown } = globalThis as unknown as MarkdownScope
          for (let key = from; key < to; key++) {
            showMarkdown(`${text}\n\nAnswer ${key}: $x_{${key}}$`, true, key)
            await new Promise(requestAnimationFrame)
          }
        },
        [RECORDED_ANSWER.slice(0, 3000), from, to] as const,
      )
    const settled = () => page.waitForFunction(() => !document.querySelector('.math.pending'))
    await show(1, 20)
    await settled()
    const before = await nodes()
    await show(20, 220)
    await settled()
    expect(await nodes()).toBeLessThan(before * 1.5)
  })
})
