// What programs find in Chromium: a page under the policy that their document shows, the package's files, the
// bundled model, and the document's service worker.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { PAGE_HEADERS, serveFolder } from '../../tools/serve.mjs'
import { launchChromium } from '../browser/chromium.ts'
import { type Block, ROOT } from './blocks.ts'
import { bundleAlone, bundleForPage } from './bundle.ts'
import { ofKind } from './kinds.ts'
import { PROGRAMS, type Program } from './programs.ts'

export const PAGE_PROGRAMS = PROGRAMS.filter(({ kind }) => kind === 'page' || kind === 'trusted-types')
export const HTML_PAGES = ofKind('html')

const BARE_PAGE = `<!doctype html><html lang="en"><title>a program</title>
<script src="/globals.js"></script></html>`
const GLOBALS = 'globalThis.show = globalThis.write = (...values) => console.debug(...values)'

export class PageWorld {
  readonly #folder: string
  readonly #browser: Browser

  private constructor(folder: string, browser: Browser) {
    this.#folder = folder
    this.#browser = browser
  }

  static async open(): Promise<PageWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'hadal-programs-'))
    const library = join(folder, 'node_modules', 'hadal', 'dist', 'lib')
    mkdirSync(library, { recursive: true })
    await bundleForPage(PAGE_PROGRAMS, library)
    cpSync(library, join(folder, 'lib'), { recursive: true })
    symlinkSync(join(ROOT, 'public', 'models'), join(folder, 'models'))
    writeFileSync(join(folder, 'index.html'), BARE_PAGE)
    writeFileSync(join(folder, 'globals.js'), GLOBALS)
    writeFileSync(join(folder, 'favicon.ico'), '') // browsers ask for it
    for (const [i, { code }] of HTML_PAGES.entries()) writeFileSync(join(folder, `page-${i}.html`), code)
    const [worker] = PROGRAMS.filter(({ kind }) => kind === 'service-worker')
    if (worker) await bundleAlone(worker, join(folder, 'service-worker.js'))
    return new PageWorld(folder, await launchChromium())
  }

  /** Runs a program to its end; returns what it logs. */
  run(program: Program): Promise<string> {
    const script = `/lib/program-${PAGE_PROGRAMS.indexOf(program)}.js`
    return this.#visit('', headersOf(program), (page) =>
      page.evaluate<void>(`import('${script}').then(({ run }) => run())`),
    )
  }

  /** Waits until a page has filled its <output>, and returns that. */
  async show(block: Block): Promise<string> {
    let shown = ''
    await this.#visit(`page-${HTML_PAGES.indexOf(block)}.html`, {}, async (page) => {
      await page.waitForFunction(() => /\w\.$/.test(document.querySelector('output')?.textContent ?? ''))
      shown = (await page.locator('output').textContent()) ?? ''
    })
    return shown
  }

  /** Opens a page in a profile of its own. Rejects if it reports errors. Returns what it logs. */
  async #visit(
    path: string,
    headers: Record<string, string>,
    work: (page: Page) => Promise<void>,
  ): Promise<string> {
    const site = await serveFolder(this.#folder, { headers })
    const context = await this.#browser.newContext()
    const logged: string[] = []
    const errors: string[] = []
    context.on('console', (message) => {
      if (message.type() === 'log') logged.push(message.text())
      const isProbe = message.location().url.includes('/models/') // for files that a folder may lack
      if (message.type() === 'error' && !isProbe) errors.push(message.text())
    })
    context.on('weberror', (error) => errors.push(error.error().message))
    try {
      const page = await context.newPage()
      page.setDefaultTimeout(0)
      await page.goto(site.url + path)
      await work(page)
    } finally {
      await context.close()
      await site.close()
    }
    if (errors.length > 0) throw new Error(errors.join('\n'))
    return logged.join('\n')
  }

  async close(): Promise<void> {
    await this.#browser.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The headers that the program's document shows for it; otherwise those of Hadal's own pages. */
function headersOf({ file, kind }: Program): Record<string, string> {
  const info = kind === 'page' ? '' : kind
  const blocks = ofKind('http').filter((block) => block.file === file && block.info === info)
  if (blocks.length === 0) return PAGE_HEADERS
  const lines = blocks.flatMap(({ code }) => code.split('\n'))
  return Object.fromEntries(lines.map((line) => line.split(/: (.*)/)))
}
