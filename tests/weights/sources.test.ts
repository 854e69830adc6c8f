// Tests that all local sources behave alike, including their errors, with real folders and File objects.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FolderSource, openFolder } from '../../src/cli/node-source.ts'
import { openFiles } from '../../src/weights/files.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { readJson, readText, type Source } from '../../src/weights/source.ts'
import { noise } from './make-safetensors.ts'

const BYTES = noise(100_000, 1)
const TEXT_FILES = {
  'config.json': '{"a":1,"a":2}',
  'bad.json': '{',
  'latin.txt': new Uint8Array([0xe4, 0x20]),
}
let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hadal-'))
  await mkdir(join(dir, 'sub'))
  await writeFile(join(dir, 'sub', 'x.bin'), BYTES)
  for (const [name, data] of Object.entries(TEXT_FILES)) await writeFile(join(dir, name), data)
})
afterAll(() => rm(dir, { recursive: true }))

function picked(path: string, data: Uint8Array<ArrayBuffer> | string): File {
  const file = new File([data], path.split('/').at(-1) ?? '')
  Object.defineProperty(file, 'webkitRelativePath', { value: `picked/${path}` })
  return file
}

let folder: FolderSource | undefined
afterEach(() => folder?.close())

const OPENERS: Record<string, () => Source> = {
  memory: () => openMemory({ 'sub/x.bin': BYTES, ...TEXT_FILES }),
  files: () =>
    openFiles([
      picked('sub/x.bin', BYTES),
      ...Object.entries(TEXT_FILES).map(([name, data]) => picked(name, data)),
    ]),
  folder: () => {
    folder = openFolder(dir)
    return folder
  },
}

describe.each(Object.keys(OPENERS))('%s', (kind) => {
  const open = () => OPENERS[kind]?.() ?? openMemory({})

  test('reads exactly the requested bytes', async () => {
    const source = open()
    expect(await source.size('sub/x.bin')).toBe(100_000)
    const part = await source.read('sub/x.bin', 70_001, 99_999)
    expect(Buffer.compare(part, BYTES.subarray(70_001, 99_999))).toBe(0)
    part.fill(0) // must not change the source
    expect((await source.read('sub/x.bin', 70_001, 70_002))[0]).toBe(BYTES[70_001])
    expect((await source.read('sub/x.bin', 9, 9)).length).toBe(0)
    expect([await source.exists('sub/x.bin'), await source.exists('y'), await source.exists('sub')]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('names the file in every error', async () => {
    const source = open()
    await expect(source.size('nothing')).rejects.toMatchObject({ code: 'not_found', file: 'nothing' })
    await expect(source.read('nothing', 0, 1)).rejects.toMatchObject({ code: 'not_found', file: 'nothing' })
    await expect(source.read('sub/x.bin', 99_999, 100_001)).rejects.toMatchObject({
      code: 'bad_file',
      file: 'sub/x.bin',
      message: expect.stringContaining('truncated'),
    })
    await expect(source.read('sub/x.bin', 2, 1)).rejects.toMatchObject({ code: 'bad_request' })
    await expect(source.read('../x.bin', 0, 1)).rejects.toMatchObject({ code: 'bad_request' })
    await expect(source.exists('/etc/passwd')).rejects.toMatchObject({ code: 'bad_request' })
    await expect(source.read('sub/x.bin', 0, 1, AbortSignal.abort())).rejects.toMatchObject({
      code: 'aborted',
    })
  })

  test('reads text and JSON', async () => {
    const source = open()
    expect(await readText(source, 'bad.json', { maxBytes: 10 })).toBe('{')
    expect(await readJson(source, 'config.json', { maxBytes: 100 })).toEqual({ a: 2 })
    await expect(readJson(source, 'config.json', { maxBytes: 100, uniqueNames: true })).rejects.toThrow(
      '"a" twice',
    )
    await expect(readJson(source, 'config.json', { maxBytes: 12 })).rejects.toThrow('at most 12 bytes')
    await expect(readJson(source, 'bad.json', { maxBytes: 100 })).rejects.toMatchObject({
      code: 'bad_file',
      file: 'bad.json',
    })
    await expect(readText(source, 'latin.txt', { maxBytes: 100 })).rejects.toThrow('not UTF-8')
  })
})

test('a folder follows links, reports a shrunken file as truncated, and rejects a directory', async () => {
  await writeFile(join(dir, 'blob'), BYTES)
  await symlink(join(dir, 'blob'), join(dir, 'linked'))
  const source = openFolder(dir)
  expect(await source.size('linked')).toBe(100_000)
  await truncate(join(dir, 'blob'), 50_000)
  await expect(source.read('linked', 40_000, 60_000)).rejects.toMatchObject({
    code: 'bad_file',
    file: 'linked',
  })
  await expect(source.read('sub', 0, 0)).rejects.toMatchObject({ code: 'bad_file', file: 'sub' })
  await expect(source.read('sub', 0, 1)).rejects.toMatchObject({ code: 'bad_file', file: 'sub' })
  await source.close()
})

test('a folder rejects pipes, circular links and devices', async () => {
  execFileSync('mkfifo', [join(dir, 'pipe')])
  await symlink('circle', join(dir, 'circle'))
  await symlink('/dev/zero', join(dir, 'endless'))
  const source = openFolder(dir)
  for (const file of ['pipe', 'circle', 'endless']) {
    await expect(source.size(file)).rejects.toMatchObject({ code: 'bad_file', file })
    expect(await source.exists(file)).toBe(false)
  }
  await source.close()
})

test('dropped files keep their names; two with the same name are rejected', async () => {
  const source = openFiles([new File(['{}'], 'config.json')])
  expect(await readJson(source, 'config.json', { maxBytes: 10 })).toEqual({})
  expect(() => openFiles([new File([''], 'a'), new File([''], 'a')])).toThrow(
    'Two of the chosen files are called a',
  )
})
