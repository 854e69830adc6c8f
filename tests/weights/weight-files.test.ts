// Tests of which weight files a folder's tensors are read from when index, shards and single file disagree.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openFolder as openDisk } from '../../src/cli/node-source.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { openFiles } from '../../src/weights/files.ts'
import { openMemory } from '../../src/weights/memory.ts'
import type { Source } from '../../src/weights/source.ts'
import { makeSafetensors, noise } from './make-safetensors.ts'

type Folder = Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>

const shard = (...names: string[]) =>
  makeSafetensors(Object.fromEntries(names.map((name, i) => [name, ['F32', [2], noise(8, i)] as const])))
const INDEX = 'model.safetensors.index.json'
const SINGLE = 'model.safetensors'
const [SHARD_1, SHARD_2] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
const SHARDS = { [SHARD_1]: shard('a', 'c'), [SHARD_2]: shard('b') }
const index = (weight_map: Readonly<Record<string, string>>, rest: object = {}) =>
  JSON.stringify({ ...rest, weight_map })
const STALE = index({ a: SHARD_1, b: SHARD_2, c: SHARD_1 })

/** A host that lists no files; counts what it is asked for. */
function host(files: Folder): { source: Source; asked: Set<string> } {
  const memory = openMemory(files)
  const asked = new Set<string>()
  const { files: _, ...source } = memory
  const exists: Source['exists'] = (path, signal) => {
    asked.add(path)
    return memory.exists(path, signal)
  }
  return { source: { ...source, exists }, asked }
}

async function open(source: Source) {
  const { tensors, promised, notices } = await openCheckpoint(source)
  const places = Object.fromEntries([...tensors].map(([name, { file }]) => [name, file]))
  return { places, promised: Object.fromEntries(promised), notices: notices.texts }
}
const openFolder = (files: Folder) => open(openMemory({ 'config.json': '{}', ...files }))
const openHost = (files: Folder) => open(host({ 'config.json': '{}', ...files }).source)

describe('model.safetensors', () => {
  it.each<[string, Folder]>([
    ['whose shards are gone', { [INDEX]: STALE }],
    ['whose shards are there', { [INDEX]: STALE, ...SHARDS }],
    ['that is broken', { [INDEX]: '{"weight_map":' }],
    ['without a weight_map', { [INDEX]: '{}' }],
  ])('is read instead of an index %s', async (_, folder) => {
    for (const opened of [openFolder, openHost]) {
      const { places, notices } = await opened({ ...folder, [SINGLE]: shard('a', 'b') })
      expect(places).toEqual({ a: SINGLE, b: SINGLE })
      expect(notices).toEqual([expect.stringMatching(/^model\.safetensors\.index\.json was ignored/)])
    }
  })

  it('needs no notice beside an index that names it, or beside files of other formats', async () => {
    const folder = { [SINGLE]: shard('a'), 'consolidated.safetensors': 'x', 'pytorch_model.bin': 'x' }
    const { places, notices } = await openFolder({ ...folder, [INDEX]: index({ a: SINGLE }) })
    expect([places, notices]).toEqual([{ a: SINGLE }, []])
  })

  it('does not excuse an index that leads out of the folder', async () => {
    const folder = openFolder({ [SINGLE]: shard('a'), [INDEX]: index({ a: '../a.safetensors' }) })
    await expect(folder).rejects.toMatchObject({ code: 'bad_file', file: INDEX, tensor: 'a' })
  })

  it('is named when it is broken, whatever is beside it', async () => {
    const folder = openFolder({ [SINGLE]: shard('a').subarray(0, -4), [INDEX]: STALE, ...SHARDS })
    await expect(folder).rejects.toMatchObject({ code: 'bad_file', file: SINGLE, hint: /./ })
  })
})

