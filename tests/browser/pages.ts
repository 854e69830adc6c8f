// Builds, changes and serves the pages of `src/app` for browser tests.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAndServe, type PageHost, serveTemporary, temporaryFolder } from '../../tools/page-host.mjs'

export type { PageHost }

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Builds and serves the pages. */
export const serveApp = (): Promise<PageHost> => buildAndServe({ configFile: join(ROOT, 'vite.config.ts') })

/** Serves a copy of a host's folder, modified by `change`. */
export async function serveChanged(host: PageHost, change: (folder: string) => void): Promise<PageHost> {
  const folder = temporaryFolder()
  cpSync(host.folder, folder, { recursive: true })
  change(folder)
  return serveTemporary(folder)
}
