// Answers: is something that was built older than what it is built from? It must not know how anything is built.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'

const alwaysUsed = ['shaders', 'src', 'tools', 'package-lock.json', 'tsconfig.json']

/** True when `built` is missing or older than any source; `more` names further files or folders, from the repository's root. */
export function isStale(built, more = []) {
  if (!existsSync(built)) return true
  const { mtimeMs } = statSync(built)
  return [...alwaysUsed, ...more].some((path) => newest(join(root, path)) > mtimeMs)
}

/** When the file, or the newest file or folder below it, last changed, in ms; a deleted file shows in its folder's time. */
function newest(path) {
  if (!existsSync(path)) return 0
  const { mtimeMs } = statSync(path)
  const below = statSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []
  return Math.max(mtimeMs, ...below.map((name) => statSync(join(path, name)).mtimeMs))
}
