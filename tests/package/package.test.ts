// Tests of the packed package in a new Vite application: installed offline, type-checked strictly, built,
// served, and run in Chromium.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium, onPath } from '../../tools/bootstrap.mjs'
import { serveFolder } from '../../tools/serve.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
const LANTERNFISH = join(ROOT, 'public', 'models', 'lanternfish')
const APP_FOLDER = mkdtempSync(join(tmpdir(), 'hadal-app-'))
const PACKED = join(APP_FOLDER, 'node_modules', 'hadal')
const browserPath = await findChromium()

const HTML =
  '<!doctype html><title>app</title><output></output><script type="module" src="/main.js"></script>'
const SCRIPT = `
import { loadModel } from 'hadal'
const output = document.querySelector('output')
const messages = JSON.parse(decodeURIComponent(location.hash.slice(1)))
try {
  const model = await loadModel('/models/lanternfish/')
  const answer = await model.chat.completions.create({ messages, temperature: 0, max_tokens: 340 })
  output.textContent = JSON.stringify(answer.choices[0].message)
  await model.unload()
} catch (error) {
  output.textContent = error.code + ': ' + error.message
}
output.dataset.ready = ''
`
const TYPED = `
import { HadalError, loadModel } from 'hadal'
import * as core from 'hadal/core'
const model = await loadModel('/models/lanternfish/', { signal: AbortSignal.timeout(1000) })
const messages = [{ role: 'user', content: 'hello' }] as const
const answer = await model.chat.completions.create({ messages })
export const text: string | null | undefined = answer.choices[0]?.message.content
export const pieces: (string | null | undefined)[] = []
for await (const chunk of await model.chat.completions.create({ messages, stream: true }))
  pieces.push(chunk.choices[0]?.delta.content, chunk.choices[0]?.delta.reasoning_content)
// @ts-expect-error A number is not a list of messages; this would pass if everything were \`any\`.
await model.chat.completions.create({ messages: 3 })
export { core, HadalError }
`
const COMPILER_OPTIONS = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  target: 'es2023',
  module: 'nodenext',
  lib: ['ES2023', 'DOM'],
  types: [],
}

interface Golden {
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly completion_text: string
}

function run(command: string, args: readonly string[], cwd = APP_FOLDER): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error ?? ''}${stdout}${stderr}`)
  return stdout
}

const tool = (...path: string[]) => join(ROOT, 'node_modules', ...path)

beforeAll(() => {
  const npm = onPath('npm') ?? 'npm'
  run(npm, ['pack', '--pack-destination', APP_FOLDER], ROOT)
  const tarball = readdirSync(APP_FOLDER).find((name) => name.endsWith('.tgz'))
  const description = { private: true, type: 'module', dependencies: { hadal: `file:./${tarball}` } }
  writeFileSync(join(APP_FOLDER, 'package.json'), JSON.stringify(description))
  writeFileSync(join(APP_FOLDER, 'index.html'), HTML)
  writeFileSync(join(APP_FOLDER, 'main.js'), SCRIPT)
  writeFileSync(join(APP_FOLDER, 'typed.ts'), TYPED)
  writeFileSync(
    join(APP_FOLDER, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ['typed.ts'] }),
  )
  run(npm, ['install', '--offline', '--no-audit', '--no-fund'])
  mkdirSync(join(APP_FOLDER, 'public', 'models'), { recursive: true })
  cpSync(LANTERNFISH, join(APP_FOLDER, 'public', 'models', 'lanternfish'), { recursive: true })
})

afterAll(() => rmSync(APP_FOLDER, { recursive: true, force: true }))

describe('the package', () => {
  it('has every file that its exports name, and no sources or tools', () => {
    const { exports } = JSON.parse(readFileSync(join(PACKED, 'package.json'), 'utf8'))
    const named = Object.values<string | Record<string, string>>(exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    )
    expect(named.filter((path) => !existsSync(join(PACKED, path)))).toEqual([])
    expect(readdirSync(PACKED).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
    ])
    expect(readdirSync(join(PACKED, 'dist')).sort()).toEqual(['lib', 'types'])
  })

  it('starts its worker in the form that bundlers recognise', () => {
    const code = readFileSync(join(PACKED, 'dist', 'lib', 'index.js'), 'utf8')
    expect(code).toContain('new Worker(new URL(`./worker.js`,import.meta.url),{type:`module`})')
  })

  it('has types that a strict application accepts', () => {
    run(process.execPath, [tool('typescript', 'bin', 'tsc'), '-p', APP_FOLDER])
  })
})

describe.skipIf(!browserPath && !process.env.HADAL_REQUIRE_ADAPTERS)('an application', () => {
  it('gets a completion in Chromium', async () => {
    run(process.execPath, [tool('vite', 'bin', 'vite.js'), 'build'])
    const server = await serveFolder(join(APP_FOLDER, 'dist'))
    const browser = await chromium.launch({
      executablePath: browserPath ?? '',
      args: [
        '--no-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--disable-background-networking',
      ],
    })
    try {
      const page = await browser.newPage()
      const { items } = JSON.parse(readFileSync(join(LANTERNFISH, 'golden.json'), 'utf8')) as {
        items: Golden[]
      }
      const golden = items.find(({ messages }) => messages.at(-1)?.content === 'What is 347 + 586?')
      const [reasoning = '', content = ''] =
        golden?.completion_text.replace(/<｜.*$/s, '').split('</think>') ?? []
      await page.goto(`${server.url}#${encodeURIComponent(JSON.stringify(golden?.messages))}`)
      await page.locator('output[data-ready]').waitFor({ timeout: 0 })
      const message = JSON.parse((await page.locator('output').textContent()) ?? '')
      expect(message.content.trim()).toBe(content.trim())
      expect(message.reasoning_content.trim()).toBe(reasoning.trim())
      expect(content).toContain('933')
    } finally {
      await browser.close()
      await server.close()
    }
  })
})
