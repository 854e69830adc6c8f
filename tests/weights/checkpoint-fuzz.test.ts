// Answers: does any mutated index crash the reader, hang it, lead it out of the folder, or make it believe a lie? Seeded.
import { describe, expect, test } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { type Checkpoint, openCheckpoint } from '../../src/weights/checkpoint.ts'
import { openMemory } from '../../src/weights/memory.ts'
import type { Source } from '../../src/weights/source.ts'
import { LITTLE, withWork } from '../support/work.ts'
import { noise, safetensorsOf, seeded } from './make-safetensors.ts'

const mutations = 5000
const index = 'model.safetensors.index.json'
const shards = ['a-1.safetensors', 'a-2.safetensors', 'a-3.safetensors']
const shardOf = (...names: string[]) =>
  safetensorsOf(Object.fromEntries(names.map((name, i) => [name, ['F32', [2], noise(8, i)] as const])))

/** A folder that also holds what an index must not reach, and notes every path asked for. */
function folder(
  text: string,
  files: Record<string, Uint8Array | string> = {},
): { source: Source; asked: Set<string> } {
  const asked = new Set<string>()
  const memory = openMemory({
    'config.json': '{}',
    [index]: text,
    'a-1.safetensors': shardOf('x', 'y'),
    'a-2.safetensors': shardOf('z', 'deep.name'),
    'a-3.safetensors': shardOf('last'),
    'sub/a-1.safetensors': shardOf('x', 'y'),
    'secret.txt': 'secret',
    ...files,
  })
  const note = <T>(path: string, act: () => Promise<T>) => {
    asked.add(path)
    return act()
  }
  return {
    asked,
    source: {
      name: memory.name,
      size: (path, signal) => note(path, () => memory.size(path, signal)),
      read: (path, start, end, signal) => note(path, () => memory.read(path, start, end, signal)),
      exists: (path, signal) => note(path, () => memory.exists(path, signal)),
    },
  }
}

const names = [
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
const values = [
  ...names,
  ...names,
  'null',
  '7',
  '[]',
  '{}',
  'true',
  '["a-1.safetensors"]',
  '1e999',
  '{"a":"a-1.safetensors"}',
]

const tensors = [
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
  const at = Math.floor(random() * text.length)
  switch (Math.floor(random() * 8)) {
    case 0: // another shard
    case 1:
      return text.replace(member, () => `${member.split(':')[0]}:${pick(values)}`)
    case 2: // another tensor
      return text.replace(member, () => `${pick(tensors)}:${member.split(':')[1]}`)
    case 3: // one more, perhaps twice
      return text.replace(member, () => `${member},${pick(tensors)}:${pick(values)}`)
    case 4: // one less
      return text.replace(`${member},`, '').replace(`,${member}`, '')
    case 5: // another byte
      return text.slice(0, at) + String.fromCharCode(Math.floor(random() * 127)) + text.slice(at + 1)
    case 6: // a part lost
      return text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 20))
    default: // a part twice
      return text.slice(0, at + Math.floor(random() * 20)) + text.slice(at)
  }
}

/** What must hold of a folder that was accepted. */
function lieIn(text: string, { tensors: found }: Checkpoint): string | undefined {
  const { weight_map } = JSON.parse(text)
  for (const name of Object.getOwnPropertyNames(weight_map)) {
    const said = weight_map[name]
    if (found.get(name)?.file !== said) return `${name} is in ${found.get(name)?.file}, not in ${said}`
    if (text.split(`${JSON.stringify(name)}:`).length > 2) return `${name} is placed twice`
  }
  return undefined
}

test(`${mutations} mutated indexes: an error with a name, or the truth, and never a path out of the folder`, async () => {
  const base = JSON.stringify({
    metadata: { total_size: 40 },
    weight_map: { x: shards[0], y: shards[0], z: shards[1], 'deep.name': shards[1], last: shards[2] },
  })
  const random = seeded(20260203)
  let accepted = 0
  for (let run = 0; run < mutations; run++) {
    let text = base
    for (let i = Math.floor(random() * 3); i >= 0; i--) text = mutate(text, random)
    // At times a shard has another's tensor, or none of its own.
    const files = random() < 0.1 ? { 'a-2.safetensors': shardOf('z', 'x') } : {}
    const { source, asked } = folder(text, files)
    try {
      const checkpoint = await openCheckpoint(source)
      accepted++
      const lie = lieIn(text, checkpoint)
      if (lie) expect.fail(`run ${run}: ${lie}: ${text}`)
    } catch (error) {
      if (!(error instanceof HadalError)) throw new Error(`run ${run}: ${text}`, { cause: error })
      expect(['bad_file', 'not_found']).toContain(error.code)
      expect(error.file, text).toBeTypeOf('string')
      expect(error.message.length).toBeLessThan(600)
    }
    for (const path of asked) expect(path).toMatch(/^[\w-][\w.-]*\.(json|safetensors)$/)
  }
  expect(accepted).toBeGreaterThan(mutations / 50)
  expect(accepted).toBeLessThan(mutations / 2)
})

describe('a giant', () => {
  const map = (count: number, member: (at: number) => string) =>
    `{"weight_map":{${Array.from({ length: count }, (_, at) => member(at)).join(',')}}}`
  test.each<[string, () => string, RegExp]>([
    [
      'index of more members than any model',
      () => map(1_100_000, (at) => `"t${at}":"a-1.safetensors"`),
      /members/,
    ],
    [
      'index of ten million numbers',
      () => `{"metadata":[${'0,'.repeat(10_000_000)}0],"weight_map":{}}`,
      /commas/,
    ],
    ['index beyond its limit of bytes', () => `{"weight_map":{"x":"${'a'.repeat(68_000_000)}"}}`, /at most/],
    ['shard name', () => `{"weight_map":{"x":"${'a'.repeat(60_000_000)}.safetensors"}}`, /plain/],
    ['tensor name', () => `{"weight_map":{"${'a'.repeat(60_000_000)}":"../x"}}`, /plain/],
    ['number of shards', () => map(100_000, (at) => `"t${at}":"s${at}.safetensors"`), /missing/],
  ])('%s is refused for little work', async (_, text, rule) => {
    const { source, asked } = folder(text())
    const { made: error, work } = await withWork(() =>
      openCheckpoint(source).catch((failure: unknown) => failure),
    )
    expect(error).toBeInstanceOf(HadalError)
    expect(error).toMatchObject({ message: expect.stringMatching(rule) })
    expect(String(error).length).toBeLessThan(1000)
    expect(work).toBeLessThan(LITTLE)
    expect(asked.size).toBeLessThan(12)
  })
})
