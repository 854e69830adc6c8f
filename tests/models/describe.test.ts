// Answers: does a config become the right spec, and is every odd one refused by the name of its key?
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeModel } from '../../src/models/describe.ts'
import { kvBytesPerToken } from '../../src/models/spec.ts'
import { FIXTURES, LANTERNFISH } from '../support/model.ts'

const read = (folder: string) => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
const lanternfish = read(LANTERNFISH)
const awkward = read(join(FIXTURES, 'deepseek_v3-fp8-awkward'))
const change = (more: object) => ({ ...lanternfish, ...more })

/** The published dimensions of DeepSeek-V3 (config.json of the release). */
const v3 = {
  ...awkward,
  hidden_size: 7168,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  n_routed_experts: 256,
  n_group: 8,
  topk_group: 4,
  num_experts_per_tok: 8,
  first_k_dense_replace: 3,
  vocab_size: 129_280,
  rope_scaling: { ...awkward.rope_scaling, original_max_position_embeddings: 4096 },
}

describe('describeModel', () => {
  it('reads the bundled model', () => {
    const spec = describeModel(lanternfish)
    expect(spec.layers.map(({ kind }) => kind)).toEqual(['dense', 'mixture', 'mixture', 'mixture'])
    expect(spec.layers[1]).toMatchObject({
      experts: 16,
      active: 4,
      groups: 4,
      topGroups: 2,
      scaling: 1.5,
      sharedInner: 128,
    })
    expect(spec).toMatchObject({ drafts: 1, block: { rows: 128, cols: 128 }, bos: 0, eos: [1] })
    expect(spec.attention.scale).toBeCloseTo(1 / Math.sqrt(48), 12)
  })

  it('reads DeepSeek-V3 and its KV cache: 70,272 bytes a token in f16', () => {
    const spec = describeModel(v3)
    expect(spec.attention.scale).toBeCloseTo(0.1352337788608801, 9)
    expect(spec.layers.filter(({ kind }) => kind === 'dense')).toHaveLength(3)
    expect(kvBytesPerToken(spec, 'f16')).toEqual({ kept: 70_272, standard: 4_997_120 })
  })

  it('takes rotary keys from either place', () => {
    const { rope_theta: _, rope_scaling: __, ...rest } = v3
    const moved = { ...rest, rope_parameters: { ...v3.rope_scaling, rope_type: 'yarn', rope_theta: 10_000 } }
    expect(describeModel(moved).attention).toEqual(describeModel(v3).attention)
  })

  const refused: [string, object, string, RegExp][] = [
    ['an unknown family', { model_type: 'gpt2' }, 'unsupported', /model_type.*gpt2/],
    ['a family named like a built-in', { model_type: '__proto__' }, 'unsupported', /model_type/],
    ['another activation', { hidden_act: 'gelu' }, 'unsupported', /hidden_act.*gelu/],
    ['attention biases', { attention_bias: true }, 'bad_config', /attention_bias/],
    ['another routing', { topk_method: 'greedy' }, 'unsupported', /topk_method/],
    ['another scoring', { scoring_func: 'softmax' }, 'unsupported', /scoring_func/],
    [
      'another rope scaling',
      { rope_scaling: { type: 'longrope', factor: 4 } },
      'unsupported',
      /rope_scaling\.type.*longrope/,
    ],
    ['one mscale alone', { rope_scaling: { type: 'yarn', factor: 4, mscale: 1 } }, 'bad_config', /mscale/],
    [
      'another quantisation',
      { quantization_config: { quant_method: 'gptq' } },
      'unsupported',
      /quant_method.*gptq/,
    ],
    [
      'FP8 without blocks',
      { quantization_config: { quant_method: 'fp8' } },
      'unsupported',
      /weight_block_size/,
    ],
    [
      'odd blocks',
      { quantization_config: { quant_method: 'fp8', weight_block_size: [128, 0] } },
      'bad_config',
      /weight_block_size/,
    ],
    ['a missing size', { hidden_size: null }, 'bad_config', /hidden_size.*missing/],
    ['a size as text', { hidden_size: '256' }, 'bad_config', /hidden_size/],
    ['an endless number of layers', { num_hidden_layers: 1e9 }, 'bad_config', /num_hidden_layers/],
    ['groups that do not divide', { n_group: 3 }, 'bad_config', /n_group/],
    [
      'more experts chosen than are eligible',
      { num_experts_per_tok: 9 },
      'bad_config',
      /num_experts_per_tok/,
    ],
    ['an odd rotary width', { qk_rope_head_dim: 15 }, 'bad_config', /qk_rope_head_dim/],
    ['an epsilon of zero', { rms_norm_eps: 0 }, 'bad_config', /rms_norm_eps/],
    ['an end token out of range', { eos_token_id: [1, 9999] }, 'bad_config', /eos_token_id/],
  ]
  for (const [what, more, code, message] of refused) {
    it(`refuses ${what}`, () => {
      let caught: unknown
      try {
        describeModel(change(more))
      } catch (error) {
        caught = error
      }
      expect(caught).toMatchObject({ code, message: expect.stringMatching(message) })
    })
  }

  it('refuses what is no object', () => {
    for (const json of [null, [], 'config', 7]) expect(() => describeModel(json)).toThrow(/must be an object/)
  })
})
