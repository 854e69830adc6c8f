// Tests of the safetensors header: valid ones are read correctly, invalid ones rejected with a named error.
import { expect, test } from 'vitest'
import type { HadalError } from '../../src/lib/error.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { readHeader } from '../../src/weights/safetensors.ts'
import { readJson } from '../../src/weights/source.ts'
import { MAX_REFUSAL_WORK, measureWork } from '../support/work.ts'
import { makeSafetensors, noise, rawSafetensors } from './make-safetensors.ts'

const FILE = 'model.safetensors'
const read = async (bytes: Uint8Array) => (await readHeader(openMemory({ [FILE]: bytes }), FILE)).entries
const entry = (dtype: unknown, shape: unknown, ...offsets: unknown[]) => ({
  dtype,
  shape,
  data_offsets: offsets,
})

test('orders tensors by their bytes, not by name, at any alignment', async () => {
  const bytes = rawSafetensors(
    `${JSON.stringify({
      z: entry('BF16', [2, 3], 1, 13),
      __metadata__: { format: 'pt', anything: '{"dtype":1}' },
      a: entry('U8', [1], 0, 1),
      none: entry('F32', [0, 7], 13, 13),
      scalar: entry('F64', [], 13, 21),
    })}   `,
    noise(21, 1),
  )
  const start = bytes.length - 21
  expect(await read(bytes)).toEqual([
    { name: 'a', dtype: 'U8', shape: [1], file: FILE, start, end: start + 1 },
    { name: 'z', dtype: 'BF16', shape: [2, 3], file: FILE, start: start + 1, end: start + 13 },
    { name: 'none', dtype: 'F32', shape: [0, 7], file: FILE, start: start + 13, end: start + 13 },
    { name: 'scalar', dtype: 'F64', shape: [], file: FILE, start: start + 13, end: start + 21 },
  ])
})

test('reads a header larger than the first read, and an empty file', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`layer.${i}`, ['F16', [2, 2], noise(8, i)] as const]),
  )
  const bytes = makeSafetensors(many)
  expect(bytes.length).toBeGreaterThan(300_000)
  const entries = await read(bytes)
  expect(entries).toHaveLength(5000)
  expect(entries[4321]?.name).toBe('layer.4321')
  expect(await read(rawSafetensors('{}', new Uint8Array(0)))).toEqual([])
})

const DATA = noise(16, 2)
const ENTRY_A = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
const ENTRY_B = '"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}'
const headerWith = (b: object | string) => `{${ENTRY_A},"b":${typeof b === 'string' ? b : JSON.stringify(b)}}`

test.each([
  ['too few bytes', new Uint8Array(7), 'too few'],
  ['length beyond the file', rawSafetensors(`{${ENTRY_A},${ENTRY_B}}`, DATA, 5000n), 'truncated: its header'],
  ['length beyond 100 MB', rawSafetensors('{}', DATA, 100_000_001n), 'at most'],
  ['length of 2^63', rawSafetensors('{}', DATA, 2n ** 63n), 'at most'],
  ['not JSON', rawSafetensors(`{${ENTRY_A},`, DATA), 'not valid JSON'],
  ['a list', rawSafetensors('[1]', DATA), 'does not begin'],
  ['leading blanks', rawSafetensors(` {${ENTRY_A},${ENTRY_B}}`, DATA), 'does not begin'],
  ['an empty header', rawSafetensors('', DATA), 'does not begin'],
  [
    'not UTF-8',
    rawSafetensors(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), DATA),
    'not valid JSON',
  ],
  ['deep nesting', rawSafetensors(`{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`, DATA), 'deeper than 8'],
  ['the same name twice', rawSafetensors(`{${ENTRY_A},${ENTRY_B},${ENTRY_A}}`, DATA), 'names "a" twice'],
  ['twice by escape', rawSafetensors(`{${ENTRY_A},"\\u0061":${ENTRY_B.slice(4)}}`, DATA), 'names "a" twice'],
  [
    'a field twice',
    rawSafetensors(headerWith('{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[8,16]}'), DATA),
    '"dtype" twice',
  ],
  ['__proto__', rawSafetensors(`{${ENTRY_A},"__proto__":${ENTRY_B.slice(4)}}`, DATA), '"__proto__"'],
  [
    '__proto__ in an entry',
    rawSafetensors(headerWith('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}'), DATA),
    '"__proto__"',
  ],
])('rejects %s', async (_, bytes, says) => {
  await expect(read(bytes)).rejects.toMatchObject({
    code: 'bad_file',
    file: FILE,
    message: expect.stringContaining(says),
  })
})

