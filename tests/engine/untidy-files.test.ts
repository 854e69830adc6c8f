// Tests of folders with untidy files: what the model does not need is a notice, and the output is the same.
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { decodeBF16 } from '../../src/lib/float.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters, persistentGpu } from '../support/adapter.ts'
import {
  type FileTensors,
  type ModelFiles,
  planFiles,
  readFixture,
  withConfig,
  withTensors,
  zeroTensor,
} from '../support/folder.ts'
import { FIXTURES } from '../support/model.ts'
import { addLeftovers } from '../support/untidy.ts'
import { makeSafetensors } from '../weights/make-safetensors.ts'

const SINGLE = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'
const llama = readFixture('llama-bf16')
const sharded = readFixture('deepseek_v2_lite-bf16')
const [SHARD_1, SHARD_2] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']

function rename(tensors: FileTensors, nameOf: (name: string) => string): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    delete tensors[name]
    tensors[nameOf(name)] = tensor
  }
}

/** A BF16 tensor as F64: the same numbers. */
function toF64([, shape, bytes]: FileTensors[string]): FileTensors[string] {
  const codes = new Uint16Array(bytes.slice().buffer)
  return ['F64', shape, new Uint8Array(Float64Array.from(codes, decodeBF16).buffer)]
}

const FAMILIES = readdirSync(FIXTURES).filter((name) => SINGLE in readFixture(name))

describe('a folder with leftovers', () => {
  it.each(FAMILIES)('is planned as the tidy one, with notices: %s', async (fixture) => {
    const tidy = readFixture(fixture)
    const untidy = withTensors(tidy, (tensors) => {
      rename(tensors, (name) => `_orig_mod.${name}`)
      addLeftovers(tensors, '_orig_mod.model.')
    })
    const expected = await planFiles(tidy)
    const planned = await planFiles({ ...untidy, [INDEX]: JSON.stringify({ weight_map: { a: SHARD_1 } }) })
    expect(expected).toMatchObject({ unsupported: [], notices: [] })
    expect(planned).toMatchObject({
      unsupported: [],
      gpu: expected.gpu,
      downloadBytes: expected.downloadBytes,
    })
    const [stale, unread] = planned.notices
    expect(planned.notices).toHaveLength(2)
    expect(stale).toContain(INDEX)
    const names = ['inv_freq', 'masked_bias', 'num_batches_tracked', 'o_proj.bias', 'freqs_cis', 'fp4_table']
    for (const name of [SINGLE, ...names]) expect(unread).toContain(name)
  })

  it('must not lack what the model needs', async () => {
    const tensor = 'model.layers.1.mlp.up_proj.weight'
    const lacking = withTensors(llama, (tensors) => delete tensors[tensor])
    const error = { code: 'not_found', file: SINGLE, tensor, hint: expect.stringContaining('remove') }
    await expect(
      planFiles({ ...lacking, [INDEX]: JSON.stringify({ weight_map: { [tensor]: SHARD_2 } }) }),
    ).rejects.toMatchObject(error)
  })

  it.each([
    ['C64', 8],
    ['F4', 1],
    ['I64', 8],
  ])('must not have a needed tensor as %s', async (dtype, size) => {
    const name = 'model.layers.0.input_layernorm.weight'
    const folder = withTensors(llama, (tensors) => {
      tensors[name] = [dtype, [126], new Uint8Array(126 * size)]
    })
    const { unsupported } = await planFiles(folder)
    expect(unsupported).toEqual([
      { what: expect.stringContaining(dtype), where: `${SINGLE}: ${name}`, hint: expect.any(String) },
    ])
  })
})