describe('an index', () => {
  it.each<[string, object]>([
    ['no metadata', {}],
    ['metadata that is null', { metadata: null }],
    ['a total size in text, and more keys', { metadata: { total_size: '1 GB' }, version: 2 }],
  ])('may have %s', async (_, rest) => {
    const { places, notices } = await openFolder({
      ...SHARDS,
      [INDEX]: index({ a: SHARD_1, b: SHARD_2 }, rest),
    })
    expect(places).toEqual({ a: SHARD_1, c: SHARD_1, b: SHARD_2 })
    expect(notices).toEqual([])
  })

  it('may promise what no shard holds: that is judged with the model', async () => {
    const { promised, notices } = await openFolder({
      ...SHARDS,
      [INDEX]: index({ a: SHARD_1, gone: SHARD_2 }),
    })
    expect([promised, notices]).toEqual([{ gone: SHARD_2 }, []])
  })

  it('may promise a shard that is missing', async () => {
    const { places, promised } = await openFolder({ [SHARD_1]: SHARDS[SHARD_1] ?? '', [INDEX]: STALE })
    expect([places, promised]).toEqual([{ a: SHARD_1, c: SHARD_1 }, { b: SHARD_2 }])
  })

  it('may place tensors in the wrong shard, with a notice', async () => {
    const { places, notices } = await openFolder({ ...SHARDS, [INDEX]: index({ a: SHARD_2, c: SHARD_1 }) })
    expect(places).toMatchObject({ a: SHARD_1 })
    expect(notices).toEqual([expect.stringMatching(/index\.json places .* wrong file.*: "a"\.$/)])
  })
})

describe('without an index', () => {
  it.each<[string, Folder, readonly string[]]>([
    ['shards', SHARDS, [SHARD_1, SHARD_2]],
    [
      'a single shard',
      { 'model-00001-of-00001.safetensors': shard('a') },
      ['model-00001-of-00001.safetensors'],
    ],
    [
      'shards beside consolidated.safetensors',
      { ...SHARDS, 'consolidated.safetensors': 'x' },
      [SHARD_1, SHARD_2],
    ],
  ])('%s are found in a folder and on a host that lists no files', async (_, folder, files) => {
    for (const opened of [openFolder, openHost]) {
      const { places, notices } = await opened(folder)
      expect([...new Set(Object.values(places))].sort()).toEqual(files)
      expect(notices).toEqual([expect.stringContaining(files[0] ?? '')])
    }
  })

  it('a file of another name is found among picked files, but no adapter', async () => {
    const files = {
      'config.json': '{}',
      'smol.safetensors': shard('a'),
      'adapter_model.safetensors': shard('x'),
    }
    const source = openFiles(Object.entries(files).map(([name, data]) => new File([data], name)))
    expect((await open(source)).places).toEqual({ a: 'smol.safetensors' })
  })

  it('shards on disk are found, and a folder that is not there is said to be missing', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hadal-'))
    for (const [name, data] of Object.entries({ 'config.json': '{}', ...SHARDS }))
      writeFileSync(join(dir, name), data)
    const source = openDisk(dir)
    expect((await open(source)).places).toEqual({ a: SHARD_1, c: SHARD_1, b: SHARD_2 })
    await source.close()
    rmSync(dir, { recursive: true })
    await expect(openCheckpoint(openDisk(dir))).rejects.toMatchObject({
      code: 'not_found',
      file: 'config.json',
    })
  })

  it('asks a host for few files', async () => {
    const { source, asked } = host({ 'config.json': '{}' })
    await expect(openCheckpoint(source)).rejects.toMatchObject({ code: 'not_found', file: SINGLE })
    expect(asked.size).toBeLessThan(20)
  })
})

describe('a folder in another format', () => {
  it.each<[string, RegExp]>([
    ['consolidated.safetensors', /Mistral.*transformers/],
    ['pytorch_model.bin', /save_pretrained/],
    ['adapter_model.safetensors', /merge_and_unload/],
    ['model-q4_k_m.gguf', /base model.*quantize/],
    ['model.pt', /save_pretrained/],
    ['tf_model.h5', /save_pretrained/],
  ])('is told what helps: %s', async (name, hint) => {
    const files: Folder = { 'config.json': '{}', [name]: 'x', 'training_args.bin': 'x' }
    const error = { code: 'not_found', file: SINGLE, hint: expect.stringMatching(hint) }
    await expect(openCheckpoint(openMemory(files))).rejects.toMatchObject(error)
    if (/^(con|py|ad)/.test(name))
      await expect(openCheckpoint(host(files).source)).rejects.toMatchObject(error)
  })

  it('is told so too when it has no config.json', async () => {
    const folder = openMemory({ 'model.Q8_0.gguf': 'x' })
    const error = { code: 'not_found', file: 'config.json', hint: expect.stringMatching(/GGUF/) }
    await expect(openCheckpoint(folder)).rejects.toMatchObject(error)
    const tidy = openMemory({ [SINGLE]: shard('a'), 'model.gguf': 'x' })
    await expect(openCheckpoint(tidy)).rejects.toMatchObject({ hint: expect.not.stringMatching(/GGUF/) })
  })
})