test.each([
  ['not an object', 7, 'not an object'],
  ['null', 'null', 'not an object'],
  ['no dtype', { shape: [2], data_offsets: [8, 16] }, 'without a dtype'],
  ['negative size', entry('F32', [-2], 8, 16), 'whole numbers'],
  ['minus zero', '{"dtype":"F32","shape":[-0],"data_offsets":[8,16]}', 'whole numbers'],
  ['fraction', entry('F32', [1.5], 8, 16), 'whole numbers'],
  ['text as size', entry('F32', ['2'], 8, 16), 'whole numbers'],
  ['size beyond 2^53', '{"dtype":"F32","shape":[9007199254740993],"data_offsets":[8,16]}', 'whole numbers'],
  ['product beyond 2^53', entry('F32', [2 ** 30, 2 ** 30], 8, 16), 'overflows'],
  ['a product that wraps at 2^64', entry('U8', [2 ** 32, 2 ** 32], 8, 8), 'overflows'],
  ['one offset', entry('F32', [2], 8), 'begin and end'],
  ['three offsets', entry('F32', [2], 8, 16, 16), 'begin and end'],
  ['end before begin', entry('F32', [2], 16, 8), 'begin and end'],
  ['offset of 1e300', entry('F32', [2], 8, 1e300), 'whole numbers'],
  ['span too long', entry('F32', [2], 8, 15), 'span has 7'],
  ['span of the wrong type', entry('F16', [2], 8, 16), 'is 4 bytes, its span has 8'],
  ['overlap', entry('F32', [3], 4, 16), 'overlaps'],
  ['the same bytes', entry('F32', [2], 0, 8), 'overlaps'],
  ['gap', entry('F32', [1], 12, 16), '4 unclaimed bytes'],
  ['beyond the file', entry('F32', [4], 8, 24), 'truncated'],
])('rejects and names the tensor: %s', async (_, b, says) => {
  const wrong = read(rawSafetensors(headerWith(typeof b === 'number' ? String(b) : b), DATA))
  await expect(wrong).rejects.toMatchObject({ code: 'bad_file', file: FILE, tensor: 'b' })
  await expect(wrong).rejects.toThrow(says)
})

test('rejects bytes after the last tensor', async () => {
  await expect(read(rawSafetensors(`{${ENTRY_A}}`, DATA))).rejects.toThrow(
    'has 8 bytes after its last tensor',
  )
})

test.each(['f32', 'constructor', 'toString', 'F4 ', 'F32\n', `F${'0'.repeat(16)}`, ''])(
  'refuses %j, which is no type',
  async (dtype) => {
    const error: HadalError = await read(rawSafetensors(headerWith(entry(dtype, [2], 8, 16)), DATA)).then(
      () => expect.fail(),
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code: 'unsupported', file: FILE, tensor: 'b' })
    expect(error.message).toContain(JSON.stringify(dtype))
  },
)

test.each(['F4', 'C64', 'F8_E4M3FNUZ'])(
  'reads a header with %s, a type it does not know, by its offsets alone',
  async (dtype) => {
    const entries = await read(rawSafetensors(headerWith(entry(dtype, [3, 5], 8, 16)), DATA))
    expect(entries[1]).toMatchObject({ name: 'b', dtype, shape: [3, 5] })
    const overlapping = read(rawSafetensors(headerWith(entry(dtype, [1], 4, 16)), DATA))
    await expect(overlapping).rejects.toThrow('overlaps')
    await expect(read(rawSafetensors(headerWith(entry(dtype, [1], 8, 24)), DATA))).rejects.toThrow(
      'truncated',
    )
  },
)

test('says so where Git has left a pointer in place of the file', async () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 123456\n`
  const error = { code: 'bad_file', file: FILE, hint: expect.stringContaining('git lfs pull') }
  await expect(read(new TextEncoder().encode(pointer))).rejects.toMatchObject(error)
  const folder = openMemory({ [FILE]: pointer })
  await expect(readJson(folder, FILE, { maxBytes: 1000 })).rejects.toMatchObject(error)
})

test('rejects a hostile header of many megabytes cheaply', async () => {
  const many = Array.from(
    { length: 100_000 },
    (_, i) => `"t${i}":{"dtype":"U8","shape":[],"data_offsets":[0,1]}`,
  )
  const long = 'x'.repeat(8e6)
  const empty = Array.from({ length: 600_001 }, (_, i) => `"${i}":{}`)
  const headers = [
    `{${many.join(',')}}`,
    `{"${long}":1,"${long}":2}`,
    `{"a":${'['.repeat(8e6)}`,
    `{${empty.join(',')}}`,
  ]
  for (const header of headers) {
    const bytes = rawSafetensors(header, DATA)
    const { work } = await measureWork(MAX_REFUSAL_WORK, () =>
      expect(read(bytes)).rejects.toMatchObject({ code: 'bad_file' }),
    )
    expect(work).toBeLessThan(MAX_REFUSAL_WORK)
  }
})
