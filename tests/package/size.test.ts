// Tests of download sizes before the model, compressed: the library without the tokenizer and template
// libraries and without what is loaded on demand, and the chat page.
import { basename, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'rolldown'
import { build } from 'vite'
import { expect, it } from 'vitest'
import { root } from '../../tools/bootstrap.mjs'
import { ENTRIES, libraryOptions, PEERS } from '../../tools/build.mjs'

const KB = 1000
const MAX_LIBRARY = 150 * KB
/** What is loaded when it is wanted: most loads and chats need none of it. */
const ON_DEMAND = [
  'budgeted-decoder',
  'check-experts',
  'check-later',
  'check-quantize',
  'check-routing',
  'choices',
  'constrain',
  'constrained-decoder',
  'convert',
  'create-embeddings',
  'download',
  'download-model',
  'embed',
  'expert-trace',
  'export-model',
  'gbnf',
  'hub',
  'json-object',
  'json-schema',
  'later-checks',
  'logits',
  'measure',
  'merge-config',
  'on-demand',
  'open-endpoint',
  'open-to-write',
  'pack',
  'profile',
  'read-embedding',
  'read-integers',
  'remove-stored',
  'session-calls',
  'session-task',
  'speculation',
  'spell-matrices',
  'string-schema',
  'text-completion',
  'thinking-budget',
  'tiktoken-tokenizer',
  'tool-constraint',
  'tool-use',
  'verify',
  'writer',
]
/** What runs on the page's own thread. */
const MAX_PAGE_SIDE = 18 * KB
const MAX_ON_DEMAND = 10 * KB
const MAX_CHAT_PAGE = 250 * KB
/** Of each entry with all that it needs of the library, apart from `index.js`. */
const MAX_ENTRY = { openai: 6.5 * KB, 'ai-sdk': 3.5 * KB, react: 2.5 * KB }
const SERVICE_WORKER = 'service-worker.js'

const compressed = (text: string | Uint8Array) => gzipSync(text, { level: 9 }).length

it('the library with its worker and all shaders takes at most 150 KB', async () => {
  const { output } = await bundle({
    ...libraryOptions,
    input: ENTRIES,
    external: [/^@huggingface\//, ...Object.values(PEERS).flat()],
    write: false,
  })
  const chunks = output.flatMap((chunk) => ('code' in chunk ? [chunk] : []))
  /** What a chunk loads before it runs, itself included. */
  const withImports = (names: readonly string[], known = new Set<string>()): ReadonlySet<string> => {
    for (const chunk of chunks.filter(({ fileName }) => names.includes(fileName) && !known.has(fileName)))
      withImports(chunk.imports, known.add(chunk.fileName))
    return known
  }
  const core = withImports(['index.js', 'worker.js'])
  const sizeOf = (names: ReadonlySet<string>) =>
    chunks.filter(({ fileName }) => names.has(fileName)).reduce((sum, { code }) => sum + compressed(code), 0)
  const total = sizeOf(core)
  const wanted = new Set(chunks.flatMap(({ dynamicImports }) => dynamicImports))
  const onDemand = chunks.filter(({ fileName }) => wanted.has(fileName))
  expect(onDemand.map(({ name }) => name).sort()).toEqual(ON_DEMAND)
  for (const { fileName } of onDemand) {
    // Whatever asks for it is there already.
    const asking = chunks.filter(({ dynamicImports }) => dynamicImports.includes(fileName))
    const present = asking.map((chunk) => withImports([chunk.fileName], new Set(core)))
    const added = [...withImports([fileName])].filter((name) => !present.every((known) => known.has(name)))
    expect(sizeOf(new Set(added)), fileName).toBeLessThanOrEqual(MAX_ON_DEMAND)
  }
  expect(output.some(({ fileName }) => fileName === 'worker.js')).toBe(true)
  // The engine is in the worker only.
  expect(sizeOf(withImports(['index.js']))).toBeLessThanOrEqual(MAX_PAGE_SIDE)
  expect(total).toBeGreaterThan(50 * KB) // contains shaders and engine
  expect(total).toBeLessThanOrEqual(MAX_LIBRARY)
})

it.each(Object.entries(MAX_ENTRY))(
  'hadal/%s takes at most %d bytes, without engine or worker',
  async (name, max) => {
    const input = { [name]: Object.entries(ENTRIES).find(([entry]) => entry === name)?.[1] ?? '' }
    const { output } = await bundle({ ...libraryOptions, input, write: false })
    const chunks = output.flatMap((chunk) => ('code' in chunk ? [chunk] : []))
    const rooms = chunks.flatMap(({ modules }) =>
      Object.keys(modules).map((path) => relative(join(root, 'src'), path).split(/[\\/]/)[0]),
    )
    expect(new Set(rooms)).toEqual(new Set([name, 'lib']))
    const outside = chunks.flatMap(({ imports }) => imports).filter((path) => !path.endsWith('.js'))
    expect(outside).toEqual(Object.entries(PEERS).find(([entry]) => entry === name)?.[1] ?? [])
    expect(chunks.reduce((sum, { code }) => sum + compressed(code), 0)).toBeLessThanOrEqual(max)
  },
)

it('the chat page takes at most 250 KB before the model', async () => {
  const built = await build({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'silent',
    build: { write: false },
  })
  const files = [built].flat().flatMap((result) => ('output' in result ? result.output : []))
  const own = chatPageOf(files.map((file) => [file.fileName, 'code' in file ? file.code : file.source]))
  const names = [...own.keys()]
  expect(names).toContain(SERVICE_WORKER)
  expect(names.filter((name) => name.includes('/worker-'))).toHaveLength(1)
  expect(names.filter((name) => name.endsWith('.css'))).not.toEqual([])
  const sizes = [...own.values()].map(compressed)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  expect(total).toBeGreaterThan(MAX_LIBRARY)
  expect(total).toBeLessThanOrEqual(MAX_CHAT_PAGE)
})

type BuiltFile = readonly [name: string, content: string | Uint8Array]

/** A file without the names of what it loads on demand. */
const withoutOnDemand = (content: string | Uint8Array): string =>
  String(content).replace(/import\([^()]*\)|__vite__mapDeps=.*?\]/g, '')

/**
 * The files that the chat page loads: each is named in another for more than loading it on demand, but the
 * service worker names all pages.
 */
function chatPageOf(files: readonly BuiltFile[]): Map<string, string | Uint8Array> {
  const own = new Map(files.filter(([name]) => name === 'index.html'))
  for (const [name, content] of own) {
    if (name === SERVICE_WORKER) continue
    const text = withoutOnDemand(content)
    for (const file of files) {
      const isNamed = /\.(js|css)$/.test(file[0]) && text.includes(basename(file[0]))
      if (isNamed) own.set(...file)
    }
  }
  return own
}
