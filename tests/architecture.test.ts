// Tests of the code's structure: import direction, cycles, file sizes, first comments, complete kernels.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { kernels } from '../src/kernels/index.ts'

const ROOT = join(import.meta.dirname, '..')

/**
 * What each room may import besides itself: everything to its right. Paths inside a room, such as
 * `worker/protocol.ts` or `bench/lab`, are rooms of their own; a file belongs to the longest match.
 */
const ENGINE_NEEDS = ['models', 'program', 'kernels', 'store', 'weights', 'text', 'gpu', 'lib']
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  catalogue: ['lib'],
  'gpu/formats.ts': [],
  gpu: ['gpu/formats.ts', 'lib'],
  kernels: ['gpu', 'lib'],
  program: ['kernels', 'gpu', 'lib'],
  'models/cache-layout.ts': ['models'],
  models: ['models/cache-layout.ts', 'program', 'kernels', 'gpu', 'lib'],
  weights: ['gpu', 'lib'],
  'store/stored-model.ts': [],
  store: ['store/stored-model.ts', 'weights', 'gpu', 'lib'],
  text: ['lib'],
  'engine/request-options.ts': ['lib'],
  'engine/plan-types.ts': ['engine/load/quantization.ts'],
  'engine/token-reports.ts': [],
  'engine/choice-types.ts': [],
  'engine/model-options.ts': ['engine/load/quantization.ts'],
  'engine/types.ts': [
    'engine/choice-types.ts',
    'engine/model-options.ts',
    'engine/plan-types.ts',
    'engine/token-reports.ts',
    'engine/load/quantization.ts',
    'engine/request-options.ts',
  ],
  'engine/session-types.ts': ['engine/types.ts'],
  'engine/resumed-request.ts': ['engine/types.ts'],
  'engine/load/quantization.ts': ['models', 'gpu/formats.ts', 'lib'],
  'engine/check': ['models', 'program', 'kernels', 'gpu', 'lib'],
  'engine/run': ['engine/types.ts', 'engine/session-types.ts', ...ENGINE_NEEDS],
  'engine/load': ['engine/check', 'engine/run', 'engine', ...ENGINE_NEEDS],
  engine: ['engine', ...ENGINE_NEEDS],
  'bench/result.ts': ['models/cache-layout.ts'],
  bench: ['bench/result.ts', 'engine', 'reference', ...ENGINE_NEEDS.filter((room) => room !== 'store')],
  'worker/protocol.ts': [
    'engine/types.ts',
    'engine/choice-types.ts',
    'engine/session-types.ts',
    'engine/resumed-request.ts',
    'store/stored-model.ts',
    'bench/result.ts',
    'lib',
  ],
  'worker/spawn.ts': [],
  worker: ['worker/protocol.ts', 'bench', 'engine', ...ENGINE_NEEDS],
  'bench/lab/protocol.ts': ['worker/protocol.ts', 'bench', 'gpu', 'lib'],
  'bench/lab': [
    'bench/lab/protocol.ts',
    'worker',
    'bench',
    'engine/check',
    'models',
    'program',
    'kernels',
    'store',
    'weights',
    'gpu',
    'lib',
  ],
  'api/types': ['lib'],
  api: ['worker/protocol.ts', 'worker/spawn.ts', 'lib'],
  openai: ['api/types', 'lib'],
  'ai-sdk': ['api/types', 'lib'],
  react: ['index.ts', 'api/types', 'lib'],
  vote: ['api/types', 'lib'],
  endpoint: ['api', 'lib'],
  'api/load.ts': ['endpoint', 'api', 'worker/protocol.ts', 'worker/spawn.ts', 'lib'],
  app: ['index.ts', 'api', 'catalogue', 'bench/lab/protocol.ts', 'bench/result.ts', 'lib'],
  reference: ['lib'],
  cli: [
    'vote',
    'bench',
    'catalogue',
    'engine',
    'models',
    'program',
    'kernels',
    'weights',
    'text',
    'gpu',
    'lib',
  ],
  'index.ts': ['vote', 'endpoint', 'api', 'worker/protocol.ts', 'lib'],
  core: ['api', 'worker', 'engine', ...ENGINE_NEEDS],
  'core.ts': ['core', 'api', 'bench', 'engine', ...ENGINE_NEEDS],
}

/** The room of a file: the longest entry of the table that is the file or a folder above it. */
function room(path: string): string {
  const found = Object.keys(ROOMS).filter((name) => path === name || path.startsWith(`${name}/`))
  return found.sort((a, b) => b.length - a.length)[0] ?? path
}

interface SourceFile {
  readonly path: string // from the repository's root, with slashes
  readonly text: string
}

/** Files below a folder whose path matches, fixtures left out. */
function files(folder: string, pattern: RegExp): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => pattern.test(path) && !/\/(fixtures|__pycache__)\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

const sources = files('src', /\.tsx?$/).filter(({ path }) => !path.endsWith('.d.ts'))
const tests = files('tests', /\.ts$/)
const tools = files('tools', /\.(mjs|ts)$/)
const styles = files('src', /\.css$/)
const scripts = files('tools', /\.(py|sh|c)$/)
const documents = ['src', 'shaders', 'docs', 'tools'].flatMap((folder) => files(folder, /\.md$/))
const shaders = files('shaders', /\.wgsl$/)

