// Answers: is the calculator exact? Against the models' own config.json, and against known bytes per token.
import { expect, test } from 'vitest'
import * as claims from '../../src/app/bench/state/claims.ts'
import {
  cacheBytes,
  costOf,
  type Form,
  formsOf,
  PRECISIONS,
  type Precision,
} from '../../src/app/bench/state/formula.ts'
import { PUBLISHED_SHAPES, type PublishedName, publishedShape } from '../../src/app/bench/state/published.ts'
import { PUBLISHED } from '../../src/cli/published-configs.ts'
import { type CacheKind, recordBytes } from '../../src/models/cache-form.ts'
import { describeModel } from '../../src/models/describe.ts'

const configs = PUBLISHED_SHAPES.flatMap(({ name, shape }) => {
  const config = PUBLISHED[name]
  return config ? [{ name, shape, spec: describeModel(config) }] : []
})

test('all but two of the models have a config to be compared with', () => {
  const without = PUBLISHED_SHAPES.filter((model) => !configs.some(({ name }) => name === model.name))
  expect(without.map(({ name }) => name)).toEqual(['DeepSeek-67B', 'Llama-3-70B'])
})

test.each(configs)('$name is as its config says', ({ shape, spec }) => {
  const { attention } = spec
  const own = attention.kind === 'latent' ? 'latent' : 'own'
  expect(shape.layers).toBe(spec.layers.length)
  expect(shape.heads).toBe(attention.heads)
  const numbers = 'f16'
  const kept = (kind: CacheKind) => recordBytes(attention, { kind, numbers })
  expect(costOf(shape, own, numbers).recordBytes).toBe(kept(attention.kind))
  if (attention.kind === 'latent') {
    expect(costOf(shape, 'latent', 'fp8').recordBytes).toBe(kept('latent-fp8'))
    expect(costOf(shape, 'standard', numbers).recordBytes).toBe(kept('standard'))
    expect(costOf(shape, 'mqa', numbers).recordBytes).toBe(kept('mqa'))
    // Where 8 does not divide the heads, a real cache keeps fewer.
    if (attention.heads % 8 === 0) expect(costOf(shape, 'gqa-8', numbers).recordBytes).toBe(kept('gqa-8'))
  }
  expect(shape.rope).toBe(attention.rope)
  expect(shape.value).toBe(attention.value)
  expect(shape.latent).toBe(attention.kind === 'latent' ? attention.latent : 0)
  expect(shape.kvHeads).toBe(attention.kind === 'latent' ? attention.heads : attention.kvHeads)
})

// Bytes per token of all layers: 16 bits, 8 bits, with scales; keys and values of all heads in 16 bits, as the papers count them.
test.each<[PublishedName, number, number, number, number, number]>([
  ['V2-Lite', 31_104, 15_552, 17_712, 276_480, 221_184],
  ['Moonlight', 31_104, 15_552, 17_712, 276_480, 221_184],
  ['V2', 69_120, 34_560, 39_360, 4_915_200, 3_932_160],
  ['V3', 70_272, 35_136, 40_016, 4_997_120, 3_997_696],
  ['Kimi-K2', 70_272, 35_136, 40_016, 2_498_560, 1_998_848],
  ['GLM-4.7-Flash', 54_144, 27_072, 30_832, 962_560, 481_280],
])('%s keeps %i bytes a token', (name, f16, plain, scaled, standard, paper) => {
  const cost = (form: Form, precision: Precision) =>
    costOf(publishedShape(name), form, precision).bytesPerToken
  expect(cost('latent', 'f16')).toBe(f16)
  expect(cost('latent', 'f32')).toBe(2 * f16)
  expect(cost('latent', 'fp8-plain')).toBe(plain)
  expect(cost('latent', 'fp8-flash')).toBe(scaled)
  expect(cost('standard', 'f16')).toBe(standard)
  expect(cost('paper', 'f16')).toBe(paper)
})

