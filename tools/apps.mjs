// Makes applications that use the packed package, and asks the model in each in Chromium.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { fail, onPath, root } from './bootstrap.mjs'
import { serveFolder } from './serve.mjs'

const LANTERNFISH = join(root, 'public', 'models', 'lanternfish')
const TARBALL = 'hadal.tgz'
const npm = onPath('npm') ?? 'npm'

/** How Chromium is started; the path is the caller's. */
export const BROWSER_ARGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
]

/**
 * Where applications are made.
 * @typedef {object} Workshop
 * @property {string} home folder of the applications
 * @property {string} tarball the packed package
 * @property {import('playwright').Browser | undefined} browser
 * @property {number} [limitMs] how long an answer may take
 * @property {boolean} isOffline uses the bundlers of this repository and installs only the package
 */

/** Packs the package into a folder. Returns the tarball's path. */
export function pack(folder) {
  run(npm, ['pack', '--pack-destination', folder], root)
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? fail('npm packed nothing'))
}

/**
 * Makes and runs an application.
 * @param {import('../tests/apps/environment').Environment} environment
 * @param {Workshop} workshop
 * @returns {Promise<string>} what it answers; empty if it has no page and its commands succeed
 */
export async function tryApp(environment, workshop) {
  const app = makeApp(environment, workshop)
  const bin = join(workshop.isOffline ? root : app, 'node_modules', '.bin')
  for (const [command, ...args] of environment.build ?? [])
    run(command === 'node' ? process.execPath : join(bin, command), args, app)
  try {
    return environment.hasNoPage ? '' : await askedOf(environment, app, { ...workshop, bin })
  } finally {
    rmSync(app, { recursive: true, force: true, maxRetries: 20 }) // a server may still be ending
  }
}

/**
 * What `tryApp` should answer.
 * @param {import('../tests/apps/environment').Environment} environment
 */
export function expectedText({ hasNoPage }) {
  if (hasNoPage) return ''
  const { items } = JSON.parse(readFileSync(join(LANTERNFISH, 'golden.json'), 'utf8'))
  const { completion_text: text } = items.find(({ messages }) => messages.at(-1)?.content === 'Who are you?')
  return text
    .replace(/<｜.*$/s, '')
    .split('</think>')
    .at(-1)
    .trim()
}

/**
 * The folder of a new application, with the package installed.
 * @param {import('../tests/apps/environment').Environment} environment
 * @param {Pick<Workshop, 'home' | 'tarball' | 'isOffline'>} workshop
 */
export function makeApp(environment, { home, tarball, isOffline }) {
  const { dependencies, description, files, publicFolder, folder = '.' } = environment
  const app = mkdtempSync(join(home, 'app-'))
  copyFileSync(tarball, join(app, TARBALL))
  const installed = { hadal: `file:./${TARBALL}`, ...(isOffline ? {} : dependencies) }
  const all = { private: true, type: 'module', dependencies: installed, ...description }
  for (const [path, text] of Object.entries({ ...files, 'package.json': JSON.stringify(all) })) {
    mkdirSync(dirname(join(app, path)), { recursive: true })
    writeFileSync(join(app, path), text)
  }
  const options = ['--no-audit', '--no-fund', '--loglevel=error']
  run(npm, ['install', ...options, ...(isOffline ? ['--offline'] : [])], app)
  if (isOffline) for (const name of Object.keys(dependencies ?? {})) linkPackage(name, app)
  if (!environment.hasNoPage)
    cpSync(LANTERNFISH, join(app, publicFolder ?? folder, 'models', 'lanternfish'), { recursive: true })
  return app
}

/** Gives an application a package of this repository, with all that it needs. */
function linkPackage(name, app) {
  const link = join(app, 'node_modules', name)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), link)
}

/** Runs a command to its end. Throws what it prints if it fails. */
export function run(command, args, cwd) {
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), CI: '1' }
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? ''}${stdout}${stderr}`)
}

async function askedOf(environment, app, { bin, browser, limitMs = 0 }) {
  const site = await serve(environment, app, bin)
  try {
    return await askedAt(site.url, environment, { browser, limitMs })
  } finally {
    await site.close()
  }
}

async function serve({ serve: command, folder = '.', headers = {} }, app, bin) {
  if (!command) return serveFolder(join(app, folder), { headers })
  const port = String(await freePort())
  const [name, ...args] = command(port)
  const child = spawn(join(bin, name), args, { cwd: app, stdio: 'ignore', detached: true })
  const url = `http://127.0.0.1:${port}/`
  await answering(url)
  const close = async () => {
    process.kill(-child.pid)
    await once(child, 'exit')
  }
  return { url, close }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function answering(url) {
  for (let tries = 0; tries < 600; tries++) {
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`nothing answers at ${url}`)
}

const shownOutput = (page) => page.locator('output').textContent()

/** What the application answers; errors of the page if it answers nothing. */
async function askedAt(url, { path = '', use = shownOutput }, { browser, limitMs }) {
  const page = await browser.newPage()
  page.setDefaultTimeout(limitMs)
  const errors = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  try {
    await page.goto(url + path)
    return await use(page)
  } catch (error) {
    return errors.join('; ') || error.message
  } finally {
    await page.close()
  }
}