/** What a file imports, types included: paths below src/ for our own files, else the specifier itself. */
function imports({ path, text }: SourceFile): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
    const own = fileName.startsWith('.')
    return own ? relative('src', join(dirname(path), fileName)).replaceAll('\\', '/') : fileName
  })
}

const graph = new Map(sources.map((file) => [file.path.slice('src/'.length), imports(file)]))

describe('rooms', () => {
  it('import only what lies to their right', () => {
    const wrong = [...graph].flatMap(([path, targets]) =>
      targets
        .filter((target) => graph.has(target) && !mayImport(path, target))
        .map((target) => `${path} → ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('have no cycles', () => {
    expect([...graph.keys()].flatMap((path) => cycleThrough(path))).toEqual([])
  })

  it('keep Node to the command line', () => {
    const wrong = [...graph].filter(([path, targets]) => room(path) !== 'cli' && targets.some(isNode))
    expect(wrong.map(([path]) => path)).toEqual([])
  })
})

function mayImport(path: string, target: string): boolean {
  const allowed = [room(path), ...(ROOMS[room(path)] ?? [])]
  return allowed.some((name) => room(target) === name || room(target).startsWith(`${name}/`))
}

const isNode = (target: string) => target.startsWith('node:') || target === 'webgpu'

/**
 * The shortest import cycle through a file, as one line; empty if there is none or another file reports it.
 */
function cycleThrough(start: string): string[] {
  const ways = [[start]]
  const seen = new Set([start])
  for (const way of ways) {
    for (const next of graph.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return way.every((path) => path >= start) ? [[...way, start].join(' → ')] : []
      if (!seen.has(next)) ways.push([...way, next])
      seen.add(next)
    }
  }
  return []
}

describe('files', () => {
  it('are short', () => {
    const lines = ({ text }: SourceFile) => text.split('\n').length - 1
    const long = [
      ...[...sources, ...tests, ...tools].filter((file) => lines(file) >= 300),
      ...shaders.filter((file) => lines(file) >= 200),
    ]
    expect(long.map((file) => `${file.path}: ${lines(file)} lines`)).toEqual([])
  })

  it('begin with a sentence that states what they do', () => {
    const untold = [...sources, ...tests, ...tools, ...styles].filter(({ text }) => !statement(text))
    const headless = shaders.filter(({ path, text }) => !headed(path, text))
    expect([...untold, ...headless].map(({ path }) => path)).toEqual([])
  })

  it('have no line of more than 110 columns', () => {
    const all = [...sources, ...tests, ...tools, ...styles, ...shaders, ...scripts, ...documents]
    const long = all.flatMap(({ path, text }) => {
      const exempt = path.endsWith('.md') ? /^\s*\|/ : /^$/ // tables
      const lines = text.split('\n').map((line, i) => ({ at: `${path}:${i + 1}`, line }))
      return lines.filter(({ line }) => line.length > 110 && !exempt.test(line)).map(({ at }) => at)
    })
    expect(long).toEqual([])
  })

  it('leave nothing for later, switch no check off, and write no HTML', () => {
    const words = /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)|\.(inner|outer)HTML\b|insertAdjacentHTML/
    const found = [...sources, ...tests, ...tools, ...shaders].filter(
      ({ path, text }) => !path.endsWith('architecture.test.ts') && words.test(text),
    )
    expect(found.map(({ path }) => path)).toEqual([])
  })
})

/** Whether the first line is a comment that begins a sentence and asks nothing. */
function statement(text: string): boolean {
  const [first = '', second = ''] = text.split('\n')
  const line = first.startsWith('#!') ? second : first
  return /^(\/\/|\/\*|#) [`A-Z][^?]*$/.test(line) && !line.startsWith('// Answers:')
}

/** A kernel's head starts with its name; a module's may start with its path, since names repeat there. */
function headed(path: string, text: string): boolean {
  const full = path.slice('shaders/'.length, -'.wgsl'.length)
  return [basename(full), full].some((name) => text.startsWith(`// ${name} – `))
}

describe('kernels', () => {
  const references = new Set(
    sources
      .filter(({ path }) => path.startsWith('src/reference/'))
      .flatMap(({ text }) => [...text.matchAll(/^export function (\w+)/gm)].map((match) => match[1])),
  )

  it.each(kernels.map(({ name, path }) => ({ name, path })))('$name is complete', ({ name, path }) => {
    expect(basename(path), 'the last part of its path is its name').toBe(name)
    expect(existsSync(join(ROOT, 'shaders', `${path}.wgsl`)), `shaders/${path}.wgsl`).toBe(true)
    expect(references.has(name), `src/reference has a function ${name}`).toBe(true)
    const naming = tests.filter(
      (file) => file.path.endsWith('.test.ts') && new RegExp(`\\b${name}\\b`).test(file.text),
    )
    expect(
      naming.map((file) => file.path),
      `a test names ${name}`,
    ).not.toEqual([])
  })

  it('are all listed', () => {
    const entries = shaders.filter(({ text }) => text.includes('@compute'))
    const listed = new Set(kernels.map(({ path }) => `shaders/${path}.wgsl`))
    expect(entries.map(({ path }) => path).filter((path) => !listed.has(path))).toEqual([])
  })
})
