// Tests of checkExtraTensors: unknown tensors are refused by name, unused ones of published files are not.
import { describe, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { describeModel } from '../../src/models/describe.ts'
import { checkExtraTensors, listTensors } from '../../src/models/tensor-names.ts'

const check = (model: string, ...more: readonly string[]) => {
  const spec = describeModel({ ...PUBLISHED_CONFIGS[model], num_hidden_layers: 4 })
  const names = [...listTensors(spec).map(({ name }) => name), ...more]
  const dtype = model === 'V3' ? 'F8_E4M3' : 'BF16'
  checkExtraTensors(spec, new Map(names.map((name) => [name, { file: 'model-00001.safetensors', dtype }])))
}

const ACCEPTED: [string, string][] = [
  ['V3', 'model.layers.0.self_attn.o_proj.weight_scale_inv'],
  ['V3', 'model.layers.3.mlp.experts.7.down_proj.input_scale'],
  ['V3', 'model.layers.4.eh_proj.weight'], // the MTP layer
  ['Kimi-K2', 'model.layers.2.self_attn.rotary_emb.inv_freq'],
  ['Youtu-LLM-2B', 'lm_head.weight'], // of a model with a tied embedding
]

const REFUSED: [string, string][] = [
  ['V3', 'model.layers.5.eh_proj.weight'], // one MTP layer, not two
  ['V3', 'model.layers.0.self_attn.indexer.wk.weight'],
  ['V3', 'model.layers.0.self_attn.nothing.weight_scale_inv'],
  ['V3', 'model.layers.0.mlp.experts.0.up_proj.weight'], // that layer is dense
  ['Kimi-K2', 'model.layers.4.eh_proj.weight'],
  ['R1-Distill-Llama-8B', 'model.layers.0.self_attn.q_proj.bias'],
  ['V2-Lite', 'vision.patch_embed.weight'],
  // Scales of weights that are read without scales: they would be left out.
  ['Moonlight', 'model.layers.0.self_attn.o_proj.weight_scale_inv'],
  ['Moonlight', 'model.layers.0.self_attn.o_proj.input_scale'],
  ['V2-Lite', '__proto__'],
]

describe('checkExtraTensors', () => {
  for (const [model, name] of ACCEPTED) it(`accepts ${name} of ${model}`, () => check(model, name))

  for (const [model, name] of REFUSED) {
    it(`refuses ${name} in ${model}`, () => {
      let caught: unknown
      try {
        check(model, name)
      } catch (error) {
        caught = error
      }
      expect(caught).toMatchObject({
        code: 'bad_file',
        file: 'model-00001.safetensors',
        tensor: name,
        message: expect.stringContaining(name),
      })
    })
  }
})
