// Answers: is what the tools need on this machine, and how does it get there? Dependencies from the lockfile, a Chromium,
// software adapters. Plain Node without imports from node_modules, since it runs before those exist.
// It must not know what is done with them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const oldestNode = 20
const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const macChrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const lavapipeFiles = ['lvp_icd.json', 'lvp_icd.x86_64.json', 'lvp_icd.aarch64.json']

/** Stops the program with one line on stderr. */
export function fail(message) {
  process.stderr.write(`hadal: ${message}\n`)
  process.exit(1)
}

function say(message) {
  process.stderr.write(`hadal: ${message}\n`)
}

/** Installs what package-lock.json lists if it is not there already. Says so in one line, on stderr, only when it does. */
export function ensureDependencies() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < oldestNode) {
    fail(`needs Node ${oldestNode} or newer, this is ${process.version}. Get one from https://nodejs.org`)
  }
  if (dependenciesPresent()) return
  say('installing dependencies from package-lock.json (once)')
  // stdout belongs to the command that follows.
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
  if (status !== 0)
    fail(
      'npm ci did not succeed: see its message above. The first start needs the network, later ones do not.',
    )
}

/** True when every package of the lockfile is installed in its version; compares two files, asks nobody. */
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

/** npm as it was started, or the one on PATH (a .cmd file on Windows, which needs a shell). */
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

/** An installed Chromium: CHROMIUM_PATH, then PATH, then Playwright's own. Undefined when there is none. */
export async function findChromium() {
  const chosen = process.env.CHROMIUM_PATH
  if (chosen) {
    if (!existsSync(chosen)) fail(`CHROMIUM_PATH is ${chosen}, which does not exist`)
    return chosen
  }
  const { chromium } = await import('playwright')
  return onPath(...chromiumNames) ?? [macChrome, chromium.executablePath()].find((path) => existsSync(path))
}

/** A Chromium, installed if there was none: by apt on Debian as root, otherwise by Playwright. Undefined when neither works. */
export async function ensureChromium() {
  const found = await findChromium()
  if (found) return found
  if (installChromiumByApt() || installChromiumByPlaywright()) return findChromium()
  say('no Chromium was found and none could be installed: install one and set CHROMIUM_PATH to it')
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

/** Mesa's software Vulkan driver as a path for VK_DRIVER_FILES, or undefined. */
export function findLavapipe() {
  return lavapipeFiles.map((name) => join('/usr/share/vulkan/icd.d', name)).find((path) => existsSync(path))
}

/** The SwiftShader that came with a Chromium, as a path for VK_DRIVER_FILES, or undefined. */
export function findSwiftShader(chromium) {
  if (!chromium) return undefined
  const beside = dirname(realpathSync(chromium))
  const folders = [beside, '/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']
  return folders.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find((path) => existsSync(path))
}

/** The folder of the Vulkan loader that Chromium brings along, for machines that have no loader of their own; else undefined. */
export function borrowedVulkanLoader(swiftShader) {
  if (process.platform !== 'linux' || !swiftShader) return undefined
  const known = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? ''
  const folder = dirname(swiftShader)
  return !known.includes('libvulkan.so.1') && existsSync(join(folder, 'libvulkan.so.1')) ? folder : undefined
}
