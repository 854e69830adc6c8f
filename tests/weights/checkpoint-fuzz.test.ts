// Fuzz test of the checkpoint index: a mutated index never crashes, stalls or misleads the reader. Seeded.
import { describe, expect, test } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { type Checkpoint, openCheckpoint } from '../../src/weights/checkpoint.ts'
import { openMemory } from '../../src/weights/memory.ts'
import type { Source } from '../../src/weights/source.ts'
import { seededRandom } from '../support/numbers.ts'
import { MAX_REFUSAL_WORK, measureWork } from '../support/work.ts'
import { makeSafetensors, noise } from './make-safetensors.ts'

const MUTATIONS = 5000
const INDEX_FILE = 'model.safetensors.index.json'
const SHARDS = ['a-1.safetensors', 'a-2.safetensors', 'a-3.safetensors']
const shardOf = (...names: string[]) =>
  makeSafetensors(Object.fromEntries(names.map((name, i) => [name, ['F32', [2], noise(8, i)] as const])))

/** A folder that also holds files an index must not reach; records every requested path. */
function folder(
  text: string,
  files: Record<string, Uint8Array | string> = {},
): { source: Source; requested: Set<string> } {
  const requested = new Set<string>()
  const memory = openMemory({
    'config.json': '{}',
    [INDEX_FILE]: text,
    'a-1.safetensors': shardOf('x', 'y'),
    'a-2.safetensors': shardOf('z', 'deep.name'),
    'a-3.safetensors': shardOf('last'),
    'sub/a-1.safetensors': shardOf('x', 'y'),
    'secret.txt': 'secret',
    ...files,
  })
  const note = <T>(path: string, act: () => Promise<T>) => {
    requested.add(path)
    return act()
  }
  return {
    requested,
    source: {
      name: memory.name,
      size: (path, signal) => note(path, () => memory.size(path, signal)),
      read: (path, start, end, signal) => note(path, () => memory.read(path, start, end, signal)),
      exists: (path, signal) => note(path, () => memory.exists(path, signal)),
    },
  }
}

const SHARD_NAMES = [
  '../a-1.safetensors',
  '/etc/a.safetensors',
  'https://evil.example/a-1.safetensors',
  '//evil.example/a-1.safetensors',
  'sub/a-1.safetensors',
  'a-1.safetensors/../../x.safetensors',
  '..%2fa-1.safetensors',
  'a-1.safetensors\\u0000',
  'file:a-1.safetensors',
  '\\\\\\\\host\\\\a-1.safetensors',
  'A-1.safetensors',
  'a-4.safetensors',
  'secret.txt',
  '..',
  '.',
  '',
  '__proto__',
  'constructor',
  'a-1.safetensors',
  'a-2.safetensors',
  'a-3.safetensors',
  `${'a'.repeat(300)}.safetensors`,
].map((name) => `"${name}"`)
const SHARD_VALUES = [
  ...SHARD_NAMES,
  ...SHARD_NAMES,
  'null',
  '7',
  '[]',
  '{}',
  'true',
  '["a-1.safetensors"]',
  '1e999',
  '{"a":"a-1.safetensors"}',
]

const TENSOR_NAMES = [
  '"x"',
  '"y"',
  '"z"',
  '"deep.name"',
  '"last"',
  '"__proto__"',
  '"toString"',
  '""',
  '"\\u0078"',
  '"X"',
  '"gone"',
]

function mutate(text: string, random: () => number): string {
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? ''
  const members = text.match(/"[^"]*":"a-[^"]*"/g) ?? []
  const member = pick(members)
  const offset = Math.floor(random() * text.length)
  switch (Math.floor(random() * 8)) {
    case 0: // another shard
    case 1:
      return text.replace(member, () => `${member.split(':')[0]}:${pick(SHARD_VALUES)}`)
    case 2: // another tensor
      return text.replace(member, () => `${pick(TENSOR_NAMES)}:${member.split(':')[1]}`)
    case 3: // one more, perhaps a duplicate
      return text.replace(member, () => `${member},${pick(TENSOR_NAMES)}:${pick(SHARD_VALUES)}`)
    case 4: // one fewer
      return text.replace(`${member},`, '').replace(`,${member}`, '')
    case 5: // another byte
      return text.slice(0, offset) + String.fromCharCode(Math.floor(random() * 127)) + text.slice(offset + 1)
    case 6: // a part removed
      return text.slice(0, offset) + text.slice(offset + 1 + Math.floor(random() * 20))
    default: // a part duplicated
      return text.slice(0, offset + Math.floor(random() * 20)) + text.slice(offset)
  }
}

