// Answers: how does someone see the page? `npm start`: what is missing is installed, the page is built if it changed, served on this
// machine, and opened in a browser. It must not know what the page does.
import { spawn } from 'node:child_process'
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
console.log(`\n  Hadal is at ${server.url}\n  Ctrl+C ends it.\n`)
openBrowser(server.url)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close().then(() => process.exit(0)))
}

/** Opens the address where there is a desktop to open it on; BROWSER=none says no. */
function openBrowser(url) {
  const { BROWSER, CI, DISPLAY, WAYLAND_DISPLAY } = process.env
  if (BROWSER === 'none' || CI) return
  const [command, ...args] = browserCommand(url, Boolean(DISPLAY || WAYLAND_DISPLAY))
  if (!command) return
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => console.log('  No browser could be opened; please open the address yourself.'))
  child.unref()
}

function browserCommand(url, display) {
  if (process.platform === 'darwin') return ['open', url]
  if (process.platform === 'win32') return ['cmd', '/c', 'start', '', url]
  return display && onPath('xdg-open') ? ['xdg-open', url] : []
}
