// Tests of configs as people have them: unknown keys, keys left out, and every form of rotary settings,
// against values from transformers' configuration classes.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { Notices } from '../../src/lib/notices.ts'
import { DEFAULTS } from '../../src/models/config-defaults.ts'
import { describeModel } from '../../src/models/describe.ts'
import { computeRotaryTable, ROTARY_TABLE_STEP } from '../../src/models/rotary.ts'
import golden from '../fixtures/config-defaults.json' with { type: 'json' }

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../fixtures/models/${name}/config.json`, import.meta.url), 'utf8'))

const without = (config: Record<string, unknown>, ...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)))

function read(config: unknown) {
  const notices = new Notices()
  return { spec: describeModel(config, notices), notices: notices.texts.join('\n') }
}

const LLAMA = fixture('llama-bf16')

describe('keys that nothing reads', () => {
  const harmless: Record<string, unknown> = {
    is_llama_config: true,
    rope_interleaved: false,
    rope_interleave: true,
    neftune_noise_alpha: 5,
    _flash_attn_2_enabled: true,
    use_flash_attn: true,
    bos_token: '<s>',
    eos_token: '</s>',
    mlp_only_layers: [],
    'x\u001b[2J\n': 2,
  }

  it('leave the model as it is', () => {
    const plain = describeModel(LLAMA)
    for (const [key, value] of Object.entries(harmless))
      expect(read({ ...LLAMA, [key]: value }).spec).toEqual(plain)
  })

  it('are named in a notice, control characters escaped, unless they are bookkeeping', () => {
    const { notices } = read({ ...LLAMA, is_llama_config: true, 'x\u001b[2J\n': 2, mlp_only_layers: [] })
    expect(notices).toMatch(/ignored: "is_llama_config", "x\\u001b\[2J\\n"\.$/)
    expect(read({ ...LLAMA, use_cache: false, torch_dtype: 'float16', _name_or_path: 'a' }).notices).toBe('')
    expect(read(LLAMA).notices).toBe('')
  })

  it('are named within nested objects too', () => {
    const scaling = { type: 'default', long_factor: [1] }
    expect(read({ ...LLAMA, rope_scaling: scaling }).notices).toContain('"rope_scaling.long_factor"')
  })

  it.each([
    ['llama-bf16', { alibi: true }],
    ['llama-bf16', { embedding_multiplier: 12 }],
    ['llama-bf16', { attn_logit_softcapping: 50 }],
    ['llama-bf16', { num_local_experts: 8 }],
    ['llama-bf16', { no_rope_layers: [1, 1, 0] }],
    ['qwen3-fp8', { mlp_only_layers: [0] }],
    ['qwen2-bf16', { layer_types: ['full_attention', 'sliding_attention'] }],
    ['deepseek_v3-fp8-tiny', { index_n_heads: 64 }],
    ['deepseek_v2_lite-bf16', { residual_multiplier: 0.5 }],
    ['glm4_moe_lite-f16', { logit_scale: 0.1 }],
  ])('stop a load where they change the computation: %s with %j', (name, more) => {
    const [key = ''] = Object.keys(more)
    expect(() => describeModel({ ...fixture(name), ...more })).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        message: expect.stringContaining(key),
        hint: expect.any(String),
      }),
    )
    expect(() => describeModel({ ...fixture(name), ...more, [key]: null })).not.toThrow()
  })
})

describe('keys that are left out', () => {
  it.each(Object.entries(golden.defaults))('have the defaults of %s', (type, values) => {
    expect(DEFAULTS.get(type)).toMatchObject(
      type === 'deepseek_v2' ? without(values, 'norm_topk_prob') : values,
    )
  })

  it.each([
    ['qwen2-bf16', 'rms_norm_eps', 'hidden_act'],
    ['llama-bf16', 'max_position_embeddings', 'tie_word_embeddings'],
    ['deepseek_v3-fp8-tiny', 'hidden_act', 'norm_topk_prob'],
  ])('leave %s as with the defaults written out, and are named', (name, ...keys) => {
    const config = fixture(name)
    const defaults = DEFAULTS.get(String(config.model_type)) ?? {}
    const written = { ...config, ...Object.fromEntries(keys.map((key) => [key, defaults[key]])) }
    const { spec, notices } = read(without(config, ...keys))
    expect(spec).toEqual(describeModel(written))
    expect(notices).toContain(
      keys[0] === 'rms_norm_eps' ? 'rms_norm_eps 0.000001' : 'default of its model_type',
    )
  })

  it('are still an error where no class has a default', () => {
    const attempt = () => describeModel(without(fixture('deepseek_v2_lite-bf16'), 'num_experts_per_tok'))
    expect(attempt).toThrow(HadalError)
    expect(attempt).toThrow(/num_experts_per_tok.*missing/)
  })
})

describe('rotary settings, against transformers', () => {
  const sizes = {
    hidden_size: 256,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    max_position_embeddings: 4096,
  }
  const config = { ...without(LLAMA, 'rope_theta', 'rope_scaling', 'head_dim'), ...sizes }

  it.each(Object.entries(golden.rotary))('%s', (_, expected) => {
    const { attention } = describeModel({ ...config, ...expected.config })
    expect(attention.rotary.attentionFactor).toBeCloseTo(expected.attention_factor, 6)
    expect(attention.qkRopeDim).toBe(2 * expected.frequencies.length)
    expected.frequencies.forEach((frequency, pair) => {
      expect((attention.rotary.frequencies[pair] ?? 0) / frequency).toBeCloseTo(1, 5)
    })
    const longer =
      'frequencies_at_three_times_the_length' in expected
        ? expected.frequencies_at_three_times_the_length
        : []
    const table = computeRotaryTable(attention.rotary, 3 * 4096)
    longer.forEach((frequency, pair) => {
      const row = ROTARY_TABLE_STEP * longer.length * 2 // of position 0; the next is of position 256
      const at = row + 2 * longer.length + 2 * pair
      const angle = Math.atan2(table[at + 1] ?? 0, table[at] ?? 0)
      const wrapped = 256 * frequency - 2 * Math.PI * Math.round((256 * frequency) / (2 * Math.PI))
      expect(Math.cos(angle - wrapped)).toBeCloseTo(1, 4)
    })
  })

  it.each([
    [{ rope_parameters: { rope_theta: 5e5 }, rope_theta: 1e4 }, /gives rope_theta twice; 500000 is used/],
    [{ rope_scaling: { type: 'linear', rope_type: 'yarn', factor: 4 } }, /gives two types; rope_type, yarn/],
    [
      { rope_scaling: { type: 'linear', factor: 2 }, rope_parameters: { rope_type: 'default' } },
      /gives both rope_scaling and rope_parameters/,
    ],
  ])('that contradict each other are a notice: %j', (more, notice) => {
    expect(read({ ...config, ...more }).notices).toMatch(notice)
  })

  it('may stand by layer type', () => {
    const scaling = { rope_type: 'linear', factor: 4, rope_theta: 1e6 }
    const nested = { rope_parameters: { full_attention: scaling } }
    expect(describeModel({ ...config, ...nested })).toEqual(
      describeModel({ ...config, rope_scaling: scaling }),
    )
  })
})
