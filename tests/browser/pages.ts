// Builds and serves pages for browser tests.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type InlineConfig } from 'vite'
import { serveFolder } from '../../tools/serve.mjs'
import { shaderPlugin } from '../../tools/shader-plugin.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

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

/** Builds and serves the pages of `src/app`. */
export const serveApp = (): Promise<PageHost> => buildAndServe({ configFile: join(ROOT, 'vite.config.ts') })

/** Builds and serves a page with only the library and the files of `publicDir`. */
export const serveBarePage = (publicDir: string): Promise<PageHost> =>
  buildAndServe({
    configFile: false,
    root: join(ROOT, 'tests', 'browser', 'library'),
    publicDir,
    plugins: [shaderPlugin()],
    worker: { format: 'es', plugins: () => [shaderPlugin()] },
    build: { target: 'es2023' },
  })

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
