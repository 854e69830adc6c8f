// Fuzz test of describeModel: mutated configs (seeded) neither crash it nor pass as impossible models.
import { describe, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { HadalError } from '../../src/lib/error.ts'
import { Notices } from '../../src/lib/notices.ts'
import { DEFAULTS } from '../../src/models/config-defaults.ts'
import { describeModel } from '../../src/models/describe.ts'
import { INTEGER_METHODS } from '../../src/models/describe-integers.ts'
import { fp8BlockOf } from '../../src/models/quantization-fields.ts'
import type { Attention, ModelSpec, MoeLayer } from '../../src/models/spec.ts'
import { listTensors } from '../../src/models/tensor-names.ts'
import { seededRandom } from '../support/numbers.ts'

type Json = Record<string, unknown>

const ROUNDS = 400 // for each published model

/** Values that a damaged or hostile file may hold. */
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, '', 'NaN', '7', [], {}, [1], { factor: 2 }, '__proto__', 'x'.repeat(100_000)],
  ...[0, -1, 1, 2, 3, 0.5, -0, 1e9, 2 ** 31, 2 ** 53, 1e300, -1e300, 1e-300],
  ...[Number.NaN, Number.POSITIVE_INFINITY, [[[[]]]], [null, 'a', -1], [128, 128, 128], [0, 128]],
]

describe('mutated configs', () => {
  for (const [name, published] of Object.entries(PUBLISHED_CONFIGS)) {
    it(name, () => {
      const random = seededRandom(name.length)
      let accepted = 0
      for (let round = 0; round < ROUNDS; round++) {
        // Fewer layers, so that every accepted model's tensors can be listed.
        const config: Json = { ...structuredClone(published), num_hidden_layers: 4 }
        mutate(config, random)
        if (accepts(config)) accepted++
      }
      // Some must pass and some must not: else the mutations are too weak or too strong to test anything.
      expect(accepted).toBeGreaterThan(ROUNDS / 50)
      expect(accepted).toBeLessThan(ROUNDS * 0.9)
    })
  }
})

/** Changes one to three keys, at the top level or within an object. */
function mutate(config: Json, random: () => number): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  for (let changes = Math.ceil(random() * 3); changes > 0; changes--) {
    const objects = [config, config.rope_scaling, config.quantization_config].filter(isJson)
    const target = pick(objects)
    const key = random() < 0.05 ? 'unheard_of' : pick(Object.keys(target))
    const old = target[key]
    if (random() < 0.1) delete target[key]
    else if (typeof old === 'number' && random() < 0.7) target[key] = nudge(old, random)
    else target[key] = pick(ODD_VALUES)
  }
}

const nudge = (value: number, random: () => number): number =>
  [value + 1, value - 1, value * 2, value / 2, -value, value * 1000, 3, 5][Math.floor(random() * 8)] ?? value

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function accepts(config: Json): boolean {
  const notices = new Notices()
  let spec: ModelSpec
  try {
    spec = describeModel(config, notices, INTEGER_METHODS)
  } catch (error) {
    expect(error).toBeInstanceOf(HadalError)
    expect((error as HadalError).code).toMatch(/^(bad_config|unsupported)$/)
    expect((error as HadalError).message.length).toBeLessThan(500)
    return false
  }
  const complete = { ...DEFAULTS.get(spec.family), ...config }
  expect({ config, broken: brokenRules(spec, complete) }).toEqual({ config, broken: [] })
  if ((config.unheard_of ?? null) !== null) expect(notices.texts.join()).toContain('unheard_of')
  return true
}

/**
 * The rules that an accepted spec breaks, written from the published meaning of the keys, not from the code.
 */
function brokenRules(spec: ModelSpec, config: Json): string[] {
  const block = fp8BlockOf(spec.quantization)
  const rules: [string, boolean][] = [
    ['hidden', spec.hiddenSize === config.hidden_size],
    ['vocabulary', spec.vocabSize === config.vocab_size],
    ['layers', spec.layers.length === config.num_hidden_layers],
    [
      'epsilon',
      Math.abs(spec.rmsNormEps * Number(config.residual_multiplier ?? 1) ** 2 - Number(config.rms_norm_eps)) <
        1e-12,
    ],
    ['factors', [spec.embeddingFactor, spec.logitsFactor].every((f) => Number.isFinite(f) && f > 0)],
    ['ends', spec.eosTokenIds.every((id) => Number.isInteger(id) && id >= 0 && id < spec.vocabSize)],
    ['block', !block || (block.rows > 0 && block.cols > 0)],
    ...attentionRules(spec.attention, config),
    ...spec.layers.flatMap((layer) => (layer.kind === 'mixture' ? moeRules(layer, config) : [])),
    ['shapes', listTensors(spec).every(({ shape }) => shape.every((n) => Number.isSafeInteger(n) && n > 0))],
  ]
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
}

function attentionRules(attention: Attention, config: Json): [string, boolean][] {
  const { frequencies, attentionFactor } = attention.rotary
  return [
    ['heads', attention.heads === config.num_attention_heads],
    ['scale', Number.isFinite(attention.softmaxScale) && attention.softmaxScale > 0],
    ['pairs', frequencies.length * 2 === attention.qkRopeDim],
    ['frequencies', frequencies.every((f) => f > 0 && f <= 1)],
    ['magnitude', Number.isFinite(attentionFactor) && attentionFactor > 0],
    ...(attention.kind === 'latent'
      ? ([
          ['latent', attention.kvLoraRank === config.kv_lora_rank && attention.kvLoraRank % 2 === 0],
          ['key width', attention.qkNopeDim === config.qk_nope_head_dim],
          ['value width', attention.vHeadDim === config.v_head_dim],
          ['query', attention.qLoraRank === (config.q_lora_rank ?? 0)],
        ] as [string, boolean][])
      : ([
          ['groups of heads', attention.heads % attention.kvHeads === 0],
          [
            'width',
            [Number(config.hidden_size) / attention.heads, config.head_dim].includes(attention.qkHeadDim),
          ],
          [
            'rotated',
            attention.qkRopeDim ===
              Math.floor(attention.qkHeadDim * Number(config.partial_rotary_factor ?? 1)),
          ],
        ] as [string, boolean][])),
  ]
}

function moeRules(layer: MoeLayer, config: Json): [string, boolean][] {
  const { experts, expertGroups, topkGroups, expertsPerToken } = layer
  return [
    ['experts', experts === (config.n_routed_experts ?? config.num_experts) && experts > 0 && experts <= 512],
    ['groups', experts % expertGroups === 0 && topkGroups >= 1 && topkGroups <= expertGroups],
    ['eligible', expertsPerToken >= 1 && expertsPerToken <= (experts / expertGroups) * topkGroups],
    ['judged by two', layer.groupScore !== 'top2' || expertGroups === 1 || experts / expertGroups >= 2],
    ['inner', layer.intermediateSize === config.moe_intermediate_size],
    [
      'shared',
      layer.sharedIntermediateSize / layer.intermediateSize ===
        Number(config.n_shared_experts ?? config.num_shared_experts ?? 0),
    ],
    ['scaling', Number.isFinite(layer.routedScalingFactor) && layer.routedScalingFactor > 0],
  ]
}
