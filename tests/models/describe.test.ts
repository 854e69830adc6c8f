// Tests of describeModel: the spec of the bundled model, and refusals that name the key.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { describeModel } from '../../src/models/describe.ts'
import { NOT_YET } from '../../src/models/families.ts'
import type { ModelSpec, MoeLayer } from '../../src/models/spec.ts'
import { LANTERNFISH } from '../support/model.ts'

const read = (folder: string) => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
const lanternfish = read(LANTERNFISH)
const change = (more: object) => ({ ...lanternfish, ...more })

const v3 = structuredClone(PUBLISHED_CONFIGS.V3) as { rope_theta: number; rope_scaling: object }

describe('describeModel', () => {
  it('reads the bundled model', () => {
    const spec = describeModel(lanternfish)
    expect(spec.layers.map(({ kind }) => kind)).toEqual(['dense', 'mixture', 'mixture', 'mixture'])
    expect(spec.layers[1]).toMatchObject({
      experts: 16,
      expertsPerToken: 4,
      expertGroups: 4,
      topkGroups: 2,
      routedScalingFactor: 1.5,
      sharedIntermediateSize: 128,
    } satisfies Partial<MoeLayer>)
    const expected = {
      mtpLayers: 1,
      quantization: { method: 'fp8', block: { rows: 128, cols: 128 } },
      bosTokenId: 0,
      eosTokenIds: [1],
    } satisfies Partial<ModelSpec>
    expect(spec).toMatchObject(expected)
    expect(spec.attention.softmaxScale).toBeCloseTo(1 / Math.sqrt(48), 12)
  })

  it('reads rotary keys from rope_scaling or from rope_parameters', () => {
    const { rope_theta: _, rope_scaling: __, ...rest } = v3
    const moved = { ...rest, rope_parameters: { ...v3.rope_scaling, rope_type: 'yarn', rope_theta: 10_000 } }
    expect(describeModel(moved).attention).toEqual(describeModel(v3).attention)
  })

  it('reads which layers have experts from a list, or from a rule that agrees with it', () => {
    const { first_k_dense_replace: _, ...rest } = lanternfish
    const types = ['dense', 'sparse', 'dense', 'sparse']
    const kinds = (config: object) => describeModel(config).layers.map(({ kind }) => kind)
    expect(kinds({ ...rest, mlp_layer_types: types })).toEqual(['dense', 'mixture', 'dense', 'mixture'])
    expect(() => kinds({ ...lanternfish, mlp_layer_types: types })).toThrow(/mlp_layer_types must agree/)
  })

  it("reads Qwen's rule of which layers have experts", () => {
    const qwen = { ...PUBLISHED_CONFIGS['Qwen3-30B-A3B'], num_hidden_layers: 6 }
    const dense = (more: object) =>
      describeModel({ ...qwen, ...more }).layers.flatMap(({ kind }, layer) => (kind === 'dense' ? layer : []))
    expect(dense({})).toEqual([])
    expect(dense({ decoder_sparse_step: 2, mlp_only_layers: [3] })).toEqual([0, 2, 3, 4])
    expect(() => dense({ mlp_only_layers: [6] })).toThrow(/mlp_only_layers must list layers below 6/)
    const { num_experts: _, ...written } = qwen as Record<string, unknown>
    expect(describeModel({ ...written, num_local_experts: 32 }).layers[0]).toMatchObject({ experts: 32 })
    expect(describeModel(written).layers[0]).toMatchObject({ experts: 128 })
  })

  it('reads the half-rotated heads and the router of Ling 2.0, by both names of the type', () => {
    const spec = describeModel(PUBLISHED_CONFIGS['Ring-mini-2.0'])
    expect(spec.attention).toMatchObject({ qkHeadDim: 128, qkRopeDim: 64, qkNorm: true })
    expect(spec.layers.map(({ kind }) => kind).filter((kind) => kind === 'dense')).toHaveLength(1)
    expect(spec.layers[1]).toMatchObject({
      correctionBias: true,
      expertGroups: 8,
      groupScore: 'top2',
      normTopkProb: true,
      scoringFunc: 'sigmoid',
      sharedIntermediateSize: 512,
      topkGroups: 4,
    } satisfies Partial<MoeLayer>)
    const renamed = describeModel({ ...PUBLISHED_CONFIGS['Ring-mini-2.0'], model_type: 'bailing_moe_v2' })
    expect(renamed).toEqual({ ...spec, family: 'bailing_moe_v2' })
  })

  it('reads which layers are not rotated from a list or an interval', () => {
    const config = { ...PUBLISHED_CONFIGS['SmolLM3-3B'], num_hidden_layers: 9 }
    const unrotated = (more: object) => {
      const { attention } = describeModel({ ...config, ...more })
      return attention.kind === 'grouped' ? [...attention.unrotatedLayers] : undefined
    }
    expect(unrotated({})).toEqual([3, 7])
    expect(unrotated({ no_rope_layers: null, no_rope_layer_interval: 3 })).toEqual([2, 5, 8])
    expect(unrotated({ no_rope_layers: [0, 1, 1, 1, 1, 1, 1, 1, 1] })).toEqual([0])
    expect(() => unrotated({ no_rope_layers: [1, 1] })).toThrow(/no_rope_layers must have a 0 or 1 for each/)
  })

  it("turns Granite's multipliers into factors", () => {
    const spec = describeModel(PUBLISHED_CONFIGS['Granite-4.1-3B'])
    expect(spec.embeddingFactor).toBeCloseTo(12 / 0.22, 12)
    expect(spec.logitsFactor).toBeCloseTo(0.1, 12)
    expect(spec.rmsNormEps).toBeCloseTo(1e-5 / 0.22 ** 2, 12)
    expect(spec.attention.softmaxScale).toBe(0.015625)
  })

  it('accepts keys that change nothing: nulls, training settings, disabled features', () => {
    const more = {
      attn_logit_softcapping: null,
      layer_types: ['full_attention', 'full_attention'],
      mlp_bias: false,
      partial_rotary_factor: 1.0,
      router_aux_loss_coef: 0.01,
      quantization_config: { ...lanternfish.quantization_config, modules_to_not_convert: ['lm_head'] },
    }
    expect(describeModel(change(more))).toEqual(describeModel(lanternfish))
  })

  const refused: [string, object, string, RegExp][] = [
    ['soft caps', { final_logit_softcapping: 30 }, 'unsupported', /final_logit_softcapping is 30/],
    ['a partial rotation', { partial_rotary_factor: 0.5 }, 'unsupported', /partial_rotary_factor is 0.5/],
    ['windows', { layer_types: ['sliding_attention'] }, 'unsupported', /layer_types/],
    ['a window', { sliding_window: 512 }, 'unsupported', /sliding_window is 512/],
    ['sparse attention', { index_topk: 2048 }, 'unsupported', /index_topk is 2048/],
    ['a rotary width that contradicts another key', { head_dim: 32 }, 'unsupported', /head_dim is 32/],
    ['no rotary base', { rope_theta: null }, 'bad_config', /rope_theta.*missing/],
    ['no norm_topk_prob', { norm_topk_prob: null }, 'bad_config', /norm_topk_prob.*missing/],
    ['groups of one expert', { n_group: 16, topk_group: 4 }, 'bad_config', /n_group must leave two experts/],
    ['an unknown family', { model_type: 'gpt2' }, 'unsupported', /model_type.*gpt2/],
    ['a family named like a built-in property', { model_type: '__proto__' }, 'unsupported', /model_type/],
    ['another activation', { hidden_act: 'gelu' }, 'unsupported', /hidden_act.*gelu/],
    ['attention biases', { attention_bias: true }, 'unsupported', /attention_bias/],
    ['another routing method', { topk_method: 'greedy' }, 'unsupported', /topk_method/],
    ['another scoring function', { scoring_func: 'softmax' }, 'unsupported', /scoring_func/],
    [
      'another type of rope scaling',
      { rope_scaling: { type: 'longrope', factor: 4 } },
      'unsupported',
      /rope_scaling\.type.*longrope/,
    ],
    [
      'another quantisation',
      { quantization_config: { quant_method: 'hqq' } },
      'unsupported',
      /quant_method.*hqq/,
    ],
    [
      'odd blocks',
      { quantization_config: { quant_method: 'fp8', weight_block_size: [128, 0] } },
      'bad_config',
      /weight_block_size/,
    ],
    ['a missing size', { hidden_size: null }, 'bad_config', /hidden_size.*missing/],
    ['a size given as text', { hidden_size: '256' }, 'bad_config', /hidden_size/],
    ['a billion layers', { num_hidden_layers: 1e9 }, 'bad_config', /num_hidden_layers/],
    ['groups that do not divide the experts', { n_group: 3 }, 'bad_config', /n_group/],
    [
      'more experts chosen than are eligible',
      { num_experts_per_tok: 9 },
      'bad_config',
      /num_experts_per_tok/,
    ],
    ['an odd rotary width', { qk_rope_head_dim: 15 }, 'bad_config', /qk_rope_head_dim/],
    ['an epsilon of zero', { rms_norm_eps: 0 }, 'bad_config', /rms_norm_eps/],
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

  it('leaves out end tokens that the model cannot produce', () => {
    expect(describeModel(change({ eos_token_id: [1, 9999] })).eosTokenIds).toEqual([1])
    expect(describeModel(change({ eos_token_id: 9999 })).eosTokenIds).toEqual([])
    expect(describeModel(change({ eos_token_id: [1, '2', -1] })).eosTokenIds).toEqual([1])
  })

  const changed: [string, string, object, RegExp][] = [
    ['V2-Lite', 'normalised routing weights', { norm_topk_prob: true }, /norm_topk_prob is true/],
    ['V2-Lite', 'sigmoid scores', { scoring_func: 'sigmoid' }, /scoring_func is "sigmoid"/],
    ['V2-Lite', 'the routing of V3', { topk_method: 'noaux_tc' }, /topk_method is "noaux_tc"/],
    ['V2-Lite', 'multi-head attention', { use_mla: false }, /use_mla is false/],
    ['DeepSeekMoE-16B', 'scaled routing weights', { routed_scaling_factor: 2 }, /routed_scaling_factor is 2/],
    ['R1-Distill-Qwen-1.5B', 'a sliding window', { use_sliding_window: true }, /use_sliding_window is true/],
    ['R1-Distill-Qwen-1.5B', 'experts', { n_routed_experts: 8 }, /n_routed_experts is 8/],
    ['R1-Distill-Qwen-1.5B', 'multimodal rotary embedding', { use_mrope: true }, /use_mrope is true/],
    ['R1-Distill-Llama-8B', 'attention biases', { attention_bias: true }, /attention_bias is true/],
    ['Qwen3-30B-A3B', 'scaled routing weights', { routed_scaling_factor: 2 }, /routed_scaling_factor is 2/],
    ['R1-Distill-Llama-8B', 'scaled residuals', { residual_multiplier: 0.22 }, /residual_multiplier is 0.22/],
    ['Ring-mini-2.0', 'the router of Ling 1', { score_function: null }, /score_function is missing/],
    ['Ring-mini-2.0', 'a normalised head', { norm_head: true }, /norm_head is true/],
    ['Ring-mini-2.0', 'biases', { use_qkv_bias: true }, /use_qkv_bias is true/],
    ['Ring-mini-2.0', 'another rotated width', { rotary_dim: 32 }, /rotary_dim is 32/],
    ['SmolLM3-3B', 'windows', { layer_types: ['sliding_attention'] }, /layer_types/],
    ['R1-Distill-Llama-8B', 'unrotated layers', { no_rope_layers: [1, 0] }, /no_rope_layers/],
    ['Granite-4.1-3B', 'MLP biases', { mlp_bias: true }, /mlp_bias is true/],
    ['R1-Distill-Llama-8B', 'MLP biases', { mlp_bias: true }, /mlp_bias is true/],
    ...['bitsandbytes', 'auto-round', 'hqq', 'mxfp4', 'modelopt'].map(
      (method): [string, string, object, RegExp] => [
        'Kimi-K2',
        method,
        { quantization_config: { quant_method: method, bits: 4 } },
        new RegExp(`quantization_config.quant_method is "${method}"`),
      ],
    ),
  ]
  for (const [model, what, more, message] of changed) {
    it(`refuses ${model} with ${what}`, () => {
      expect(() => describeModel({ ...PUBLISHED_CONFIGS[model], ...more })).toThrow(message)
    })
  }

  it('explains why a recognised family does not run yet', () => {
    for (const [family, reason] of NOT_YET) {
      expect(reason).toBeTruthy()
      expect(() => describeModel({ model_type: family })).toThrow(`${family} is recognised but not run yet`)
    }
    expect([...NOT_YET.keys()]).toEqual(expect.arrayContaining(['deepseek_v32', 'deepseek_v4']))
  })

  it('refuses JSON that is not an object', () => {
    for (const json of [null, [], 'config', 7]) expect(() => describeModel(json)).toThrow(/must be an object/)
  })
})
