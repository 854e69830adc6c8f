// Opens a page with only the Markdown view, under the policy of the real pages.
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { buildPages, serveTemporary, temporaryFolder } from '../../../tools/page-host.mjs'
import { contentSecurityPolicy } from '../../../tools/page-plugins.mjs'
import { launchChromium } from '../chromium.ts'
import { ROOT } from '../pages.ts'

export interface MarkdownPage {
  readonly page: Page
  readonly browser: Browser
  readonly url: string
  close(): Promise<void>
}

export interface MarkdownScope {
  showMarkdown(text: string, complete: boolean, key?: number): void
}

export async function openMarkdownPage(): Promise<MarkdownPage> {
  const folder = temporaryFolder()
  await buildPages(
    {
      configFile: false,
      root: join(ROOT, 'tests/browser/markdown'),
      base: './',
      publicDir: false,
      plugins: [contentSecurityPolicy()],
      worker: { format: 'es' },
      build: { target: 'es2023', modulePreload: { polyfill: false } },
    },
    folder,
  )
  const host = await serveTemporary(folder)
  const browser = await launchChromium()
  const page = await browser.newPage()
  await page.goto(host.url)
  await page.waitForFunction(() => 'showMarkdown' in globalThis)
  return {
    page,
    browser,
    url: host.url,
    async close() {
      await browser.close()
      await host.close()
    },
  }
}
