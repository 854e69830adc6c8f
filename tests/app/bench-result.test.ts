// Tests of importing and exporting benchmark results: validation of hostile files, JSON and CSV output.
import { expect, test } from 'vitest'
import { toCsv } from '../../src/app/bench/state/csv.ts'
import { MAX_RESULT_BYTES, readResult } from '../../src/app/bench/state/read-result.ts'
import {
  compareLatentWithStandard,
  copyFraction,
  maxCacheBytes,
} from '../../src/app/bench/state/result-figures.ts'
import type { BenchResult } from '../../src/bench/result.ts'
import { HadalError } from '../../src/lib/error.ts'
import { SAMPLE_RESULT } from '../support/bench-result.ts'

const RESULT_JSON = JSON.stringify(SAMPLE_RESULT)
const changedJson = (change: (result: Record<string, never>) => void): string => {
  const copy = JSON.parse(RESULT_JSON)
  change(copy)
  return JSON.stringify(copy)
}

function rejectionOf(text: string): string {
  try {
    readResult(text, 'some.json')
  } catch (error) {
    if (!(error instanceof HadalError)) throw error
    expect([error.code, error.file]).toEqual(['bad_file', 'some.json'])
    return error.message
  }
  throw new Error('the file was accepted')
}

test('an exported result reads back unchanged', () => {
  expect(readResult(RESULT_JSON, 'some.json')).toEqual(SAMPLE_RESULT)
})

type LooseResult = Record<string, unknown> & {
  rows: Record<string, unknown>[]
  caches: Record<string, unknown>[]
}
test.each<[string, (result: LooseResult) => void, RegExp]>([
  ['another format', (r) => (r.format = 'other'), /^format must be one of hadal-bench/],
  ['another version', (r) => (r.version = 2), /^version must be one of 1/],
  ['no model', (r) => delete r.model, /^model must be an object/],
  ['a list instead of an object', (r) => (r.environment = []), /^environment must be an object/],
  [
    'a number as text',
    (r) => Object.assign(r.model as object, { layers: '4' }),
    /^model\.layers must be a whole number/,
  ],
  ['null in place of a speed', (r) => Object.assign(r.rows[0] ?? {}, { decode: null }), /decode must be an/],
  [
    'a fractional layer count',
    (r) => Object.assign(r.model as object, { layers: 4.5 }),
    /^model\.layers must be a whole/,
  ],
  [
    'negative bytes',
    (r) => Object.assign(r.rows[0] ?? {}, { bytes: -1 }),
    /^rows\[0\]\.bytes must be a whole number of at least 0/,
  ],
  [
    'an absurd duration',
    (r) => Object.assign(r.rows[0]?.decode ?? {}, { ms: 1e300 }),
    /^rows\[0\]\.decode\.ms must be/,
  ],
  [
    'an unknown cache',
    (r) => Object.assign(r.rows[0] ?? {}, { cache: 'constructor' }),
    /^rows\[0\]\.cache must be one of latent, /,
  ],
  ['a duplicate row', (r) => r.rows.push(r.rows[0] ?? {}), /^rows must have one row for each/],
  ['a duplicate cache', (r) => r.caches.push(r.caches[0] ?? {}), /^caches must name each cache once/],
  ['a row without its cache', (r) => r.caches.shift(), /^rows\[0\]\.cache must be one of the caches/],
  [
    'a speed for a wrong result',
    (r) => Object.assign(r.rows[2] ?? {}, { decode: r.rows[0]?.decode }),
    /^rows\[2\] must have no speed/,
  ],
  [
    'too many rows',
    (r) => (r.rows = Array.from({ length: 257 }, () => ({}))),
    /^rows must have 256 entries or fewer/,
  ],
  [
    'a long name',
    (r) => Object.assign(r.model as object, { name: 'x'.repeat(301) }),
    /^model\.name must have 300/,
  ],
  ['an invalid date', (r) => (r.date = 'yesterday'), /^date must be a time/],
  [
    'more equal tokens than tokens',
    (r) => Object.assign(r.caches[0] ?? {}, { check: { verdict: 'near', tokens: 3, equal: 4, meanKl: 0 } }),
    /check\.equal must be a whole number from 0 to 3/,
  ],
])('%s is rejected with the name of the field', (_, change, rule) => {
  expect(rejectionOf(changedJson(change as never))).toMatch(rule)
})

