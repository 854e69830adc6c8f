// Answers: how do tests get a browser with WebGPU, and the built page on a host? It must not know what is tested.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright'
import { build, type InlineConfig } from 'vite'
import { describe } from 'vitest'
import { serveFolder } from '../../tools/serve.mjs'
import { shaderPlugin } from '../../tools/shader-plugin.mjs'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const executablePath = process.env.HADAL_CHROMIUM || '/usr/bin/chromium'

/** `describe`, skipped where there is no Chromium; where adapters are required, its absence fails. */
export const describeInChromium = describe.skipIf(
  !existsSync(executablePath) && !process.env.HADAL_REQUIRE_ADAPTERS,
)

/** Without a screen, and without anything of its own to fetch. */
export const quietly = [
  '--headless=new',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** Chromium with WebGPU on the processor. */
export function launch(): Promise<Browser> {
  const webgpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']
  return chromium.launch({ executablePath, args: [...quietly, ...webgpu] })
}

export interface Host {
  readonly url: string
  readonly folder: string
  close(): Promise<void>
}

/** Builds with Vite into a folder of its own and serves it as `npm start` does. */
export async function buildAndServe(config: InlineConfig): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'hadal-page-'))
  await build({ logLevel: 'warn', ...config, build: { ...config.build, outDir: folder, emptyOutDir: true } })
  return serve(folder)
}

/** A page that has nothing but the library on it, beside the files of `publicDir`, open in a browser of its own. */
export async function openBarePage(publicDir: string): Promise<{ page: Page; close(): Promise<void> }> {
  const host = await buildAndServe({
    configFile: false,
    root: join(root, 'tests', 'browser', 'library'),
    publicDir,
    plugins: [shaderPlugin()],
    worker: { format: 'es', plugins: () => [shaderPlugin()] },
    build: { target: 'es2023' },
  })
  const browser = await launch()
  const close = async () => {
    await browser.close()
    await host.close()
  }
  const page = await browser.newPage()
  await page.goto(host.url)
  return { page, close }
}

/** Serves a copy of a host's folder after `change` was made to it. */
export async function serveChanged(host: Host, change: (folder: string) => void): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'hadal-page-'))
  cpSync(host.folder, folder, { recursive: true })
  change(folder)
  return serve(folder)
}

async function serve(folder: string): Promise<Host> {
  const server = await serveFolder(folder)
  const close = async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: server.url, folder, close }
}
