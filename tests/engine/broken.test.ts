// Tests that loading a broken or hostile folder fails with one clear error and frees the GPU.
import { expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { HadalError } from '../../src/lib/error.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { type ModelFiles, readFixture, withConfig, withTensors, zeroTensor } from '../support/folder.ts'
import { watchGpu } from '../support/watched-gpu.ts'

const files = readFixture('deepseek_v3-fp8-tiny')
const MATRIX = 'model.layers.1.self_attn.o_proj.weight'
const SCALE = `${MATRIX}_scale_inv`
const SHARD = 'model.safetensors'

/** The folder with some bytes of a tensor replaced. */
const withBytes = (name: string, at: number, bytes: readonly number[]): ModelFiles =>
  withTensors(files, (tensors) => tensors[name]?.[2].set(bytes, at))
const f32 = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)]

interface BrokenFolder {
  readonly what: string
  readonly folder: ModelFiles
  readonly options?: EngineOptions
  readonly error: Pick<HadalError, 'code'> & Partial<Pick<HadalError, 'file' | 'tensor'>>
  readonly says?: RegExp
}

const CASES: readonly BrokenFolder[] = [
  {
    what: 'a missing tensor',
    folder: withTensors(files, (tensors) => delete tensors[MATRIX]),
    error: { code: 'not_found', tensor: MATRIX },
  },
  {
    what: 'a missing scale',
    folder: withTensors(files, (tensors) => delete tensors[SCALE]),
    error: { code: 'not_found', tensor: SCALE },
  },
  {
    what: 'an extra tensor',
    folder: withTensors(files, (tensors) => {
      tensors['model.layers.1.self_attn.o_proj.bias'] = zeroTensor('BF16', 64)
    }),
    error: { code: 'bad_file', file: SHARD, tensor: 'model.layers.1.self_attn.o_proj.bias' },
  },
  {
    what: 'a wrong shape',
    folder: withTensors(files, (tensors) => {
      tensors['model.norm.weight'] = zeroTensor('BF16', 7)
    }),
    error: { code: 'bad_file', file: SHARD, tensor: 'model.norm.weight' },
    says: /\[7\]/,
  },
  {
    what: 'weights that are integers',
    folder: withTensors(files, (tensors) => {
      const [, shape, bytes] = tensors[MATRIX] ?? zeroTensor('U8', 0)
      tensors[MATRIX] = ['U8', shape, bytes]
    }),
    error: { code: 'unsupported', file: SHARD, tensor: MATRIX },
    says: /U8/,
  },
  {
    what: 'a norm of integers',
    folder: withTensors(files, (tensors) => {
      const [, shape, bytes] = tensors['model.norm.weight'] ?? zeroTensor('I16', 0)
      tensors['model.norm.weight'] = ['I16', shape, bytes]
    }),
    error: { code: 'unsupported', file: SHARD, tensor: 'model.norm.weight' },
    says: /I16/,
  },
  {
    what: 'a shape of a thousand dimensions',
    folder: withTensors(files, (tensors) => {
      const [dtype, shape, bytes] = tensors[MATRIX] ?? zeroTensor('F8_E4M3', 0)
      tensors[MATRIX] = [dtype, [...shape, ...new Array(1000).fill(1)], bytes]
    }),
    error: { code: 'bad_file', file: SHARD, tensor: MATRIX },
    says: /^.{1,300}$/,
  },
  {
    what: 'a scale that is NaN',
    folder: withBytes(SCALE, 0, f32(Number.NaN)),
    error: { code: 'bad_file', file: SHARD, tensor: SCALE },
    says: /NaN/,
  },
  {
    what: 'an infinite scale',
    folder: withBytes(SCALE, 0, f32(Number.NEGATIVE_INFINITY)),
    error: { code: 'bad_file', file: SHARD, tensor: SCALE },
    says: /-Infinity/,
  },
  {
    what: 'a scale that is NaN, of weights that are quantized while loading',
    folder: withBytes(SCALE, 0, f32(Number.NaN)),
    options: { quantize: 'q8' },
    error: { code: 'bad_file', file: SHARD, tensor: SCALE },
  },
  {
    what: 'a NaN code of FP8 in weights that are quantized while loading',
    folder: withBytes(MATRIX, 77, [0x7f]),
    options: { quantize: 'q4' },
    error: { code: 'bad_file', file: SHARD, tensor: MATRIX },
  },
  {
    what: 'a NaN code of FP8',
    folder: withBytes(MATRIX, 77, [0xff]),
    error: { code: 'bad_file', file: SHARD, tensor: MATRIX },
    says: /element 77/,
  },
  {
    what: 'a truncated shard',
    folder: { ...files, [SHARD]: (files[SHARD] as Uint8Array).slice(0, -100) },
    error: { code: 'bad_file', file: SHARD },
    says: /truncated/,
  },
  {
    what: 'an index that leads out of the folder',
    folder: {
      ...files,
      'model.safetensors.index.json': JSON.stringify({ weight_map: { [MATRIX]: '../x.safetensors' } }),
    },
    error: { code: 'bad_file', file: 'model.safetensors.index.json', tensor: MATRIX },
  },
  {
    what: 'a vocabulary larger than the embedding',
    folder: withConfig(files, { vocab_size: 200_000 }),
    error: { code: 'bad_file', file: SHARD, tensor: 'model.embed_tokens.weight' },
  },
  {
    what: 'a tokenizer with ids beyond the embedding',
    folder: withConfig(files, { vocab_size: 100, bos_token_id: 0, eos_token_id: 1 }),
    error: { code: 'bad_file', file: 'tokenizer.json' },
  },
  {
    what: 'an unknown config key',
    folder: withConfig(files, { final_logit_softcapping: 30 }),
    error: { code: 'unsupported', file: 'config.json' },
    says: /final_logit_softcapping/,
  },
  {
    what: 'an architecture that is not supported yet',
    folder: withConfig(files, { model_type: 'deepseek_v4' }),
    error: { code: 'unsupported', file: 'config.json' },
    says: /deepseek_v4/,
  },
  {
    what: 'a million layers',
    folder: withConfig(files, { num_hidden_layers: 1_000_000 }),
    error: { code: 'bad_config', file: 'config.json' },
    says: /num_hidden_layers/,
  },
]

describeOnAdapters(
  'broken folders',
  (adapter) => {
    const load = async (folder: ModelFiles, options: EngineOptions = {}) => {
      const watched = await watchGpu(adapter)
      const failure: unknown = await loadEngine(openMemory(folder), {
        gpu: watched.gpu,
        device: adapter.options,
        ...options,
      }).then(
        (engine) => engine.destroy(),
        (error) => error,
      )
      expect(await watched.allDestroyed()).toBe(true)
      return failure
    }

    for (const { what, folder, options, error, says } of CASES) {
      it(`refuses ${what}`, async () => {
        const failure = await load(folder, options)
        expect(failure).toBeInstanceOf(HadalError)
        expect(failure).toMatchObject(error)
        if (says) expect((failure as HadalError).message).toMatch(says)
      })
    }

    it('frees everything when it is cancelled in any phase', async () => {
      for (const at of ['list', 'tokenizer', 'upload', 'compile'] as const) {
        const cancel = new AbortController()
        const failure = await load(files, {
          signal: cancel.signal,
          onProgress: ({ phase }) => {
            if (phase === at) cancel.abort()
          },
        })
        expect(failure, at).toMatchObject({ code: 'aborted' })
      }
    })
  },
  ADAPTERS.slice(0, 1),
)
