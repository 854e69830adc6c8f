// An app that was installed without a bundler: the built library, an import map, and the bundled model.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { build } from 'rolldown'
import { libraryOptions } from '../../tools/build.mjs'
import { temporaryFolder } from '../../tools/page-host.mjs'
import { ROOT } from './pages.ts'

export const MODEL = '/models/lanternfish/'
/** A page that has the library as `hadal`. */
export const html = (library: string) => `<!doctype html><title>app</title>
<script type="importmap">{"imports":{"hadal":"${library}"}}</script>
<script type="module">globalThis.hadal = await import('hadal')</script>`

/** A folder as an app that was installed without a bundler has it. */
export async function installedApp(): Promise<string> {
  const folder = temporaryFolder()
  await build({
    ...libraryOptions,
    input: { index: 'src/index.ts', worker: 'src/worker/worker.ts' },
    output: { ...libraryOptions.output, dir: join(folder, 'lib') },
  })
  mkdirSync(join(folder, 'models'))
  cpSync(join(ROOT, 'public', 'models', 'lanternfish'), join(folder, MODEL), { recursive: true })
  writeFileSync(join(folder, 'index.html'), html('/lib/index.js'))
  return folder
}

export async function openApp(browser: Pick<Browser, 'newPage'>, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(url)
  await page.waitForFunction(() => 'hadal' in globalThis, undefined, { timeout: 0 })
  return page
}
