// Finds and installs what the tools need: npm packages from the lockfile, a Chromium, software adapters.
// Imports nothing from node_modules, because it runs before they exist.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root folder of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const MIN_NODE_VERSION = 20
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const LAVAPIPE_FILES = ['lvp_icd.json', 'lvp_icd.x86_64.json', 'lvp_icd.aarch64.json']

/** Prints one line to stderr and exits with 1. */
export function fail(message) {
  process.stderr.write(`hadal: ${message}\n`)
  process.exit(1)
}

function say(message) {
  process.stderr.write(`hadal: ${message}\n`)
}

/** Installs the packages of package-lock.json if needed, and says so in one line on stderr. */
export function ensureDependencies() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < MIN_NODE_VERSION) {
    fail(
      `needs Node ${MIN_NODE_VERSION} or newer, this is ${process.version}. Get it from https://nodejs.org`,
    )
  }
  if (dependenciesPresent()) return
  say('installing dependencies from package-lock.json (once)')
  // Stdout belongs to the command that runs next.
  const { command, options } = npmCommand([
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ])
  const { status } = spawnSync(command, options.args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: options.shell,
  })
  if (status !== 0) fail('npm ci failed: see its message above. Only the first start needs the network.')
}

/**
 * True if every package of the lockfile is installed in its version. Compares two files, without a network.
 */
export function dependenciesPresent(folder = root) {
  const wanted = readJson(join(folder, 'package-lock.json'))
  const installed = readJson(join(folder, 'node_modules', '.package-lock.json'))
  if (!wanted || !installed) return false
  return Object.entries(wanted.packages).every(
    ([path, { version, optional }]) =>
      path === '' || installed.packages[path]?.version === version || (optional && !installed.packages[path]),
  )
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** The npm that started this script, or the one on PATH (a .cmd file on Windows, which needs a shell). */
function npmCommand(args) {
  const script = process.env.npm_execpath
  if (script?.endsWith('.js'))
    return { command: process.execPath, options: { args: [script, ...args], shell: false } }
  return { command: 'npm', options: { args, shell: process.platform === 'win32' } }
}

/** The first of these programs on PATH, as an absolute path, or undefined. */
export function onPath(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

/** An installed Chromium: CHROMIUM_PATH, then PATH, then Playwright's own. Undefined if there is none. */
export async function findChromium() {
  const chosen = process.env.CHROMIUM_PATH
  if (chosen) {
    if (!existsSync(chosen)) fail(`CHROMIUM_PATH is ${chosen}, which does not exist`)
    return chosen
  }
  const { chromium } = await import('playwright')
  return onPath(...CHROMIUM_NAMES) ?? [MAC_CHROME, chromium.executablePath()].find((path) => existsSync(path))
}

/** Finds or installs a Chromium: with apt as root on Debian, else with Playwright. Undefined if both fail. */
export async function ensureChromium() {
  const found = await findChromium()
  if (found) return found
  if (installChromiumByApt() || installChromiumByPlaywright()) return findChromium()
  say('found no Chromium and could not install one: install it and set CHROMIUM_PATH')
  return undefined
}

function installChromiumByApt() {
  const debian = /^ID=debian$/m.test(readText('/etc/os-release'))
  if (!debian || process.getuid?.() !== 0 || !onPath('apt-get')) return false
  say('installing Chromium with apt-get (once)')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 2], env }).status === 0
  return apt('update') && apt('install', '-y', '--no-install-recommends', 'chromium', 'libvulkan1')
}

function installChromiumByPlaywright() {
  say('installing Chromium with Playwright (once)')
  const asRoot = process.getuid?.() === 0 && onPath('apt-get') ? ['--with-deps'] : []
  const script = join(root, 'node_modules', 'playwright', 'cli.js')
  const args = [script, 'install', ...asRoot, '--no-shell', 'chromium']
  return spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] }).status === 0
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** An installed Firefox: FIREFOX_PATH, then PATH. Undefined if there is none. */
export function findFirefox() {
  const chosen = process.env.FIREFOX_PATH
  if (chosen && !existsSync(chosen)) fail(`FIREFOX_PATH is ${chosen}, which does not exist`)
  return chosen || onPath('firefox-esr', 'firefox')
}

/** Where Debian puts the web servers that tests start. */
export const WEB_SERVERS = { nginx: '/usr/sbin/nginx', Apache: '/usr/sbin/apache2', Caddy: '/usr/bin/caddy' }

/** Mesa's software Vulkan driver as a path for VK_DRIVER_FILES, or undefined. */
export function findLavapipe() {
  return LAVAPIPE_FILES.map((name) => join('/usr/share/vulkan/icd.d', name)).find((path) => existsSync(path))
}

/** A Chromium's SwiftShader as a path for VK_DRIVER_FILES, or undefined. */
export function findSwiftShader(chromium) {
  if (!chromium) return undefined
  const beside = dirname(realpathSync(chromium))
  const folders = [beside, '/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']
  return folders.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find((path) => existsSync(path))
}

/** Folder of Chromium's Vulkan loader, if the machine has no loader of its own; else undefined. */
export function borrowedVulkanLoader(swiftShader) {
  if (process.platform !== 'linux' || !swiftShader) return undefined
  const known = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? ''
  const folder = dirname(swiftShader)
  return !known.includes('libvulkan.so.1') && existsSync(join(folder, 'libvulkan.so.1')) ? folder : undefined
}
