// Tests of the KV cache calculator: against the models' own config.json, and known bytes per token.
import { expect, test } from 'vitest'
import * as claims from '../../src/app/bench/state/claims.ts'
import {
  CACHE_PRECISIONS,
  type CachePrecision,
  type CalculatorLayout,
  cacheBytes,
  kvCostOf,
  layoutsOf,
} from '../../src/app/bench/state/kv-formula.ts'
import {
  PUBLISHED_SHAPES,
  type PublishedName,
  publishedShape,
} from '../../src/app/bench/state/published-shapes.ts'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { type CacheKind, kvEntryBytes } from '../../src/models/cache-layout.ts'
import { describeModel } from '../../src/models/describe.ts'

const CONFIGS = PUBLISHED_SHAPES.flatMap(({ name, shape }) => {
  const config = PUBLISHED_CONFIGS[name]
  return config ? [{ name, shape, spec: describeModel(config) }] : []
})

test('all models but two have a config.json to compare with', () => {
  const without = PUBLISHED_SHAPES.filter((model) => !CONFIGS.some(({ name }) => name === model.name))
  expect(without.map(({ name }) => name)).toEqual(['DeepSeek-67B', 'Llama-3-70B'])
})

test.each(CONFIGS)('the shape of $name matches its config.json', ({ shape, spec }) => {
  const { attention } = spec
  const ownLayout = attention.kind === 'latent' ? 'latent' : 'own'
  expect(shape.layers).toBe(spec.layers.length)
  expect(shape.heads).toBe(attention.heads)
  const kvDtype = 'f16'
  const kept = (kind: CacheKind) => kvEntryBytes(attention, { kind, kvDtype })
  expect(kvCostOf(shape, ownLayout, kvDtype).kvEntryBytes).toBe(kept(attention.kind))
  if (attention.kind === 'latent') {
    expect(kvCostOf(shape, 'latent', 'fp8').kvEntryBytes).toBe(kept('latent-fp8'))
    expect(kvCostOf(shape, 'standard', kvDtype).kvEntryBytes).toBe(kept('standard'))
    expect(kvCostOf(shape, 'mqa', kvDtype).kvEntryBytes).toBe(kept('mqa'))
    // If 8 does not divide the heads, a real cache stores fewer.
    if (attention.heads % 8 === 0) expect(kvCostOf(shape, 'gqa-8', kvDtype).kvEntryBytes).toBe(kept('gqa-8'))
  }
  expect(shape.rope).toBe(attention.qkRopeDim)
  expect(shape.value).toBe(attention.vHeadDim)
  expect(shape.latent).toBe(attention.kind === 'latent' ? attention.kvLoraRank : 0)
  expect(shape.kvHeads).toBe(attention.kind === 'latent' ? attention.heads : attention.kvHeads)
})

// Bytes per token of all layers: 16-bit, 8-bit, 8-bit with scales; keys and values of all heads in 16 bits,
// with the rotated part of keys and without it, as the papers count.
const CACHE_BYTES: readonly {
  readonly name: PublishedName
  readonly f16: number
  readonly plain: number
  readonly scaled: number
  readonly standard: number
  readonly paper: number
}[] = [
  { name: 'V2-Lite', f16: 31_104, plain: 15_552, scaled: 17_712, standard: 276_480, paper: 221_184 },
  { name: 'Moonlight', f16: 31_104, plain: 15_552, scaled: 17_712, standard: 276_480, paper: 221_184 },
  { name: 'V2', f16: 69_120, plain: 34_560, scaled: 39_360, standard: 4_915_200, paper: 3_932_160 },
  { name: 'V3', f16: 70_272, plain: 35_136, scaled: 40_016, standard: 4_997_120, paper: 3_997_696 },
  { name: 'Kimi-K2', f16: 70_272, plain: 35_136, scaled: 40_016, standard: 2_498_560, paper: 1_998_848 },
  { name: 'GLM-4.7-Flash', f16: 54_144, plain: 27_072, scaled: 30_832, standard: 962_560, paper: 481_280 },
]

test.each(CACHE_BYTES)(
  '$name caches $f16 bytes per token',
  ({ name, f16, plain, scaled, standard, paper }) => {
    const cost = (layout: CalculatorLayout, precision: CachePrecision) =>
      kvCostOf(publishedShape(name), layout, precision).bytesPerToken
    expect(cost('latent', 'f16')).toBe(f16)
    expect(cost('latent', 'f32')).toBe(2 * f16)
    expect(cost('latent', 'fp8-plain')).toBe(plain)
    expect(cost('latent', 'fp8-flash')).toBe(scaled)
    expect(cost('standard', 'f16')).toBe(standard)
    expect(cost('paper', 'f16')).toBe(paper)
  },
)