/**
 * How an accepted checkpoint contradicts its index, unless it says so itself: a tensor in no file is promised
 * only, one in another file is a notice.
 */
function contradictionIn(text: string, checkpoint: Checkpoint): string | undefined {
  const { tensors: found, promised, notices } = checkpoint
  const { weight_map } = JSON.parse(text)
  for (const name of Object.getOwnPropertyNames(weight_map)) {
    const stated = weight_map[name]
    const file = found.get(name)?.file ?? promised.get(name)
    const noted = found.has(name) && /wrong file/.test(notices.texts.join())
    if (file !== stated && !noted) return `${name} is in ${file}, not in ${stated}`
    if (found.has(name) && promised.has(name)) return `${name} is both found and promised`
    if (text.split(`${JSON.stringify(name)}:`).length > 2) return `${name} is placed twice`
  }
  return undefined
}

test(`${MUTATIONS} mutated indexes give a named error or the truth, and never leave the folder`, async () => {
  const base = JSON.stringify({
    metadata: { total_size: 40 },
    weight_map: { x: SHARDS[0], y: SHARDS[0], z: SHARDS[1], 'deep.name': SHARDS[1], last: SHARDS[2] },
  })
  const random = seededRandom(20260203)
  let accepted = 0
  for (let round = 0; round < MUTATIONS; round++) {
    let text = base
    for (let i = Math.floor(random() * 3); i >= 0; i--) text = mutate(text, random)
    // Sometimes a shard holds a tensor of another.
    const files = random() < 0.1 ? { 'a-2.safetensors': shardOf('z', 'x') } : {}
    const { source, requested } = folder(text, files)
    try {
      const checkpoint = await openCheckpoint(source)
      accepted++
      const contradiction = contradictionIn(text, checkpoint)
      if (contradiction) expect.fail(`run ${round}: ${contradiction}: ${text}`)
    } catch (error) {
      if (!(error instanceof HadalError)) throw new Error(`run ${round}: ${text}`, { cause: error })
      expect(['bad_file', 'not_found']).toContain(error.code)
      expect(error.file, text).toBeTypeOf('string')
      expect(error.message.length).toBeLessThan(600)
    }
    for (const path of requested) expect(path).toMatch(/^[\w-][\w.-]*\.(json|safetensors)$/)
  }
  expect(accepted).toBeGreaterThan(MUTATIONS / 50)
  expect(accepted).toBeLessThan(MUTATIONS / 2)
})

describe('an oversized index or checkpoint', () => {
  const map = (count: number, member: (offset: number) => string) =>
    `{"weight_map":{${Array.from({ length: count }, (_, offset) => member(offset)).join(',')}}}`
  test.each<[string, () => string, RegExp]>([
    [
      'an index with more members than any model',
      () => map(1_100_000, (offset) => `"t${offset}":"a-1.safetensors"`),
      /members/,
    ],
    [
      'an index with ten million numbers',
      () => `{"metadata":[${'0,'.repeat(10_000_000)}0],"weight_map":{}}`,
      /commas/,
    ],
    ['an index over the size limit', () => `{"weight_map":{"x":"${'a'.repeat(68_000_000)}"}}`, /at most/],
    ['a shard name of 60 MB', () => `{"weight_map":{"x":"${'a'.repeat(60_000_000)}.safetensors"}}`, /plain/],
    ['a tensor name of 60 MB', () => `{"weight_map":{"${'a'.repeat(60_000_000)}":"../x"}}`, /plain/],
    ['100,000 shards', () => map(100_000, (offset) => `"t${offset}":"s${offset}.safetensors"`), /missing/],
  ])('%s is rejected cheaply', async (_, text, rule) => {
    const { source, requested } = folder(text())
    const { result: error, work } = await measureWork(MAX_REFUSAL_WORK, () =>
      openCheckpoint(source).catch((failure: unknown) => failure),
    )
    expect(error).toBeInstanceOf(HadalError)
    expect(error).toMatchObject({ message: expect.stringMatching(rule) })
    expect(String(error).length).toBeLessThan(1000)
    expect(work).toBeLessThan(MAX_REFUSAL_WORK)
    expect(requested.size).toBeLessThan(16)
  })
})
