// Tests of the built documentation site: complete, without dead links, accessible, under the pages' policy.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildDocs } from '../../tools/docs.mjs'
import { DOCUMENTS } from '../../tools/docs-pages.mjs'
import { serveFolder } from '../../tools/serve.mjs'
import { loadAxe, seriousViolations } from '../browser/axe.ts'
import { describeInChromium, launchChromium } from '../browser/chromium.ts'
import { expectCleanRun } from '../browser/visitor.ts'
import { ROOT } from './blocks.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'hadal-site-'))
/** Read by axe: each kind of page. */
const KINDS_OF_PAGES = [
  'guides/load.html',
  'documents/quantization.html',
  'modules/hadal_react.html',
  'interfaces/hadal.ChatCompletions.html',
]

beforeAll(() => buildDocs(FOLDER))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

const filesOf = (ending: string) =>
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith(ending))
const read = (path: string) => readFileSync(join(FOLDER, path), 'utf8')

describe('the site', () => {
  it('has every guide, and every entry', () => {
    const guides = readdirSync(join(ROOT, 'docs', 'guides'))
    expect(DOCUMENTS.filter((path) => path.startsWith('docs/guides/')).sort()).toEqual(
      guides.map((name) => `docs/guides/${name}`).sort(),
    )
    const pages = guides.map((name) => `guides/${name.replace('.md', '.html')}`)
    expect(filesOf('.html')).toEqual(expect.arrayContaining(pages))
    const entries = ['hadal', 'hadal_core', 'hadal_openai', 'hadal_ai-sdk', 'hadal_react']
    expect(
      filesOf('.html')
        .filter((path) => path.startsWith('modules/'))
        .sort(),
    ).toEqual(entries.map((name) => `modules/${name}.html`).sort())
  })

  it('has no dead links', () => {
    const ids = new Map(filesOf('.html').map((path) => [path, new Set(idsOf(read(path)))]))
    const dead = [...ids.keys()].flatMap((path) =>
      linksOf(read(path)).flatMap((link) => {
        const [target = '', id] = link.split('#')
        const file = target === '' ? path : posix.join(posix.dirname(path), target.replace(/\?.*/, ''))
        if (file === '../') return [] // the chat page
        const isThere = ids.get(file)?.has(decodeURIComponent(id ?? '')) ?? existsSync(join(FOLDER, file))
        return isThere || (id === undefined && existsSync(join(FOLDER, file))) ? [] : [`${path}: ${link}`]
      }),
    )
    expect(dead).toEqual([])
  })

  it('names no folder of the machine that built it, and no host that its text does not', () => {
    const pages = filesOf('.html').map(read)
    const folders = [ROOT, homedir(), tmpdir()].filter((path) => path.length > 1)
    expect(pages.filter((page) => folders.some((folder) => page.includes(`${folder}/`)))).toEqual([])
    const hosts = pages.flatMap((page) => [...page.matchAll(/(?:href|src)="https?:\/\/([^/"]+)/g)])
    const known = ['developer.mozilla.org', 'huggingface.co', 'localhost:8000', 'v8.dev']
    expect(hosts.map(([, host = '']) => host).filter((host) => !known.includes(host))).toEqual([])
  })
})

const linksOf = (page: string) =>
  [...page.matchAll(/(?:href|src)="([^"]*)"/g)]
    .map(([, link = '']) => link.replaceAll('&amp;', '&'))
    .filter((link) => !/^(https?|data):/.test(link))
const idsOf = (page: string) => ['', ...[...page.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id)]

describeInChromium('the site in Chromium', () => {
  let site: Awaited<ReturnType<typeof serveFolder>>
  let context: BrowserContext
  let page: Page
  const requests: string[] = []
  const errors: string[] = []

  beforeAll(async () => {
    site = await serveFolder(FOLDER)
    context = await (await launchChromium()).newContext()
    context.on('request', (request) => requests.push(request.url()))
    context.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    context.on('weberror', (error) => errors.push(error.error().message))
    page = await context.newPage()
  })
  afterAll(async () => {
    await context?.browser()?.close()
    await site?.close()
  })

  it.each(KINDS_OF_PAGES)('is accessible, and as wide as the screen: /%s', async (path) => {
    await page.goto(site.url + path)
    await page.locator('#tsd-search-trigger').waitFor()
    await loadAxe(page)
    for (const width of [1280, 390])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        expect(await seriousViolations(page), `${width} ${colorScheme}`).toEqual([])
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(overflow, `${width} ${colorScheme}`).toBeLessThanOrEqual(0)
      }
  })

  it('finds a guide by keyboard', async () => {
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.goto(site.url)
    await page.locator('#tsd-search-trigger').press('Enter')
    await page.keyboard.type('quantized')
    await page.locator('#tsd-search-results [role=option]').first().waitFor()
    await page.keyboard.press('ArrowDown')
    await Promise.all([page.waitForURL(/html/), page.keyboard.press('Enter')])
    expect(await page.locator('h1').textContent()).toMatch(/\w/)
  })

  it('asked no other host, and reported no errors', () => {
    expectCleanRun({ url: site.url, folder: FOLDER, close: site.close }, requests, errors)
  })
})
