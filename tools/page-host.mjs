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
 * Builds and serves as `npm start` does.
 * @param {import('vite').InlineConfig} config
 * @returns {Promise<PageHost>}
 */
export async function buildAndServe(config) {
  const folder = temporaryFolder()
  await build({ logLevel: 'warn', ...config, build: { ...config.build, outDir: folder, emptyOutDir: true } })
  return serveTemporary(folder)
}

/**
 * Builds and serves a page with only the library and the files of `publicDir`.
 * @param {string} publicDir
 */
export const serveBarePage = (publicDir) =>
  buildAndServe({
    configFile: false,
    root: join(root, 'tests', 'browser', 'library'),
    publicDir,
    plugins: [shaderPlugin()],
    worker: { format: 'es', plugins: () => [shaderPlugin()] },
    build: { target: 'es2023' },
  })

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
