// Tests of opening a checkpoint: config, index and shards together, and errors that name file and tensor.
import { afterEach, expect, test } from 'vitest'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { openHttp } from '../../src/weights/http.ts'
import { openMemory } from '../../src/weights/memory.ts'
import type { Source } from '../../src/weights/source.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { makeSafetensors, noise } from './make-safetensors.ts'

const shard = (...names: string[]) =>
  makeSafetensors(Object.fromEntries(names.map((name, i) => [name, ['F32', [4, 2], noise(32, i)] as const])))
const SHARD_1 = 'model-00001-of-00002.safetensors'
const SHARD_2 = 'model-00002-of-00002.safetensors'
const indexOf = (weight_map: unknown) => JSON.stringify({ metadata: { total_size: 1 }, weight_map })
const BASE_FILES = {
  'config.json': '{"model_type":"deepseek_v3"}',
  'model.safetensors.index.json': indexOf({ a: SHARD_1, b: SHARD_2, c: SHARD_1 }),
  [SHARD_1]: shard('a', 'c'),
  [SHARD_2]: shard('b', 'extra'),
}
const openWith = (changes: Record<string, Uint8Array | string | undefined>) => {
  const files = Object.entries({ ...BASE_FILES, ...changes }).flatMap(([name, data]) =>
    data === undefined ? [] : [[name, data] as const],
  )
  return openCheckpoint(openMemory(Object.fromEntries(files), 'the folder'))
}

let server: FileServer | undefined
afterEach(() => server?.close())

test('lists every tensor of all shards with its file, and keeps the configs unchanged', async () => {
  const checkpoint = await openWith({ 'generation_config.json': '{"temperature":0.6}' })
  expect([...checkpoint.tensors].map(([name, entry]) => [name, entry.file])).toEqual([
    ['a', SHARD_1],
    ['c', SHARD_1],
    ['b', SHARD_2],
    ['extra', SHARD_2],
  ])
  expect(checkpoint.files).toEqual([
    { name: SHARD_1, bytes: BASE_FILES[SHARD_1]?.length },
    { name: SHARD_2, bytes: BASE_FILES[SHARD_2]?.length },
  ])
  expect(checkpoint.config).toEqual({ model_type: 'deepseek_v3' })
  expect(checkpoint.generationConfig).toEqual({ temperature: 0.6 })
})

test('opens a single file over HTTP from a host that sends a web page for unknown addresses', async () => {
  server = await startFileServer({
    'config.json': new TextEncoder().encode('{}'),
    'model.safetensors': shard('a'),
  })
  server.intercept = (_, response, body) => {
    if (body.length > 0) return false
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
    return true
  }
  const checkpoint = await openCheckpoint(openHttp(server.url))
  expect([...checkpoint.tensors.keys()]).toEqual(['a'])
  expect(checkpoint.generationConfig).toBeUndefined()
})

test.each([
  ['no config', { 'config.json': undefined }, { code: 'not_found', file: 'config.json' }],
  [
    'no weights',
    { 'model.safetensors.index.json': undefined, [SHARD_1]: undefined, [SHARD_2]: undefined },
    { code: 'not_found', file: 'model.safetensors' },
  ],
  [
    'an index of which no shard is there',
    { [SHARD_1]: undefined, [SHARD_2]: undefined },
    { code: 'not_found', file: SHARD_2, tensor: 'b' },
  ],
  [
    'a truncated shard',
    { [SHARD_2]: BASE_FILES[SHARD_2]?.subarray(0, -40) },
    { code: 'bad_file', file: SHARD_2, tensor: 'b' },
  ],
  [
    'a shard cut in its header',
    { [SHARD_2]: BASE_FILES[SHARD_2]?.subarray(0, 20) },
    { code: 'bad_file', file: SHARD_2, tensor: 'b' },
  ],
  [
    'a tensor in two shards',
    { [SHARD_2]: shard('b', 'a') },
    { code: 'bad_file', file: SHARD_2, tensor: 'a' },
  ],
])('rejects %s', async (_, changes, expected) => {
  await expect(openWith(changes)).rejects.toMatchObject(expected)
})

test.each([
  '../x.safetensors',
  '/x.safetensors',
  'http://evil/x.safetensors',
  'sub/x.safetensors',
  'x\\y.safetensors',
  '.safetensors',
  'C:x.safetensors',
  'x.bin',
  'x.safetensors\n',
  '',
  7,
  null,
  ['x.safetensors'],
])('rejects an index that names the shard %j', async (name) => {
  const changes = { 'model.safetensors.index.json': indexOf({ a: SHARD_1, evil: name }) }
  await expect(openWith(changes)).rejects.toMatchObject({
    code: 'bad_file',
    file: 'model.safetensors.index.json',
    tensor: 'evil',
  })
})

test.each([
  '[]',
  '{}',
  '{"weight_map":[]}',
  '{"weight_map":{}}',
  `{"weight_map":{"a":"${SHARD_1}","a":"${SHARD_2}"}}`,
  `{"weight_map":{"__proto__":"${SHARD_1}"}}`,
  '{"weight_map":',
])('rejects a malformed index: %s', async (index) => {
  const file = 'model.safetensors.index.json'
  await expect(openWith({ [file]: index })).rejects.toMatchObject({ code: 'bad_file', file })
})

test('reads at most six headers at once, and the first failure stops the rest', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `s${String(i).padStart(2, '0')}.safetensors`)
  const files: Record<string, Uint8Array | string> = {
    'config.json': '{}',
    'model.safetensors.index.json': indexOf(Object.fromEntries(names.map((name, i) => [`t${i}`, name]))),
  }
  for (const [i, name] of names.entries()) files[name] = shard(`t${i}`)
  const memory = openMemory(files)
  let inFlight = 0
  let maxInFlight = 0
  let reads = 0
  const slow = (failing: string): Source => ({
    ...memory,
    async read(path, start, end, signal) {
      if (path.endsWith('.json')) return await memory.read(path, start, end, signal)
      reads++
      maxInFlight = Math.max(maxInFlight, ++inFlight)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inFlight--
      return await memory.read(path === failing ? 'gone' : path, start, end, signal)
    },
  })
  expect((await openCheckpoint(slow(''))).tensors.size).toBe(40)
  expect(maxInFlight).toBe(6)
  reads = 0
  await expect(openCheckpoint(slow('s03.safetensors'))).rejects.toMatchObject({ code: 'not_found' })
  expect(reads).toBeLessThan(13)
  await expect(openCheckpoint(slow(''), AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
})

test('rejects a config that repeats a key', async () => {
  for (const file of ['config.json', 'generation_config.json']) {
    for (const name of ['hidden_size', '__proto__']) {
      const folder = openWith({ [file]: `{"${name}":{},"${name}":{}}` })
      await expect(folder).rejects.toMatchObject({
        code: 'bad_file',
        file,
        message: expect.stringContaining(name),
      })
    }
  }
})