test.each<[PublishedName, number, number]>([
  ['R1-Distill-Qwen-1.5B', 28_672, 1 / 6],
  ['Llama-3-70B', 327_680, 1 / 8],
  ['DeepSeek-67B', 389_120, 1 / 8],
])('%s, without a latent, keeps %i bytes a token', (name, bytes, share) => {
  const own = costOf(publishedShape(name), 'own', 'f16').bytesPerToken
  expect(own).toBe(bytes)
  expect(own / costOf(publishedShape(name), 'standard', 'f16').bytesPerToken).toBeCloseTo(share, 12)
})

test('a record of DeepSeek with scales has 656 bytes, and heads are scaled one by one', () => {
  expect(costOf(publishedShape('V3'), 'latent', 'fp8-flash').recordBytes).toBe(656)
  expect(costOf(publishedShape('V3'), 'latent', 'fp8').recordBytes).toBe(648)
  // A key of 192 needs two scales, a value of 128 one.
  expect(costOf(publishedShape('V3'), 'gqa-8', 'fp8-flash').recordBytes).toBe(8 * (192 + 8 + 128 + 4))
  expect(costOf(publishedShape('V3'), 'mqa', 'f16').recordBytes).toBe(2 * (192 + 128))
})

test('formulas are written with their numbers, and come to what they say', () => {
  const v2Lite = costOf(publishedShape('V2-Lite'), 'standard', 'f16')
  expect(v2Lite.symbols).toBe('layers × heads × (nope + rope + value) × 2')
  expect(v2Lite.filled).toBe('27 × 16 × (128 + 64 + 128) × 2')
  for (const { shape } of PUBLISHED_SHAPES) {
    for (const form of formsOf(shape)) {
      for (const precision of PRECISIONS) {
        const { filled, bytesPerToken } = costOf(shape, form, precision)
        expect(evaluated(filled), filled).toBe(bytesPerToken)
      }
    }
  }
})

test('caches are made of whole pages of 64 tokens', () => {
  expect(cacheBytes(100, 1)).toBe(6400)
  expect(cacheBytes(100, 64)).toBe(6400)
  expect(cacheBytes(100, 65)).toBe(12_800)
  expect(cacheBytes(31_104, 32_768)).toBe(31_104 * 32_768)
})

test('the claims come from where they are said to come from', () => {
  expect(1 - claims.v2Against67B.share).toBeCloseTo(0.9334, 4)
  expect([claims.v2Against67B.bytes, claims.v2Against67B.against]).toEqual([25_920, 389_120])
  expect(1 - claims.v2Against67BEqual.share).toBeCloseTo(0.8224, 4)
  expect(claims.v2AgainstItself.share).toBeCloseTo(0.0141, 4)
  expect(claims.smallPair).toMatchObject({ numbers: 15_552, against: 110_592 })
  expect(claims.largePair).toMatchObject({ numbers: 34_560, against: 860_160 })
  expect(claims.equalGroups).toBe(2.25)
  expect(claims.headsWithinClaim('standard')).toEqual({ least: 14, most: 36 })
  expect(claims.headsWithinClaim('paper')).toEqual({ least: 18, most: 45 })
  const within = claims.SHARES.filter(({ own }) => claims.withinClaim(own)).map(({ name }) => name)
  expect(within).toEqual(['V2-Lite', 'Moonlight', 'GLM-4.7-Flash'])
})

/** What a formula comes to: sums, products, rounding up to whole 128ths, brackets. */
function evaluated(formula: string): number {
  const program = formula
    .replaceAll(',', '')
    .replaceAll('×', '*')
    .replaceAll('⌈', 'Math.ceil(')
    .replaceAll('⌉', ')')
  expect(program).toMatch(/^(?:[\d.()*+/ ]|Math\.ceil)+$/)
  return Number(new Function(`return ${program}`)())
}
