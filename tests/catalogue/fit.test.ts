// Tests of how listed models fit a device, what is recommended for it, and the search.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { estimateGpuBytes, parseCatalogue } from '../../src/catalogue/catalogue.ts'
import { type CatalogueFilter, fitOf, matches, NO_FILTER, recommend } from '../../src/catalogue/fit.ts'
import { expectDefined } from '../../src/lib/error.ts'
import { memoryRange } from '../../src/lib/memory-range.ts'

const path = join(import.meta.dirname, '..', '..', 'public', 'models.json')
const { models } = parseCatalogue(JSON.parse(readFileSync(path, 'utf8')))
const TOKENS = 8192
const unknown = { guaranteedBytes: 0, maxBytes: Number.POSITIVE_INFINITY }
const named = (name: string) =>
  expectDefined(
    models.find((entry) => entry.name === name),
    name,
  )

test('a model fits as stored, in 4 bits, perhaps, or not', () => {
  const float = named('MiniCPM5 2B')
  const stored = estimateGpuBytes(float, TOKENS)
  const small = estimateGpuBytes(float, TOKENS, 'q4')
  expect(small).toBeLessThan(stored / 2)
  const on = (entry: typeof float, bytes: number) => fitOf(entry, TOKENS, memoryRange(bytes))
  expect(on(float, stored)).toEqual({ fits: true, quantize: 'none', gpuBytes: stored })
  expect(on(float, stored - 1)).toEqual({ fits: true, quantize: 'q4', gpuBytes: small })
  expect(on(float, small - 1)).toMatchObject({ fits: false, quantize: 'q4' })
  expect(fitOf(float, TOKENS, unknown)).toMatchObject({ fits: 'unknown', quantize: 'none' })
  const packed = named('Qwen3 4B Instruct 2507')
  expect(on(packed, estimateGpuBytes(packed, TOKENS) - 1)).toMatchObject({ fits: false, quantize: 'none' })
  // A shorter context takes less; a longer one than the model's own takes no more.
  expect(fitOf(packed, 2048, unknown).gpuBytes).toBeLessThan(fitOf(packed, TOKENS, unknown).gpuBytes)
  const short = named('Moonlight 16B A3B Instruct')
  expect(fitOf(short, 2 ** 20, unknown)).toEqual(fitOf(short, short.contextLength, unknown))
})

test('the best model for conversation that certainly fits is recommended, else a modest one', () => {
  const of = (bytes: number, spaceLeft?: number) =>
    recommend(models, TOKENS, { memory: memoryRange(bytes), spaceLeft })
  const best = expectDefined(of(4 * 2 ** 30), 'for 4 GiB')
  expect(best.reason).toBe('fits')
  const others = models.filter((entry) => {
    const chats = entry.uses.includes('chat') && entry.thinking !== 'always'
    return chats && fitOf(entry, TOKENS, memoryRange(4 * 2 ** 30)).fits === true
  })
  expect(Math.max(...others.map(({ parameters }) => parameters))).toBe(best.entry.parameters)
  const modest = expectDefined(recommend(models, TOKENS, { memory: unknown }), 'without a known size')
  expect(modest.reason).toBe('modest')
  expect(estimateGpuBytes(modest.entry, TOKENS)).toBeLessThanOrEqual(2.5e9)
  expect(of(2 ** 27)).toBeUndefined()
  expect(of(2 ** 40, best.entry.downloadBytes)?.entry.downloadBytes).toBeLessThanOrEqual(
    best.entry.downloadBytes,
  )
  expect(of(2 ** 40, 0)).toBeUndefined()
})

test.each<[Partial<CatalogueFilter>, readonly string[]]>([
  [{ text: 'CODER 30b' }, ['Qwen3 Coder 30B A3B Instruct']],
  [{ text: 'youtu license' }, ['Youtu LLM 2B']],
  [{ text: 'glm4_moe' }, ['GLM 4.7 Flash']],
  [{ text: 'no such model' }, []],
  [{ text: 'qwen3', small: true }, ['Qwen3 0.6B', 'Qwen3 1.7B']],
  [{ text: 'qwen3 2507', thinking: true }, ['Qwen3 4B Thinking 2507']],
  [{ text: 'qwen2', use: 'reasoning', small: true }, ['DeepSeek R1 Distill Qwen 1.5B']],
  [{ text: 'qwen3', fitting: true }, ['Qwen3 0.6B']],
])('%j finds %j', (filter, expected) => {
  const memory = memoryRange(1.5e9)
  const found = models.filter((entry) =>
    matches(entry, fitOf(entry, TOKENS, memory), { ...NO_FILTER, ...filter }),
  )
  expect(found.map(({ name }) => name)).toEqual(expected)
})

test('the search also reads what a model is good at in another language', () => {
  const [first] = models
  const entry = expectDefined(first, 'an entry')
  const filter = { ...NO_FILTER, text: '编程' }
  const fit = fitOf(entry, TOKENS, unknown)
  expect([matches(entry, fit, filter), matches(entry, fit, filter, '擅长编程')]).toEqual([false, true])
})
