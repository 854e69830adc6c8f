// Builds, changes and serves pages for browser tests. Files of tests share what they build alike.
import { cpSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { InlineConfig } from 'vite'
import { inject } from 'vitest'
import {
  barePage,
  buildPages,
  type PageHost,
  serveTemporary,
  temporaryFolder,
} from '../../tools/page-host.mjs'

export type { PageHost }

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const POLL_MS = 50

/** Serves the pages of `src/app`. */
export const serveApp = (): Promise<PageHost> =>
  serveBuilt('app', { configFile: join(ROOT, 'vite.config.ts') })

/** Serves a page with only the library and the files of `publicDir`. */
export async function serveBarePage(publicDir: string): Promise<PageHost> {
  const host = await serveBuilt('bare', barePage(false))
  cpSync(publicDir, host.folder, { recursive: true })
  return host
}

/** Serves a copy of a host's folder, modified by `change`. */
export async function serveChanged(host: PageHost, change: (folder: string) => void): Promise<PageHost> {
  const folder = temporaryFolder()
  cpSync(host.folder, folder, { recursive: true })
  change(folder)
  return serveTemporary(folder)
}

/** Serves a copy of a build, which tests may change. */
async function serveBuilt(name: string, config: InlineConfig): Promise<PageHost> {
  const folder = temporaryFolder()
  cpSync(await builtOnce(name, (folder) => buildPages(config, folder)), folder, { recursive: true })
  return serveTemporary(folder)
}

/** The folder that `build` has filled, in this or in another process of the same run. */
async function builtOnce(name: string, build: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(inject('builds'), name)
  const [done, lock] = [`${folder}.done`, `${folder}.lock`]
  while (!existsSync(done)) {
    if (!tryToMake(lock)) await sleep(POLL_MS)
    else
      try {
        if (existsSync(done)) break
        await build(folder)
        writeFileSync(done, '')
      } finally {
        rmdirSync(lock)
      }
  }
  return folder
}

/** Makes a folder; false if it exists. Only one process succeeds. */
function tryToMake(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
