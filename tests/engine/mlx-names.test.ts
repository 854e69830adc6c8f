// Tests that weights under the names that MLX and multimodal folders give them are read to the bit.
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { plan } from '../../src/engine/load/plan.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { zeroTensor } from '../support/folder.ts'
import { type MlxParameters, type MlxTwin, makeMlxTwin, twinFiles } from '../support/mlx-twin.ts'
import { readWeights } from '../support/read-weights.ts'

const FOUR: MlxParameters = { bits: 4, group_size: 64 }
const EIGHT: MlxParameters = { bits: 8, group_size: 64 }

const SMALL = {
  hidden_size: 64,
  intermediate_size: 128,
  moe_intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  vocab_size: 96,
  bos_token_id: 0,
  eos_token_id: 1,
}
const LING = {
  ...PUBLISHED_CONFIGS['Ring-mini-2.0'],
  ...SMALL,
  num_key_value_heads: 1,
  head_dim: 64,
  first_k_dense_replace: 1,
  num_experts: 16,
  moe_shared_expert_intermediate_size: 64,
}
const QWEN = {
  ...PUBLISHED_CONFIGS['Qwen3-30B-A3B'],
  ...SMALL,
  num_key_value_heads: 1,
  head_dim: 64,
  num_experts: 4,
  num_experts_per_tok: 2,
}
const KIMI = {
  ...PUBLISHED_CONFIGS['Kimi-K2'],
  ...SMALL,
  num_key_value_heads: 2,
  q_lora_rank: 64,
  kv_lora_rank: 64,
  qk_nope_head_dim: 64,
  qk_rope_head_dim: 16,
  v_head_dim: 64,
  first_k_dense_replace: 1,
  n_routed_experts: 8,
  quantization_config: undefined,
}

const isRouter = (module: string) => module.endsWith('.mlp.gate')
const parameters = (module: string) => (isRouter(module) ? EIGHT : FOUR)

/** The config of a twin, its routers named as overrides. */
const quantised = (config: object, router: string) => {
  const routers = Object.fromEntries([0, 1].map((layer) => [`model.layers.${layer}.${router}`, EIGHT]))
  const quantization = { ...FOUR, mode: 'affine', ...routers }
  return { ...config, quantization, quantization_config: quantization }
}

const hashes = (weights: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, number> =>
  new Map([...weights].map(([name, { buffer }]) => [name, crc32(new Uint8Array(buffer))]))

async function expectRead(config: object, twin: MlxTwin, notices: readonly unknown[] = []): Promise<void> {
  const source = openMemory(twinFiles(config, twin))
  const read = await readWeights(source, (name) => twin.weights.has(name))
  expect(hashes(read.weights)).toEqual(hashes(twin.weights))
  expect(read.notices).toEqual(notices)
  expect((await plan(source, { limits: {} })).unsupported).toEqual([])
}

describe('MLX', () => {
  it('has routers of Qwen3 in 8 bits', async () => {
    await expectRead(quantised(QWEN, 'mlp.gate'), makeMlxTwin(QWEN, { parameters }))
  })

  const rename = (module: string) => (isRouter(module) ? `${module}.gate_proj` : module)
  it('has routers of Ling one module deeper', async () => {
    const twin = makeMlxTwin(LING, { parameters, rename })
    await expectRead(quantised(LING, 'mlp.gate.gate_proj'), twin)
  })

  it('of a tied Ling may have the head alone', async () => {
    const tied = { ...LING, tie_word_embeddings: true }
    const toHead = (module: string) => rename(module.replace('model.word_embeddings', 'lm_head'))
    await expectRead(quantised(tied, 'mlp.gate.gate_proj'), makeMlxTwin(tied, { parameters, rename: toHead }))
  })
})

describe('a model that also reads images', () => {
  const IMAGES = expect.stringContaining('reads images')
  const UNREAD = expect.stringMatching(/not read.*vision_tower/)
  const rename = (module: string) => `language_model.${module}`
  const twin = makeMlxTwin(KIMI, {
    parameters: (module) => (isRouter(module) ? undefined : FOUR),
    rename,
  })
  twin.tensors['vision_tower.encoder.blocks.0.wqkv.weight'] = zeroTensor('BF16', 8, 8)
  twin.tensors['mm_projector.proj.0.bias'] = zeroTensor('BF16', 8)
  const wrapped = (more: object, inner: object = {}) => ({
    model_type: 'kimi_k25',
    vision_config: { hidden_size: 8 },
    media_placeholder_token_id: 90,
    text_config: { ...KIMI, ...inner },
    ...more,
  })
  const quantization = { ...FOUR, [rename('model.layers.0.self_attn.o_proj')]: FOUR }

  it('is read as its language model, quantised beside or in text_config', async () => {
    const words = { quant_method: 'compressed-tensors', config_groups: {} }
    for (const config of [
      wrapped({ quantization, quantization_config: quantization }),
      wrapped({}, { quantization }),
      wrapped({ quantization }, { quantization_config: words }),
    ])
      await expectRead(config, twin, [IMAGES, UNREAD])
  })

  it('follows changes to the keys of its language model', async () => {
    const source = openMemory(twinFiles(wrapped({ quantization }), twin))
    for (const config of [
      { max_position_embeddings: 77 },
      { text_config: { max_position_embeddings: 77 } },
    ]) {
      const { model, notices } = await plan(source, { limits: {}, config })
      expect(model?.maxContextLength).toBe(77)
      const change = expect.stringContaining('max_position_embeddings is 77 as asked for')
      expect(notices).toEqual([IMAGES, change, UNREAD])
    }
  })

  it('is refused by name if its language model is of another type', async () => {
    const source = openMemory(twinFiles(wrapped({ quantization }, { model_type: 'kimi_linear' }), twin))
    const { unsupported } = await plan(source, { limits: {} })
    expect(unsupported).toEqual([expect.objectContaining({ what: expect.stringContaining('kimi_k25') })])
  })
})
