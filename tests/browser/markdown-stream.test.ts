// Tests that a long answer is drawn piece by piece with little work for each, without jumps, in Chromium.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RECORDED_ANSWER, RECORDED_PIECES } from '../fixtures/app/recorded-stream.ts'
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
    // The most are the cells of a table's head, and the colours of some lines.
    expect(done.most).toBeLessThanOrEqual(200)
    expect(done.sum).toBeLessThanOrEqual(RECORDED_PIECES.length * 4)
    expect(done.shrunk).toBeLessThanOrEqual(done.lineHeight)
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