describe('an index', () => {
  const index = JSON.parse(new TextDecoder().decode(sharded[INDEX] as Uint8Array))
  const withIndex = (more: Readonly<Record<string, string>>, files: ModelFiles = sharded): ModelFiles => ({
    ...files,
    [INDEX]: JSON.stringify({ weight_map: { ...index.weight_map, ...more } }),
  })

  it('may promise tensors and shards that the model does not need', async () => {
    const gone = 'model-00003-of-00003.safetensors'
    const promises = {
      'model.layers.0.self_attn.rotary_emb.inv_freq': SHARD_1,
      'model.layers.9.eh_proj.weight': gone,
    }
    const { unsupported, notices } = await planFiles(withIndex(promises))
    expect(unsupported).toEqual([])
    expect(notices).toEqual([
      expect.stringMatching(/inv_freq.*eh_proj.*Missing files: "model-00003-of-00003/),
    ])
  })

  it('may promise the head of a tied model', async () => {
    const tied = withConfig(readFixture('deepseek_v3-f32-tied'), {})
    const { [SINGLE]: weights = '', ...rest } = tied
    const names: Record<string, string> = { 'lm_head.weight': SHARD_1, 'model.norm.weight': SHARD_1 }
    const folder = { ...rest, [SHARD_1]: weights, [INDEX]: JSON.stringify({ weight_map: names }) }
    const { unsupported, notices } = await planFiles(folder)
    expect([unsupported, notices]).toEqual([[], [expect.stringContaining('"lm_head.weight"')]])
  })

  it('must not promise in vain what the model needs', async () => {
    const { [SHARD_2]: _, ...rest } = sharded
    const error = { code: 'not_found', file: SHARD_2, tensor: expect.stringContaining('.weight') }
    await expect(planFiles(rest)).rejects.toMatchObject(error)
    await expect(planFiles(rest)).rejects.toThrow(/is missing.* should be in it/)
    const empty = { ...sharded, [SHARD_2]: makeSafetensors({}) }
    await expect(planFiles(empty)).rejects.toMatchObject(error)
  })
})

describeOnAdapters(
  'an untidy folder',
  (adapter) => {
    const logitsOf = async (files: ModelFiles, options: EngineOptions = {}) => {
      const gpu = await persistentGpu(adapter.match)
      const engine: Engine = await loadEngine(openMemory(files), { gpu, device: adapter.options, ...options })
      try {
        const logits = await engine.logits([7, 300, 12, 12, 99, 5, 250])
        return { logits, notices: engine.info.notices }
      } finally {
        engine.destroy()
      }
    }

    it.each<[string, EngineOptions]>([
      ['as stored', {}],
      ['quantized', { quantize: 'q8' }],
    ])('computes what the tidy one computes, %s', async (_, options) => {
      const untidy = withTensors(llama, (tensors) => {
        for (const [name, tensor] of Object.entries(tensors)) {
          if (/norm|layers\.1|embed/.test(name)) tensors[name] = toF64(tensor)
        }
        rename(tensors, (name) => `language_model.${name}`)
        addLeftovers(tensors, 'language_model.model.')
      })
      const { [SINGLE]: weights = '', ...rest } = untidy
      const folder = { ...rest, 'model-00001-of-00001.safetensors': weights, 'consolidated.safetensors': 'x' }
      const [tidy, actual] = [await logitsOf(llama, options), await logitsOf(folder, options)]
      expect(tidy.notices).toEqual([])
      expect(actual.notices).toHaveLength(2)
      expect(actual.logits).toEqual(tidy.logits)
    })

    it('reads the head of a tied model where only that is stored', async () => {
      const tied = readFixture('deepseek_v3-f32-tied')
      const headOnly = withTensors(tied, (tensors) =>
        rename(tensors, (name) => name.replace('model.embed_tokens', 'lm_head')),
      )
      const both = withTensors(tied, (tensors) => {
        tensors['lm_head.weight'] = zeroTensor('F32', 3, 5)
      })
      const [tidy, head, ignored] = [await logitsOf(tied), await logitsOf(headOnly), await logitsOf(both)]
      expect(head).toEqual(tidy)
      expect(ignored.logits).toEqual(tidy.logits)
      expect(ignored.notices).toEqual([expect.stringMatching(/"lm_head.weight".*tie_word_embeddings/)])
    })
  },
  ADAPTERS.slice(0, 1),
)
