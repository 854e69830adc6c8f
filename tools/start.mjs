// `npm start`: installs what is missing, builds the page if it changed, serves it on this machine, and opens
// it in a browser. The documentation follows, built beside that.
import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { ensureDependencies, onPath, root } from './bootstrap.mjs'
import { isStale } from './fresh.mjs'
import { serveFolder } from './serve.mjs'

ensureDependencies()

const page = join(root, 'dist', 'app')
if (isStale(join(page, 'index.html'), ['public', 'vite.config.ts'])) {
  console.log('Building the page …')
  const { buildApp } = await import('./build.mjs')
  await buildApp()
}
const server = await serveFolder(page, { port: Number(process.env.PORT || 4173) })
console.log(`\n  Hadal is at ${server.url}\n  Press Ctrl+C to stop.\n`)
openBrowser(server.url)
if (isStale(join(page, 'docs', 'index.html'), ['docs', 'README.md', 'PERFORMANCE.md'])) buildDocs()

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close().then(() => process.exit(0)))
}

/** Builds the documentation in a process that gives way to the page's model. */
function buildDocs() {
  const child = spawn(process.execPath, [join(root, 'tools', 'docs.mjs')], { stdio: ['ignore', 'ignore', 2] })
  setPriority(child.pid, constants.priority.PRIORITY_LOW)
}

/** Opens the address in a browser if there is a desktop. BROWSER=none prevents it. */
function openBrowser(url) {
  const { BROWSER, CI, DISPLAY, WAYLAND_DISPLAY } = process.env
  if (BROWSER === 'none' || CI) return
  const [command, ...args] = browserCommand(url, Boolean(DISPLAY || WAYLAND_DISPLAY))
  if (!command) return
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => console.log('  Could not open a browser. Please open the address yourself.'))
  child.unref()
}

function browserCommand(url, display) {
  if (process.platform === 'darwin') return ['open', url]
  if (process.platform === 'win32') return ['cmd', '/c', 'start', '', url]
  return display && onPath('xdg-open') ? ['xdg-open', url] : []
}