test('files that are no JSON, no object or too large are rejected', () => {
  expect(rejectionOf('cache,context\r\n')).toMatch(/not JSON/)
  expect(rejectionOf('null')).toMatch(/must be an object/)
  expect(rejectionOf(' '.repeat(MAX_RESULT_BYTES + 1))).toMatch(/larger than a result/)
  expect(rejectionOf(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toMatch(/must be an object|not JSON/)
})

test('inherited fields are ignored and unknown ones dropped', () => {
  const text = RESULT_JSON.replace('{', '{"__proto__":{"polluted":1},"extra":"<img src=x onerror=alert(1)>",')
  const result = readResult(text, 'some.json') as BenchResult & Record<string, unknown>
  expect(result).toEqual(SAMPLE_RESULT)
  expect([result.polluted, result.extra, ({} as Record<string, unknown>).polluted]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(rejectionOf(JSON.stringify({ __proto__: null, format: 'hadal-bench', version: 1 }))).toMatch(/^date/)
})

test('control and bidi characters are removed from texts', () => {
  const text = changedJson((result) =>
    Object.assign(result.model ?? {}, { name: 'a\u202Eb\u0000c\u200Bd\ne' }),
  )
  expect(readResult(text, 'some.json').model.name).toBe('a b c d e')
})

test('a mutated file is either valid or rejected with a HadalError', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  let refused = 0
  for (let round = 0; round < 2000; round++) {
    const at = random(RESULT_JSON.length)
    const text = RESULT_JSON.slice(0, at) + '"0-{[,}]9e'[random(10)] + RESULT_JSON.slice(at + 1 + random(4))
    try {
      const result = readResult(text, 'some.json')
      expect(Number.isFinite(result.rows[0]?.bytes)).toBe(true)
    } catch (error) {
      expect(error).toBeInstanceOf(HadalError)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(1000)
})

test('CSV has every number and no cell that a spreadsheet would execute', () => {
  const hostile = {
    ...SAMPLE_RESULT,
    model: { ...SAMPLE_RESULT.model, name: '=HYPERLINK("http://x.example","a,b")' },
  }
  const lines = toCsv([hostile]).split('\r\n')
  expect(lines).toHaveLength(1 + SAMPLE_RESULT.rows.length + 1)
  expect(lines[0]?.split(',').slice(0, 3)).toEqual(['date', 'hadal', 'host'])
  expect(lines[1]).toContain(`"'=HYPERLINK(""http://x.example"",""a,b"")"`)
  expect(lines[1]).toContain(
    ',latent,64,73728,73728,1152,288,466048,500,2,1.8,2.4,host,' +
      '125,8,7.2,9.6,73728,1000000000,0.036864,equal,,',
  )
  expect(lines[3]).toMatch(/,wrong,,wrong$/)
  expect(toCsv([{ ...SAMPLE_RESULT, rows: [] }])).toBe('\r\n')
})

test('the summary uses the longest context that both caches have', () => {
  const summary = compareLatentWithStandard(SAMPLE_RESULT)
  expect(summary).toMatchObject({ context: 128, faster: undefined })
  expect(summary?.less).toBeCloseTo(5120 / 1152, 12)
  const [first] = SAMPLE_RESULT.rows
  expect(first && copyFraction(SAMPLE_RESULT, first)).toBeCloseTo(73_728 / 0.002 / 1e9, 12)
  expect(maxCacheBytes(SAMPLE_RESULT)).toBe(466_048 * 1152)
})
