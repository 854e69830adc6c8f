// Tests of judgeExtraTensors: what changes the computation is refused by name, all else is left unread.
import { describe, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { Notices } from '../../src/lib/notices.ts'
import { describeModel } from '../../src/models/describe.ts'
import { judgeExtraTensors } from '../../src/models/extra-tensors.ts'
import { canonicalName, findPrefix, listTensors } from '../../src/models/tensor-names.ts'

const FILE = 'model-00001.safetensors'

/** The notices for the model's own tensors and one more, of `bytes` bytes. */
function judge(model: string, more: string, bytes = 4): readonly string[] {
  const spec = describeModel({ ...PUBLISHED_CONFIGS[model], num_hidden_layers: 4 })
  const dtype = model === 'V3' ? 'F8_E4M3' : 'BF16'
  const entry = { file: FILE, dtype, start: 0, end: 8 }
  const own = listTensors(spec).flatMap(({ name, shape }) => {
    const scales = model === 'V3' && shape.length === 2 ? [`${name}_scale_inv`] : []
    return [name, ...scales].map((own) => [own, entry] as const)
  })
  const tensors = new Map([...own, [more, { file: FILE, dtype, start: 8, end: 8 + bytes }]])
  const notices = new Notices()
  const prefix = findPrefix(tensors.keys())
  const nameOf = (name: string) => canonicalName(prefix, name)
  judgeExtraTensors(spec, { stored: tensors, named: tensors, nameOf }, notices)
  return notices.texts
}

const SILENT: [string, string][] = [
  ['V3', 'model.layers.0.self_attn.o_proj.weight_scale_inv'],
  ['V3', 'model.layers.3.mlp.experts.7.down_proj.input_scale'],
  ['V3', 'model.layers.4.eh_proj.weight'], // the MTP layer
]

const NOTED: [string, string][] = [
  ['Kimi-K2', 'model.layers.2.self_attn.rotary_emb.inv_freq'],
  ['Youtu-LLM-2B', 'lm_head.weight'], // of a model with a tied embedding
  ['V3', 'model.layers.5.eh_proj.weight'], // one MTP layer, not two
  ['Kimi-K2', 'model.layers.4.eh_proj.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.4.self_attn.q_norm.weight'], // of a fifth layer
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.masked_bias'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.bias'], // a causal mask
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.k_scale'], // of an FP8 cache
  ['R1-Distill-Llama-8B', 'model.layers.0.input_layernorm.num_batches_tracked'],
  ['R1-Distill-Llama-8B', 'score.weight'],
  ['R1-Distill-Llama-8B', 'model.vision_tower.vision_model.post_layernorm.bias'],
  ['R1-Distill-Llama-8B', 'vision_tower.layers.0.self_attn.q_proj.bias'],
  ['R1-Distill-Llama-8B', 'visual.layers.0.self_attn.q_proj.lora_A.weight'],
  ['R1-Distill-Llama-8B', 'multi_modal_projector.linear_1.bias'],
  ['R1-Distill-Llama-8B', 'mtp.layers.0.self_attn.q_norm.weight'],
  ['V2-Lite', 'model.layers.2.mlp.experts.64.up_proj.weight'], // never chosen by a router of 64
  ['Moonlight', 'model.layers.0.self_attn.k_b_proj.weight'], // repeats kv_b_proj
  ['Moonlight', 'model.layers.0.self_attn.o_proj.input_scale'],
  ['V3', 'model.layers.0.self_attn.nothing.weight_scale_inv'],
  ['V2-Lite', 'vision.patch_embed.weight'],
  ['V2-Lite', '__proto__'],
  ['V2-Lite', `model.layers.0.${'norm'.repeat(1e6)}`],
]

