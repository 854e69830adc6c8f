// Fuzz test of the safetensors reader: a mutated header never crashes, stalls or misleads it. Seeded.
import { expect, test } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { readHeader, type TensorEntry } from '../../src/weights/safetensors.ts'
import { seededRandom } from '../support/numbers.ts'
import { makeSafetensors, noise, rawSafetensors } from './make-safetensors.ts'

const MUTATIONS = 20_000
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
}

/**
 * How accepted entries contradict the file, computed independently of the reader in BigInt; undefined if they
 * do not.
 */
function contradictionIn(bytes: Uint8Array, entries: readonly TensorEntry[]): string | undefined {
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + Number(headerBytes)))
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }> = JSON.parse(text)
  let end = 8n + headerBytes
  const names = new Set<string>()
  for (const entry of entries) {
    const stated = Object.getOwnPropertyDescriptor(header, entry.name)?.value
    // The size of other types is not known, but they are named as types are.
    const size = ELEMENT_BYTES[entry.dtype]
    if (size === undefined && !/^[A-Z][A-Z0-9_]*$/.test(entry.dtype)) return `${entry.name} has no type`
    const span = entry.shape.reduce((product, n) => product * BigInt(n), BigInt(size ?? 0))
    if (BigInt(entry.start) !== end) return `${entry.name} does not follow the one before`
    if (size !== undefined && BigInt(entry.end) - BigInt(entry.start) !== span)
      return `${entry.name} has another span than its shape`
    if (stated?.dtype !== entry.dtype || `${stated.shape}` !== `${entry.shape}`)
      return `${entry.name} is not what was stated`
    if (BigInt(stated.data_offsets[0]) + 8n + headerBytes !== BigInt(entry.start))
      return `${entry.name} is elsewhere`
    names.add(entry.name)
    end = BigInt(entry.end)
  }
  if (end !== BigInt(bytes.length)) return 'bytes are left over'
  const stated = Object.keys(header).filter((name) => name !== '__metadata__')
  if (names.size !== entries.length || stated.some((name) => !names.has(name))) return 'names differ'
  // Each accepted tensor must be written exactly once: a dtype can occur only as often as there are tensors.
  const written = text.match(/"dtype"\s*:\s*"/g)?.length ?? 0
  return written > entries.length && !text.includes('__metadata__') ? 'a tensor was written twice' : undefined
}

const NUMBERS = [
  '0',
  '-1',
  '1.5',
  '1e3',
  '-0',
  '9007199254740993',
  '18446744073709551616',
  '1e999',
  '4294967296',
  '8',
  '16',
]
const TEXTS = [
  '"F32"',
  '"U8"',
  '"BF16"',
  '"__proto__"',
  '"a"',
  '"dtype"',
  '"\\u0061"',
  'null',
  '[]',
  '{}',
  'true',
  '""',
  ':',
  ',',
]

function mutate(header: string, random: () => number): string {
  const pick = <T>(list: readonly T[], fallback: T): T => list[Math.floor(random() * list.length)] ?? fallback
  const at = Math.floor(random() * header.length)
  const to = Math.min(header.length, at + 1 + Math.floor(random() * 40))
  switch (Math.floor(random() * 8)) {
    case 0: // another byte
      return header.slice(0, at) + String.fromCharCode(Math.floor(random() * 127)) + header.slice(at + 1)
    case 1: // another number
    case 2: {
      const all = [...header.matchAll(/\d+/g)]
      const match = all[Math.floor(random() * all.length)]
      const from = match?.index ?? 0
      const near = String(Math.max(0, Number(match?.[0]) + Math.floor(random() * 5) - 2))
      return (
        header.slice(0, from) +
        pick([...NUMBERS, near, near], '0') +
        header.slice(from + (match?.[0].length ?? 0))
      )
    }
    case 3: // another text
      return header.replace(pick(header.match(/"[^"]*"/g) ?? [], '"'), () => pick(TEXTS, ''))
    case 4: // a part removed
      return header.slice(0, at) + header.slice(to)
    case 5: // a part duplicated
      return header.slice(0, to) + header.slice(at)
    case 6: {
      // an entry duplicated or moved
      const entries = header.match(/"[^"]*":\{[^}]*\}/g) ?? []
      return header.replace(pick(entries, ''), (first) => `${first},${pick(entries, first)}`)
    }
    default: // two numbers swapped
      return header.replace(/\[(\d+),(\d+)\]/, '[$2,$1]')
  }
}

test(`${MUTATIONS} mutated files give a named error or a correct result`, async () => {
  const bases = [
    makeSafetensors({
      a: ['F32', [2, 3], noise(24, 1)],
      'b.weight': ['F8_E4M3', [5], noise(5, 2)],
      c: ['BF16', [], noise(2, 3)],
    }),
    makeSafetensors({ only: ['U8', [16], noise(16, 4)] }),
    rawSafetensors(
      '{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},' +
        '"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}',
      noise(16, 5),
    ),
  ]
  const random = seededRandom(20260101)
  let accepted = 0
  for (let round = 0; round < MUTATIONS; round++) {
    const base = bases[round % bases.length] ?? noise(0, 0)
    const headerBytes = Number(new DataView(base.buffer).getBigUint64(0, true))
    let header = new TextDecoder().decode(base.subarray(8, 8 + headerBytes))
    for (let i = Math.floor(random() * 3); i >= 0; i--) header = mutate(header, random)
    let data = base.subarray(8 + headerBytes)
    if (random() < 0.1) data = data.subarray(0, Math.floor(random() * data.length))
    const length = random() < 0.1 ? BigInt(Math.floor(2 ** (random() * 62))) : undefined
    const bytes = rawSafetensors(header, data, length)
    try {
      const { entries } = await readHeader(openMemory({ f: bytes }), 'f')
      accepted++
      const contradiction = contradictionIn(bytes, entries)
      if (contradiction) expect.fail(`run ${round}: ${contradiction}: ${header}`)
    } catch (error) {
      if (!(error instanceof HadalError)) throw new Error(`run ${round}: ${header}`, { cause: error })
      expect(['bad_file', 'unsupported']).toContain(error.code)
      expect(error.file).toBe('f')
      expect(error.message.length).toBeLessThan(600)
    }
  }
  expect(accepted).toBeGreaterThan(MUTATIONS / 100) // otherwise the mutations are too wild to test anything
  expect(accepted).toBeLessThan(MUTATIONS / 2)
})
