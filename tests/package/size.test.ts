// Answers: how much does a visitor fetch before the model? The library without the tokenizer and template libraries, and the chat page, compressed.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'rolldown'
import { build } from 'vite'
import { expect, it } from 'vitest'
import { root } from '../../tools/bootstrap.mjs'
import { libraryOptions } from '../../tools/build.mjs'

const KB = 1000
const LIBRARY = 100 * KB
const FIRST_LOAD = 250 * KB

const compressed = (text: string | Uint8Array) => gzipSync(text, { level: 9 }).length

it('the library with its worker and all shaders takes at most 100 KB', async () => {
  const { output } = await bundle({
    ...libraryOptions,
    input: { index: 'src/index.ts', worker: 'src/worker/worker.ts' },
    external: /^@huggingface\//,
    write: false,
  })
  const sizes = output.map((chunk) => ('code' in chunk ? compressed(chunk.code) : 0))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  expect(output.some(({ fileName }) => fileName === 'worker.js')).toBe(true)
  expect(total).toBeGreaterThan(50 * KB) // shaders and engine are in it
  expect(total).toBeLessThanOrEqual(LIBRARY)
})

it('the chat page takes at most 250 KB before the model', async () => {
  const built = await build({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'silent',
    build: { write: false },
  })
  const files = [built].flat().flatMap((each) => ('output' in each ? each.output : []))
  const own = files.filter(({ fileName }) => !/^(assets\/)?(bench|lab)[/-]/.test(fileName)) // the other pages'
  const names = own.map(({ fileName }) => fileName)
  expect(names).toContain('index.html')
  expect(names.some((name) => name.includes('worker-'))).toBe(true)
  const sizes = own.map((file) => compressed('code' in file ? file.code : file.source))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  expect(total).toBeGreaterThan(LIBRARY)
  expect(total).toBeLessThanOrEqual(FIRST_LOAD)
})
