// Answers: who visits the built pages in tests, and what must hold of every page? One tab from the first click to the last: what it asks for, what goes
// wrong on the way, how it looks to axe. It must not know what a page is for.
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { expect } from 'vitest'
import { readAxe, serious } from './axe.ts'
import { buildAndServe, type Host, launch, root } from './chromium.ts'

const looks = [
  [1280, 'dark'],
  [1280, 'light'],
  [390, 'dark'],
  [390, 'light'],
] as const

/** A software GPU takes its time for what a click starts. */
const slowMs = 500_000

export class Visitor {
  readonly host: Host
  readonly context: BrowserContext
  readonly page: Page
  readonly requests: string[] = []
  readonly #complaints: string[] = []

  private constructor(host: Host, context: BrowserContext, page: Page) {
    this.host = host
    this.context = context
    this.page = page
    context.on('request', (request) => this.requests.push(request.url()))
    context.on('console', (message) => message.type() === 'error' && this.#complaints.push(message.text()))
    page.on('pageerror', (error) => this.#complaints.push(error.message))
    page.setDefaultTimeout(slowMs)
  }

  /** Builds the pages, and opens an empty tab. */
  static async arrive(): Promise<Visitor> {
    const host = await buildAndServe({ configFile: join(root, 'vite.config.ts') })
    const browser = await launch()
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    return new Visitor(host, context, await context.newPage())
  }

  async leave(): Promise<void> {
    await this.context.browser()?.close()
    await this.host.close()
  }

  /** The page as it is now has nothing serious for axe and nothing to scroll sideways, wide and narrow, light and dark. */
  async seesAllLooks(): Promise<void> {
    const { page } = this
    await readAxe(page)
    for (const [width, colorScheme] of looks) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await serious(page)).toEqual([])
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
    }
  }

  /** Nobody but the pages' own host was asked, and nothing went wrong on the way. */
  hasNothingToTell(): void {
    const own = [this.host.url, `blob:${this.host.url}`]
    expect(this.requests.filter((url) => !own.some((start) => url.startsWith(start)))).toEqual([])
    expect(this.#complaints).toEqual([])
  }
}
