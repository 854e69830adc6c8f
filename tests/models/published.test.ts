// Tests of published models: parameters, KV cache and softmax scale follow from their config.json alone.
import { describe, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { countParameters } from '../../src/engine/model-info.ts'
import { kvBytesPerToken } from '../../src/models/cache-layout.ts'
import { describeModel } from '../../src/models/describe.ts'
import { listTensors } from '../../src/models/tensor-names.ts'

interface Facts {
  readonly parameters: number
  readonly active: number // parameters, with the head, without the embedding
  readonly kv: number // bytes per token in f16
  readonly standardKv: number
  readonly scale: number
}

const BILLION = 1e9

/** Published figures, or figures that follow from them; parameters to the published digits. */
const FACTS: Readonly<Record<string, Facts>> = {
  'V2-Lite': {
    parameters: 15_706_484_224,
    active: 2.45 * BILLION,
    kv: 31_104,
    standardKv: 276_480,
    scale: 0.1147214,
  },
  V2: { parameters: 235.74e9, active: 21e9, kv: 69_120, standardKv: 4_915_200, scale: 0.1147214 },
  V3: { parameters: 671.026e9, active: 36.6e9, kv: 70_272, standardKv: 4_997_120, scale: 0.1352338 },
  Moonlight: { parameters: 15.96e9, active: 2.58e9, kv: 31_104, standardKv: 276_480, scale: 0.0721688 },
  'Kimi-K2': { parameters: 1026.41e9, active: 31.7e9, kv: 70_272, standardKv: 2_498_560, scale: 0.1308608 },
  'GLM-4.7-Flash': { parameters: 29.94e9, active: 3.58e9, kv: 54_144, standardKv: 962_560, scale: 0.0625 },
  'Youtu-LLM-2B': { parameters: 1.962e9, active: 1.962e9, kv: 36_864, standardKv: 327_680, scale: 0.0721688 },
  'DeepSeekMoE-16B': {
    parameters: 16.376e9,
    active: 2.6e9,
    kv: 229_376,
    standardKv: 229_376,
    scale: 128 ** -0.5,
  },
  'R1-Distill-Qwen-1.5B': {
    parameters: 1.777e9,
    active: 1.544e9,
    kv: 28_672,
    standardKv: 172_032,
    scale: 128 ** -0.5,
  },
  'R1-Distill-Qwen-7B': {
    parameters: 7.616e9,
    active: 7.07e9,
    kv: 57_344,
    standardKv: 401_408,
    scale: 128 ** -0.5,
  },
  'R1-Distill-Llama-8B': {
    parameters: 8.03e9,
    active: 7.505e9,
    kv: 131_072,
    standardKv: 524_288,
    scale: 128 ** -0.5,
  },
  'R1-0528-Qwen3-8B': {
    parameters: 8.191e9,
    active: 7.57e9,
    kv: 147_456,
    standardKv: 589_824,
    scale: 128 ** -0.5,
  },
  'Qwen3-30B-A3B': {
    parameters: 30.532e9,
    active: 3.04e9,
    kv: 98_304,
    standardKv: 786_432,
    scale: 128 ** -0.5,
  },
  'Ring-mini-2.0': {
    parameters: 16.26e9,
    active: 1.11e9,
    kv: 40_960,
    standardKv: 163_840,
    scale: 128 ** -0.5,
  },
  'SmolLM3-3B': {
    parameters: 3.075e9,
    active: 3.075e9,
    kv: 73_728,
    standardKv: 294_912,
    scale: 128 ** -0.5,
  },
  // Its attention_multiplier happens to be 1 / 64, one over the width of a head.
  'Granite-4.1-3B': { parameters: 3.403e9, active: 3.403e9, kv: 81_920, standardKv: 409_600, scale: 1 / 64 },
  'DeepSeek-Coder-1.3B': {
    parameters: 1.3465e9,
    active: 1.28e9,
    kv: 196_608,
    standardKv: 196_608,
    scale: 128 ** -0.5,
  },
}

describe('published models', () => {
  it('all have an entry in this test', () =>
    expect(Object.keys(FACTS).sort()).toEqual(Object.keys(PUBLISHED_CONFIGS).sort()))

  for (const [name, expected] of Object.entries(FACTS)) {
    it(name, () => {
      const spec = describeModel(PUBLISHED_CONFIGS[name])
      const { parameters, activeParameters } = countParameters(spec)
      expect(parameters / expected.parameters).toBeCloseTo(1, 3)
      expect(activeParameters / expected.active).toBeCloseTo(1, 1.7)
      expect(kvBytesPerToken(spec, { kind: spec.attention.kind, kvDtype: 'f16' })).toEqual({
        kept: expected.kv,
        standard: expected.standardKv,
      })
      expect(spec.attention.softmaxScale).toBeCloseTo(expected.scale, 6)
    })
  }

  it('V2-Lite has exactly the tensors of its release', () => {
    const spec = describeModel(PUBLISHED_CONFIGS['V2-Lite'])
    expect(countParameters(spec).parameters).toBe(15_706_484_224)
    expect(listTensors(spec)).toHaveLength(5_291)
  })
})