const REFUSED: [string, string][] = [
  ['Ring-mini-2.0', 'model.layers.1.attention.query_key_value.bias'],
  ['Ring-mini-2.0', 'model.layers.1.self_attn.o_proj.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.1.attention.dense.weight'],
  ['Qwen3-30B-A3B', 'model.layers.1.mlp.gate.expert_bias'],
  ['Qwen3-30B-A3B', 'model.layers.1.mlp.shared_expert.up_proj.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.q_proj.bias'],
  ['R1-Distill-Llama-8B', 'model.layers.3.mlp.up_proj.bias'],
  ['R1-Distill-Llama-8B', 'lm_head.bias'],
  ['Moonlight', 'model.layers.1.self_attn.kv_a_proj_with_mqa.bias'],
  ['V2-Lite', 'model.layers.2.mlp.gate.e_score_correction_bias'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.q_norm.weight'],
  ['R1-Distill-Qwen-1.5B', 'model.layers.1.self_attn.k_layernorm.weight'],
  ['Moonlight', 'model.layers.0.self_attn.q_norm.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.0.input_layernorm.bias'],
  ['R1-Distill-Llama-8B', 'model.layers.0.post_feedforward_layernorm.weight'],
  ['R1-Distill-Llama-8B', 'model.norm.bias'],
  ['R1-Distill-Llama-8B', 'model.embed_positions.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.sinks'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.attention_sink_bias'],
  ['V3', 'model.layers.0.self_attn.indexer.wk.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.q_proj.lora_A.weight'],
  ['R1-Distill-Llama-8B', 'base_model.model.model.layers.0.mlp.up_proj.lora_B.default.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.1.mlp.adapter.down.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.1.self_attn.q_proj.base_layer.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.gate_proj.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.q_proj.qweight'],
  ['V3', 'model.layers.0.mlp.experts.0.up_proj.weight'], // that layer is dense
  ['V2-Lite', 'model.layers.2.mlp.up_proj.weight'], // that layer is not
  ['V2-Lite', 'model.layers.2.mlp.shared_expert_gate.weight'],
  // Scales of weights that are read without scales: they would be left out.
  ['Moonlight', 'model.layers.0.self_attn.o_proj.weight_scale_inv'],
  ['Moonlight', 'lm_head.weight_scale'],
]

describe('judgeExtraTensors', () => {
  for (const [model, name] of SILENT) {
    it(`passes over ${name} of ${model}`, () => expect(judge(model, name)).toEqual([]))
  }

  for (const [model, name] of NOTED) {
    it(`notes ${name.slice(0, 90)} of ${model}`, () => {
      const notices = judge(model, name)
      expect(notices).toEqual([expect.stringContaining(`"${FILE}": `)])
      expect(notices[0]).toContain(JSON.stringify(name.slice(0, 80)))
    })
  }

  for (const [model, name] of REFUSED) {
    it(`refuses ${name} in ${model}, but not if it is empty`, () => {
      let caught: unknown
      try {
        judge(model, name)
      } catch (error) {
        caught = error
      }
      const message = expect.stringContaining(name)
      expect(caught).toMatchObject({ code: 'bad_file', file: FILE, tensor: name, message })
      expect(judge(model, name, 0)).toHaveLength(1)
    })
  }
})

describe('findPrefix', () => {
  const NAMES = ['layers.0.input_layernorm.weight', 'embed_tokens.weight', 'layers.1.mlp.up_proj.weight']
  const BESIDE = [
    'lm_head.weight',
    'vision_tower.layers.0.layer_norm1.weight',
    'mtp.layers.0.input_layernorm.weight',
  ]

  it.each([
    ['model.', 'lm_head.weight'],
    ['', 'lm_head.weight'],
    ['language_model.', 'language_model.lm_head.weight'],
    ['language_model.model.', 'language_model.lm_head.weight'],
    ['model.language_model.', 'lm_head.weight'],
    ['model.model.', 'model.lm_head.weight'],
    ['_orig_mod.model.', '_orig_mod.lm_head.weight'],
    ['module.', 'lm_head.weight'],
  ])('finds %j, with the head at %s', (prefix, head) => {
    for (const names of [
      [...BESIDE, ...NAMES.map((name) => prefix + name)],
      NAMES.map((name) => prefix + name),
    ]) {
      expect(findPrefix(names)).toBe(prefix)
    }
    expect(NAMES.map((name) => canonicalName(prefix, prefix + name))).toEqual(
      NAMES.map((name) => `model.${name}`),
    )
    expect(canonicalName(prefix, head)).toBe('lm_head.weight')
    expect(canonicalName(prefix, `elsewhere.${head}`)).not.toBe('lm_head.weight')
  })
})