test.each<[PublishedName, number, number]>([
  ['R1-Distill-Qwen-1.5B', 28_672, 1 / 6],
  ['Llama-3-70B', 327_680, 1 / 8],
  ['DeepSeek-67B', 389_120, 1 / 8],
])('%s, which has no latent, caches %i bytes per token', (name, bytes, fraction) => {
  const ownBytes = kvCostOf(publishedShape(name), 'own', 'f16').bytesPerToken
  expect(ownBytes).toBe(bytes)
  expect(ownBytes / kvCostOf(publishedShape(name), 'standard', 'f16').bytesPerToken).toBeCloseTo(fraction, 12)
})

test('an FP8 entry of DeepSeek has 656 bytes, and heads have separate scales', () => {
  expect(kvCostOf(publishedShape('V3'), 'latent', 'fp8-flash').kvEntryBytes).toBe(656)
  expect(kvCostOf(publishedShape('V3'), 'latent', 'fp8').kvEntryBytes).toBe(648)
  // A key of 192 needs two scales, a value of 128 one.
  expect(kvCostOf(publishedShape('V3'), 'gqa-8', 'fp8-flash').kvEntryBytes).toBe(8 * (192 + 8 + 128 + 4))
  expect(kvCostOf(publishedShape('V3'), 'mqa', 'f16').kvEntryBytes).toBe(2 * (192 + 128))
})

test('formulas with numbers filled in evaluate to the stated bytes', () => {
  const v2Lite = kvCostOf(publishedShape('V2-Lite'), 'standard', 'f16')
  expect(v2Lite.symbols).toBe('layers × heads × (nope + rope + value) × 2')
  expect(v2Lite.withNumbers).toBe('27 × 16 × (128 + 64 + 128) × 2')
  for (const { shape } of PUBLISHED_SHAPES) {
    for (const layout of layoutsOf(shape)) {
      for (const precision of CACHE_PRECISIONS) {
        const { withNumbers, bytesPerToken } = kvCostOf(shape, layout, precision)
        expect(evaluate(withNumbers), withNumbers).toBe(bytesPerToken)
      }
    }
  }
})

test('cache sizes are rounded up to pages of 64 tokens', () => {
  expect(cacheBytes(100, 1)).toBe(6400)
  expect(cacheBytes(100, 64)).toBe(6400)
  expect(cacheBytes(100, 65)).toBe(12_800)
  expect(cacheBytes(31_104, 32_768)).toBe(31_104 * 32_768)
})

test('published claims follow from the published shapes', () => {
  expect(1 - claims.v2Against67B.fraction).toBeCloseTo(0.9334, 4)
  expect([claims.v2Against67B.bytes, claims.v2Against67B.baselineBytes]).toEqual([25_920, 389_120])
  expect(1 - claims.v2Against67BEqual.fraction).toBeCloseTo(0.8224, 4)
  expect(claims.v2AgainstItself.fraction).toBeCloseTo(0.0141, 4)
  expect(claims.smallPair).toMatchObject({ elements: 15_552, against: 110_592 })
  expect(claims.largePair).toMatchObject({ elements: 34_560, against: 860_160 })
  expect(claims.EQUAL_GROUPS).toBe(2.25)
  expect(claims.headCountsWithinClaim('standard')).toEqual({ min: 14, max: 36 })
  expect(claims.headCountsWithinClaim('paper')).toEqual({ min: 18, max: 45 })
  const within = claims.LATENT_FRACTIONS.filter(({ ownWidths }) => claims.withinClaim(ownWidths)).map(
    ({ name }) => name,
  )
  expect(within).toEqual(['V2-Lite', 'Moonlight', 'GLM-4.7-Flash'])
})

/** Evaluates a formula of sums, products, brackets and ⌈ceilings⌉. */
function evaluate(formula: string): number {
  const program = formula
    .replaceAll(',', '')
    .replaceAll('×', '*')
    .replaceAll('⌈', 'Math.ceil(')
    .replaceAll('⌉', ')')
  expect(program).toMatch(/^(?:[\d.()*+/ ]|Math\.ceil)+$/)
  return Number(new Function(`return ${program}`)())
}
