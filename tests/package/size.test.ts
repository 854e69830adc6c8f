// Tests of download sizes before the model, compressed: the library without the tokenizer and template
// libraries, and the chat page.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'rolldown'
import { build } from 'vite'
import { expect, it } from 'vitest'
import { root } from '../../tools/bootstrap.mjs'
import { libraryOptions } from '../../tools/build.mjs'

const KB = 1000
const MAX_LIBRARY = 100 * KB
const MAX_CHAT_PAGE = 250 * KB

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
  const isOtherPage = /^(assets\/)?(bench|lab)[/-]/
  const own = files.filter(({ fileName }) => !isOtherPage.test(fileName))
  const names = own.map(({ fileName }) => fileName)
  expect(names).toContain('index.html')
  expect(names.some((name) => name.includes('worker-'))).toBe(true)
  const sizes = own.map((file) => compressed('code' in file ? file.code : file.source))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  expect(total).toBeGreaterThan(MAX_LIBRARY)
  expect(total).toBeLessThanOrEqual(MAX_CHAT_PAGE)
})
