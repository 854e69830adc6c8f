// Builds pages with Vite into temporary folders and serves them, for tests and measurements.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './bootstrap.mjs'
import { serveFolder } from './serve.mjs'
import { shaderPlugin } from './shader-plugin.mjs'

/** @typedef {{ url: string, folder: string, close: () => Promise<void> }} PageHost */

/**
 * Builds into a folder, which is emptied before.
 * @param {import('vite').InlineConfig} config
 * @param {string} folder
 */
export const buildPages = (config, folder) =>
  build({ logLevel: 'warn', ...config, build: { ...config.build, outDir: folder, emptyOutDir: true } })

/**
 * A page with only the library and the files of `publicDir`.
 * @param {string | false} publicDir
 * @returns {import('vite').InlineConfig}
 */
export const barePage = (publicDir) => ({
  configFile: false,
  root: join(root, 'tests', 'browser', 'library'),
  publicDir,
  plugins: [shaderPlugin()],
  worker: { format: 'es', plugins: () => [shaderPlugin()] },
  build: { target: 'es2023' },
})

/**
 * Builds and serves a page with only the library and the files of `publicDir`.
 * @param {string} publicDir
 */
export async function serveBarePage(publicDir) {
  const folder = temporaryFolder()
  await buildPages(barePage(publicDir), folder)
  return serveTemporary(folder)
}

export const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'hadal-page-'))

/**
 * Serves a folder that is deleted when the host closes.
 * @param {string} folder
 * @returns {Promise<PageHost>}
 */
export async function serveTemporary(folder) {
  const server = await serveFolder(folder)
  const close = async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: server.url, folder, close }
}
