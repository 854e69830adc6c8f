// Answers: do all local sources behave as one, down to their errors? Against real folders and real File objects.
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

const bytes = noise(100_000, 1)
const texts = { 'config.json': '{"a":1,"a":2}', 'bad.json': '{', 'latin.txt': new Uint8Array([0xe4, 0x20]) }
let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hadal-'))
  await mkdir(join(dir, 'sub'))
  await writeFile(join(dir, 'sub', 'x.bin'), bytes)
  for (const [name, data] of Object.entries(texts)) await writeFile(join(dir, name), data)
})
afterAll(() => rm(dir, { recursive: true }))

function picked(path: string, data: Uint8Array<ArrayBuffer> | string): File {
  const file = new File([data], path.split('/').at(-1) ?? '')
  Object.defineProperty(file, 'webkitRelativePath', { value: `picked/${path}` })
  return file
}

let folder: FolderSource | undefined
afterEach(() => folder?.close())

const opened: Record<string, () => Source> = {
  memory: () => openMemory({ 'sub/x.bin': bytes, ...texts }),
  files: () =>
    openFiles([
      picked('sub/x.bin', bytes),
      ...Object.entries(texts).map(([name, data]) => picked(name, data)),
    ]),
  folder: () => {
    folder = openFolder(dir)
    return folder
  },
}

describe.each(Object.keys(opened))('%s', (kind) => {
  const open = () => opened[kind]?.() ?? openMemory({})

  test('reads exactly what is asked for', async () => {
    const source = open()
    expect(await source.size('sub/x.bin')).toBe(100_000)
    const part = await source.read('sub/x.bin', 70_001, 99_999)
    expect(Buffer.compare(part, bytes.subarray(70_001, 99_999))).toBe(0)
    part.fill(0) // its own memory
    expect((await source.read('sub/x.bin', 70_001, 70_002))[0]).toBe(bytes[70_001])
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

  test('text and JSON', async () => {
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

test('a folder: links are followed, a file that shrinks while open is truncated, a directory is no file', async () => {
  await writeFile(join(dir, 'blob'), bytes)
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

test('a folder: what waits, turns in circles or never ends is no file', async () => {
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

test('dropped files keep their names; two of the same name are refused', async () => {
  const source = openFiles([new File(['{}'], 'config.json')])
  expect(await readJson(source, 'config.json', { maxBytes: 10 })).toEqual({})
  expect(() => openFiles([new File([''], 'a'), new File([''], 'a')])).toThrow(
    'Two of the chosen files are called a',
  )
})
