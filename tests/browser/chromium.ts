// Launches Chromium with WebGPU, and builds and serves pages for tests.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright'
import { build, type InlineConfig } from 'vite'
import { describe } from 'vitest'
import { serveFolder } from '../../tools/serve.mjs'
import { shaderPlugin } from '../../tools/shader-plugin.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const CHROMIUM_PATH = process.env.HADAL_CHROMIUM || '/usr/bin/chromium'

/** `describe`, skipped where there is no Chromium; where adapters are required, its absence fails. */
export const describeInChromium = describe.skipIf(
  !existsSync(CHROMIUM_PATH) && !process.env.HADAL_REQUIRE_ADAPTERS,
)

/** Headless, without background requests of the browser. */
export const HEADLESS_ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** Chromium with WebGPU on SwiftShader, a software adapter. */
export function launchChromium(): Promise<Browser> {
  const webgpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']
  return chromium.launch({ executablePath: CHROMIUM_PATH, args: [...HEADLESS_ARGS, ...webgpu] })
}

export interface PageHost {
  readonly url: string
  readonly folder: string
  close(): Promise<void>
}

/** Builds with Vite into a temporary folder and serves it as `npm start` does. */
export async function buildAndServe(config: InlineConfig): Promise<PageHost> {
  const folder = mkdtempSync(join(tmpdir(), 'hadal-page-'))
  await build({ logLevel: 'warn', ...config, build: { ...config.build, outDir: folder, emptyOutDir: true } })
  return serve(folder)
}

/** Opens a page with only the library and the files of `publicDir`, in its own browser. */
export async function openBarePage(publicDir: string): Promise<{ page: Page; close(): Promise<void> }> {
  const host = await buildAndServe({
    configFile: false,
    root: join(ROOT, 'tests', 'browser', 'library'),
    publicDir,
    plugins: [shaderPlugin()],
    worker: { format: 'es', plugins: () => [shaderPlugin()] },
    build: { target: 'es2023' },
  })
  const browser = await launchChromium()
  const close = async () => {
    await browser.close()
    await host.close()
  }
  const page = await browser.newPage()
  await page.goto(host.url)
  return { page, close }
}

/** Serves a copy of a host's folder, modified by `change`. */
export async function serveChanged(host: PageHost, change: (folder: string) => void): Promise<PageHost> {
  const folder = mkdtempSync(join(tmpdir(), 'hadal-page-'))
  cpSync(host.folder, folder, { recursive: true })
  change(folder)
  return serve(folder)
}

async function serve(folder: string): Promise<PageHost> {
  const server = await serveFolder(folder)
  const close = async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: server.url, folder, close }
}
