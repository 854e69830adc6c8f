// Tests of the packed package: its files, licences and types, and new applications that ask a model in
// Chromium.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright'
import { publint } from 'publint'
import { build as bundle } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSER_ARGS, expectedText, makeApp, pack, run, tryApp } from '../../tools/apps.mjs'
import { findChromium } from '../../tools/bootstrap.mjs'
import { ENTRIES, libraryOptions } from '../../tools/build.mjs'
import { RESOLUTIONS, typedFiles } from '../apps/checks.mjs'
import { ENVIRONMENTS } from '../apps/environments.mjs'
import { EXAMPLES } from '../apps/examples.mjs'
import { LAVAPIPE } from '../support/adapter.ts'
import { Declarations } from '../support/declarations.ts'
import { LANTERNFISH } from '../support/model.ts'

const MODULES = join(import.meta.dirname, '..', '..', 'node_modules')
/** What a typed application installs beside the package. */
const TYPE_PEERS = ['@ai-sdk/provider', '@types/react', 'csstype', 'json-schema']
const HOME = mkdtempSync(join(tmpdir(), 'hadal-packed-'))
const browserPath = await findChromium()

let tarball = ''
let installed = ''
let app = ''

beforeAll(() => {
  tarball = pack(HOME)
  app = makeApp({ name: 'files', files: {}, hasNoPage: true }, { home: HOME, tarball, isOffline: true })
  installed = join(app, 'node_modules', 'hadal')
})

afterAll(() => rmSync(HOME, { recursive: true, force: true }))

describe('the package', () => {
  it('has every file that its exports name, and no sources or tools', () => {
    const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    const named = Object.values<string | Record<string, string>>(exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    )
    expect(named.filter((path) => !existsSync(join(installed, path)))).toEqual([])
    const files = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']
    expect(readdirSync(installed).sort()).toEqual(files)
    expect(readdirSync(join(installed, 'dist')).sort()).toEqual(['lib', 'types'])
  })

  it('starts its worker in the form that bundlers recognise', () => {
    const folder = join(installed, 'dist', 'lib')
    const codes = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    const form = 'new Worker(new URL(`./worker.js`,import.meta.url),{type:`module`})'
    expect(codes.filter((code) => code.includes(form))).toHaveLength(1)
  })

  it('is what publint expects', async () => {
    const bytes = readFileSync(tarball)
    const packed = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    const { messages } = await publint({ pack: { tarball: packed as ArrayBuffer }, strict: true })
    expect(messages).toEqual([])
  })

  it('carries the licence of every package whose code is inside', async () => {
    const { output } = await bundle({ ...libraryOptions, input: ENTRIES, write: false })
    const paths = output.flatMap((chunk) => ('modules' in chunk ? Object.keys(chunk.modules) : []))
    const inside = paths.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
    const licences = readFileSync(join(installed, 'dist', 'lib', 'LICENCES.txt'), 'utf8')
    for (const name of new Set(inside))
      expect(licences).toContain(readFileSync(join(MODULES, name, 'LICENSE'), 'utf8').trim())
    const titles = licences.match(/^\S+ [\d.]+ \(.+\)$/gm)
    expect(titles?.map((title) => title.split(' ')[0])).toEqual([...new Set(inside)].sort())
  })
})

describe('its types', () => {
  it('are accepted by a strict application that checks declarations', () => {
    for (const name of TYPE_PEERS)
      cpSync(join(MODULES, name), join(app, 'node_modules', name), { recursive: true })
    for (const resolution of RESOLUTIONS) {
      const files = Object.entries(typedFiles(resolution))
      for (const [name, text] of files) writeFileSync(join(app, name), text)
      run(process.execPath, [join(MODULES, 'typescript', 'bin', 'tsc'), '-p', '.'], app)
    }
  })

  it('never say any', () => {
    expect(new Declarations(installed).any()).toEqual([])
  })

  // `npx vitest run tests/package -u` accepts a change; the change log then has to name it.
  it('are the interface that api.txt lists', async () => {
    await expect(new Declarations(installed).api()).toMatchFileSnapshot('api.txt')
  })
})

describe.skipIf(!browserPath && !process.env.HADAL_REQUIRE_ADAPTERS)('an application gets an answer', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: BROWSER_ARGS })
  })
  afterAll(() => browser?.close())

  const quick = [...ENVIRONMENTS, ...Object.values(EXAMPLES)].filter((environment) => environment.quick)
  it.each(quick)('$name', async (environment) => {
    const workshop = { home: HOME, tarball, browser, isOffline: true }
    expect(await tryApp(environment, workshop)).toBe(expectedText(environment))
  })
})

it.skipIf(LAVAPIPE === '' && !process.env.HADAL_REQUIRE_ADAPTERS)('the example for Node answers', () => {
  const folder = makeApp(EXAMPLES.node, { home: HOME, tarball, isOffline: true })
  run(process.execPath, ['main.mjs', LANTERNFISH], folder)
  const answers = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8'))
  const [topics, answer] = [expect.arrayContaining([expect.stringMatching(/^[a-z]+$/)]), expect.any(String)]
  expect(answers).toEqual(
    ['sum.txt', 'who.txt'].map((file) => ({ file, answer, isNumber: expect.any(Boolean), topics })),
  )
})
