// Tells whether a build is older than its sources.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'

const COMMON_SOURCES = ['shaders', 'src', 'tools', 'package-lock.json', 'tsconfig.json']

/** True if `built` is missing or older than a source. `more`: paths of further sources in the repository. */
export function isStale(built, more = []) {
  if (!existsSync(built)) return true
  const { mtimeMs } = statSync(built)
  return [...COMMON_SOURCES, ...more].some((path) => newest(join(root, path)) > mtimeMs)
}

/** Last change of a file or of anything in a folder, in ms. A deleted file changes its folder's time. */
function newest(path) {
  if (!existsSync(path)) return 0
  const { mtimeMs } = statSync(path)
  const below = statSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []
  return Math.max(mtimeMs, ...below.map((name) => statSync(join(path, name)).mtimeMs))
}
