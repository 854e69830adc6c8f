// Tests of download sizes before the model, compressed: the library without the tokenizer and template
// libraries and without what is loaded on demand, and the chat page.
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'rolldown'
import { build } from 'vite'
import { expect, it } from 'vitest'
import { root } from '../../tools/bootstrap.mjs'
import { libraryOptions } from '../../tools/build.mjs'

const KB = 1000
const MAX_LIBRARY = 150 * KB
/** What is loaded when it is wanted: most loads and chats need none of it. */
const ON_DEMAND = ['download', 'export-model', 'hub', 'measure', 'read-integers', 'tiktoken-tokenizer']
const MAX_ON_DEMAND = 10 * KB
const MAX_CHAT_PAGE = 250 * KB
const SERVICE_WORKER = 'service-worker.js'

const compressed = (text: string | Uint8Array) => gzipSync(text, { level: 9 }).length

it('the library with its worker and all shaders takes at most 150 KB', async () => {
  const { output } = await bundle({
    ...libraryOptions,
    input: { index: 'src/index.ts', worker: 'src/worker/worker.ts' },
    external: /^@huggingface\//,
    write: false,
  })
  const chunks = output.flatMap((chunk) => ('code' in chunk ? [chunk] : []))
  const total = chunks
    .filter((chunk) => !chunk.isDynamicEntry)
    .reduce((sum, { code }) => sum + compressed(code), 0)
  const onDemand = chunks.filter((chunk) => chunk.isDynamicEntry)
  expect(onDemand.map(({ name }) => name).sort()).toEqual(ON_DEMAND)
  for (const { code } of onDemand) expect(compressed(code)).toBeLessThanOrEqual(MAX_ON_DEMAND)
  expect(output.some(({ fileName }) => fileName === 'worker.js')).toBe(true)
  expect(total).toBeGreaterThan(50 * KB) // contains shaders and engine
  expect(total).toBeLessThanOrEqual(MAX_LIBRARY)
})

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

/** The files that the chat page loads: each is named in another, but the service worker names all pages. */
function chatPageOf(files: readonly BuiltFile[]): Map<string, string | Uint8Array> {
  const own = new Map(files.filter(([name]) => name === 'index.html'))
  for (const [name, content] of own) {
    if (name === SERVICE_WORKER) continue
    for (const file of files) {
      const isNamed = !file[0].endsWith('.html') && String(content).includes(basename(file[0]))
      if (isNamed) own.set(...file)
    }
  }
  return own
}
