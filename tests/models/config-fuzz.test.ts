// Fuzz test of describeModel: mutated configs (seeded) neither crash it nor pass as impossible models.
import { describe, expect, it } from 'vitest'
import { PUBLISHED } from '../../src/cli/published-configs.ts'
import { HadalError } from '../../src/lib/error.ts'
import { describeModel } from '../../src/models/describe.ts'
import { storedTensors } from '../../src/models/names.ts'
import type { Attention, Mixture, ModelSpec } from '../../src/models/spec.ts'
import { generator } from '../support/numbers.ts'

type Json = Record<string, unknown>

const ROUNDS = 400 // for each published model

/** Values that a damaged or hostile file may hold. */
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, '', 'NaN', '7', [], {}, [1], { factor: 2 }, '__proto__', 'x'.repeat(100_000)],
  ...[0, -1, 1, 2, 3, 0.5, -0, 1e9, 2 ** 31, 2 ** 53, 1e300, -1e300, 1e-300],
  ...[Number.NaN, Number.POSITIVE_INFINITY, [[[[]]]], [null, 'a', -1], [128, 128, 128], [0, 128]],
]

describe('mutated configs', () => {
  for (const [name, published] of Object.entries(PUBLISHED)) {
    it(name, () => {
      const random = generator(name.length)
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
  let spec: ModelSpec
  try {
    spec = describeModel(config)
  } catch (error) {
    expect(error).toBeInstanceOf(HadalError)
    expect((error as HadalError).code).toMatch(/^(bad_config|unsupported)$/)
    expect((error as HadalError).message.length).toBeLessThan(500)
    return false
  }
  expect({ config, broken: brokenRules(spec, config) }).toEqual({ config, broken: [] })
  return true
}

/**
 * The rules that an accepted spec breaks, written from the published meaning of the keys, not from the code.
 */
function brokenRules(spec: ModelSpec, config: Json): string[] {
  const rules: [string, boolean][] = [
    ['hidden', spec.hidden === config.hidden_size],
    ['vocabulary', spec.vocab === config.vocab_size],
    ['layers', spec.layers.length === config.num_hidden_layers],
    ['epsilon', spec.epsilon > 0 && spec.epsilon <= 1],
    ['ends', spec.eos.every((id) => Number.isInteger(id) && id >= 0 && id < spec.vocab)],
    ['block', !spec.block || (spec.block.rows > 0 && spec.block.cols > 0)],
    ['unknown key', !('unheard_of' in config) || config.unheard_of === null],
    ...attentionRules(spec.attention, config),
    ...spec.layers.flatMap((layer) => (layer.kind === 'mixture' ? moeRules(layer, config) : [])),
    [
      'shapes',
      storedTensors(spec).every(({ shape }) => shape.every((n) => Number.isSafeInteger(n) && n > 0)),
    ],
  ]
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
}

function attentionRules(attention: Attention, config: Json): [string, boolean][] {
  const { frequencies, magnitude } = attention.rotary
  return [
    ['heads', attention.heads === config.num_attention_heads],
    ['scale', Number.isFinite(attention.scale) && attention.scale > 0],
    ['pairs', frequencies.length * 2 === attention.rope],
    ['frequencies', frequencies.every((f) => f > 0 && f <= 1)],
    ['magnitude', Number.isFinite(magnitude) && magnitude > 0],
    ...(attention.kind === 'latent'
      ? ([
          ['latent', attention.latent === config.kv_lora_rank && attention.latent % 2 === 0],
          ['key width', attention.nope === config.qk_nope_head_dim],
          ['value width', attention.value === config.v_head_dim],
          ['query', attention.queryRank === (config.q_lora_rank ?? 0)],
        ] as [string, boolean][])
      : ([
          ['groups of heads', attention.heads % attention.kvHeads === 0],
          ['width', [Number(config.hidden_size) / attention.heads, config.head_dim].includes(attention.key)],
          ['rotated', attention.rope === attention.key && attention.key % 2 === 0],
        ] as [string, boolean][])),
  ]
}

function moeRules(layer: Mixture, config: Json): [string, boolean][] {
  const { experts, groups, topGroups, active } = layer
  return [
    ['experts', experts === config.n_routed_experts && experts > 0 && experts <= 512],
    ['groups', experts % groups === 0 && topGroups >= 1 && topGroups <= groups],
    ['eligible', active >= 1 && active <= (experts / groups) * topGroups],
    ['judged by two', layer.groupScore !== 'top2' || groups === 1 || experts / groups >= 2],
    ['inner', layer.inner === config.moe_intermediate_size],
    ['shared', layer.sharedInner / layer.inner === Number(config.n_shared_experts ?? 0)],
    ['scaling', Number.isFinite(layer.scaling) && layer.scaling > 0],
  ]
}
