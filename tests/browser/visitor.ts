// One browser tab on the built pages, with checks that hold for every page: accessibility, no foreign
// requests, no errors.
import type { BrowserContext, Page } from 'playwright'
import { expect } from 'vitest'
import { loadAxe, seriousViolations } from './axe.ts'
import { launchChromium } from './chromium.ts'
import { type PageHost, serveApp } from './pages.ts'

/** Viewport widths and colour schemes. */
const LOOKS = [
  [1280, 'dark'],
  [1280, 'light'],
  [390, 'dark'],
  [390, 'light'],
] as const

/**
 * For tests that need no model, since loading one takes a software GPU seconds: the first worker of each
 * document that the tab opens, in which it loads a model, never answers.
 * @returns ends that for the documents after
 */
export async function holdModels(tab: Page): Promise<() => Promise<void>> {
  const held = await tab.addInitScript(() => {
    const { Worker } = globalThis
    class SilentWorker extends EventTarget {
      postMessage() {}
      terminate() {}
    }
    globalThis.Worker = new Proxy(Worker, {
      construct(_, [url, options]: [string | URL, WorkerOptions?]) {
        // Those that typeset answers and read PDFs load no model, and may come first.
        if (options?.name === 'typeset' || options?.name === 'pdf') return new Worker(url, options)
        globalThis.Worker = Worker
        return new SilentWorker()
      },
    })
  })
  return () => held.dispose()
}

/** A software GPU is slow. */
const SLOW_MS = 500_000

export class Visitor {
  readonly host: PageHost
  readonly context: BrowserContext
  readonly page: Page
  readonly requests: string[] = []
  readonly #errors: string[] = []

  private constructor(host: PageHost, context: BrowserContext, page: Page) {
    this.host = host
    this.context = context
    this.page = page
    context.on('request', (request) => this.requests.push(request.url()))
    context.on('console', (message) => message.type() === 'error' && this.#errors.push(message.text()))
    page.on('pageerror', (error) => this.#errors.push(error.message))
    page.setDefaultTimeout(SLOW_MS)
  }

  /** Builds the pages and opens an empty tab. */
  static async open(): Promise<Visitor> {
    const host = await serveApp()
    const browser = await launchChromium()
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    return new Visitor(host, context, await context.newPage())
  }

  async close(): Promise<void> {
    await this.context.browser()?.close()
    await this.host.close()
  }

  /** Expects no serious axe violations and no horizontal scrolling, at all widths and colour schemes. */
  async expectAccessible(): Promise<void> {
    const { page } = this
    await loadAxe(page)
    for (const [width, colorScheme] of LOOKS) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await seriousViolations(page)).toEqual([])
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
    }
  }

  /** Expects no requests to other hosts and no errors in the console. */
  expectCleanRun(): void {
    expectCleanRun(this.host, this.requests, this.#errors)
  }
}

/** Runs in the page: presses a button as soon as there is one. */
export const pressWhenShown = (selector: string) =>
  new Promise<void>((resolve) => {
    const observer = new MutationObserver(() => {
      const button = document.querySelector<HTMLButtonElement>(selector)
      if (!button) return
      observer.disconnect()
      button.click()
      resolve()
    })
    observer.observe(document.body, { childList: true, subtree: true, attributes: true })
  })

/** Expects that all requests (URLs) went to the host, and no errors. */
export function expectCleanRun(
  { url: host }: PageHost,
  requests: readonly string[],
  errors: readonly string[],
): void {
  const own = [host, `blob:${host}`, 'data:']
  expect(requests.length).toBeGreaterThan(0)
  expect(requests.filter((url) => !own.some((start) => url.startsWith(start)))).toEqual([])
  expect(errors).toEqual([])
}
