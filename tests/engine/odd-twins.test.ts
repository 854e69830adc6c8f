// Tests that odd quantised folders are read as the tidy ones, and that what only their bytes show is refused.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/load-engine.ts'
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
import { readWeights } from '../support/read-weights.ts'

const FOLDERS = {
  mlx: 'deepseek_v2_lite-mlx4',
  split: 'deepseek_v3-mlx4-mixed',
  packed: 'deepseek_v3-ct4-experts',
  ctFp8: 'qwen3-ctfp8-channel',
  fp8: 'qwen3-fp8',
  gptq: 'qwen2-gptq4',
  awq: 'deepseek_v2-awq4',
} as const
type Kind = keyof typeof FOLDERS

const FILES = Object.fromEntries(
  Object.entries(FOLDERS).map(([kind, name]) => [kind, readFixture(name)]),
) as Readonly<Record<Kind, ModelFiles>>
const jsonOf = (kind: Kind, file: string) =>
  JSON.parse(readFileSync(join(FIXTURES, FOLDERS[kind], file), 'utf8'))

type Change = (files: ModelFiles, kind: Kind) => ModelFiles

/** Changes to `quantization_config`. */
const quantization =
  (change: object): Change =>
  (files, kind) =>
    withConfig(files, {
      quantization_config: { ...jsonOf(kind, 'config.json').quantization_config, ...change },
    })
/** Changes to the weights of its only group. */
const group =
  (weights: object, more: object = {}): Change =>
  (files, kind) => {
    const { group_0, ...others } = jsonOf(kind, 'config.json').quantization_config.config_groups
    const changed = { ...group_0, weights: { ...group_0.weights, ...weights }, ...more }
    return quantization({ config_groups: { ...others, group_0: changed } })(files, kind)
  }
/** Changes to both keys of MLX. */
const mlx =
  (change: object): Change =>
  (files, kind) => {
    const both = { ...jsonOf(kind, 'config.json').quantization, ...change }
    return withConfig(files, { quantization: both, quantization_config: both })
  }
const tensors =
  (change: (tensors: FileTensors) => void): Change =>
  (files) =>
    withTensors(files, change)
const entryOf = (all: FileTensors, name: string) => {
  const entry = all[name]
  if (!entry) throw new Error(`${name} is not in the folder`)
  return entry
}
const retype = (name: string, dtype: string) =>
  tensors((all) => {
    const [, shape, bytes] = entryOf(all, name)
    all[name] = [dtype, shape, bytes]
  })
const integers = (name: string, values: readonly number[]) =>
  tensors((all) => {
    all[name] = ['I32', [values.length], new Uint8Array(Int32Array.from(values).buffer)]
  })
const ofColumns = (count: number, groupOf: (column: number) => number) =>
  Array.from({ length: count }, (_, column) => groupOf(column))

const DOWN = 'model.layers.1.mlp.experts.0.down_proj'
const ATTENTION = 'model.layers.0.self_attn'

const READ: [string, Kind, Change][] = [
  ['overrides of modules that are not there', 'mlx', mlx({ 'model.layers.9.o_proj': false })],
  ['codes in signed words', 'mlx', retype('lm_head.weight', 'I32')],
  ['a note about activations', 'mlx', mlx({ quantize_activations: true })],
  ['no weight_shape', 'packed', tensors((all) => delete all[`${DOWN}.weight_shape`])],
  [
    'columns in order',
    'packed',
    integers(
      `${DOWN}.weight_g_idx`,
      ofColumns(64, (i) => i >> 5),
    ),
  ],
  [
    'an order that was not kept',
    'packed',
    integers(
      `${DOWN}.weight_g_idx`,
      ofColumns(64, () => -1),
    ),
  ],
  ['act-order off', 'packed', group({ actorder: false })],
  ['act-order of weights', 'packed', group({ actorder: 'static' })],
  ['a target that no engine should search for', 'packed', group({}, { targets: ['re:(a+)+$'] })],
  ['a quantised KV cache', 'packed', quantization({ kv_cache_scheme: { num_bits: 8, type: 'float' } })],
  ['the general FP8 format', 'ctFp8', quantization({ format: 'naive-quantized' })],
  [
    'scales of rows in one dimension',
    'ctFp8',
    tensors((all) => {
      const [dtype, [rows = 0], bytes] = entryOf(all, `${ATTENTION}.o_proj.weight_scale`)
      all[`${ATTENTION}.o_proj.weight_scale`] = [dtype, [rows], bytes]
    }),
  ],
  ['static groups with act-order', 'gptq', quantization({ desc_act: true, static_groups: true })],
  ['no g_idx', 'gptq', tensors((all) => delete all[`${ATTENTION}.q_proj.g_idx`])],
  ['its version in capitals', 'awq', quantization({ version: 'GEMM', modules_to_not_convert: ['gate'] })],
]

const hashes = async (files: ModelFiles, names: object) => {
  const { weights, notices } = await readWeights(openMemory(files), (name) => Object.hasOwn(names, name))
  expect(notices).toEqual([])
  return new Map([...weights].map(([name, { buffer }]) => [name, crc32(new Uint8Array(buffer))]))
}

describe('a quantised folder is read', () => {
  it.each(READ)('with %s (%s)', async (_, kind, change) => {
    const { dequantised_crc32: expected } = jsonOf(kind, 'golden.json').prequantised
    const changed = change(FILES[kind], kind)
    expect((await planFiles(changed)).unsupported).toEqual([])
    expect(Object.fromEntries(await hashes(changed, expected))).toEqual(expected)
  })
})

const PLANNED: [string, Kind, Change, string, RegExp][] = [
  [
    'an expert alone and in its stack',
    'mlx',
    tensors((all) => {
      all[`${DOWN}.weight`] = zeroTensor('U32', 192, 8)
    }),
    'bad_file',
    /holds what .*switch_mlp/,
  ],
  [
    'kv_b_proj whole and in halves',
    'split',
    tensors((all) => {
      all[`${ATTENTION}.kv_b_proj.weight`] = zeroTensor('BF16', 384, 64)
    }),
    'bad_file',
    /embed_q/,
  ],
  [
    'one half of kv_b_proj',
    'split',
    tensors((all) => {
      for (const name of Object.keys(all)) if (name.includes('0.self_attn.unembed_out')) delete all[name]
    }),
    'not_found',
    /tensor model\.layers\.0\.self_attn\.unembed_out\.weight/,
  ],
  [
    'a bias instead of biases',
    'mlx',
    tensors((all) => {
      all['lm_head.bias'] = entryOf(all, 'lm_head.biases')
      delete all['lm_head.biases']
    }),
    'bad_file',
    /lm_head\.bias.* a bias/,
  ],
  [
    'code of its own',
    'mlx',
    (files) => withConfig(files, { model_file: 'a.py' }),
    'unsupported',
    /model_file/,
  ],
  ['a group size that is a text', 'mlx', mlx({ group_size: '64' }), 'unsupported', /group_size is "64"/],
  ['no scheme', 'packed', quantization({ config_groups: {} }), 'bad_file', /fits no scheme/],
  [
    'a copy of a matrix in floats',
    'gptq',
    tensors((all) => {
      all[`${ATTENTION}.q_proj.weight`] = zeroTensor('F16', 192, 192)
    }),
    'bad_file',
    /second copy/,
  ],
  ['FP8 of another kind', 'ctFp8', retype(`${ATTENTION}.o_proj.weight`, 'F8_E5M2'), 'unsupported', /F8_E5M2/],
  [
    'FP8 scales of both names',
    'fp8',
    tensors((all) => {
      all[`${ATTENTION}.o_proj.weight_scale`] = zeroTensor('F32', 1)
    }),
    'bad_file',
    /o_proj\.weight_scale"/,
  ],
]

/** What only the bytes show. */
const LOADED: [string, Kind, Change, string, RegExp][] = [
  [
    'columns in another order',
    'gptq',
    integers(
      `${ATTENTION}.q_proj.g_idx`,
      ofColumns(192, (i) => i % 3),
    ),
    'unsupported',
    /act-order/,
  ],
  [
    'columns of groups that are not there',
    'gptq',
    integers(
      `${ATTENTION}.q_proj.g_idx`,
      ofColumns(192, () => 1e9),
    ),
    'unsupported',
    /group 1000000000/,
  ],
  [
    'columns of AWQ in another order',
    'awq',
    integers(
      `${ATTENTION}.o_proj.g_idx`,
      ofColumns(192, () => 0),
    ),
    'unsupported',
    /g_idx/,
  ],
  [
    'packed columns in another order',
    'packed',
    integers(
      `${DOWN}.weight_g_idx`,
      ofColumns(64, (i) => i & 1),
    ),
    'unsupported',
    /weight_g_idx/,
  ],
  [
    'another shape',
    'packed',
    tensors((all) => {
      const shape = new BigInt64Array([1n << 62n, -1n])
      all[`${DOWN}.weight_shape`] = ['I64', [2], new Uint8Array(shape.buffer)]
    }),
    'bad_file',
    /weight_shape holds/,
  ],
  [
    'an infinite scale',
    'mlx',
    overwrite('lm_head.scales', 0x7f80),
    'bad_file',
    /lm_head\.scales holds Infinity/,
  ],
  ['NaN as a bias', 'mlx', overwrite('lm_head.biases', 0x7fc0), 'bad_file', /lm_head\.biases holds NaN/],
  ['NaN in a half', 'split', overwrite(`${ATTENTION}.embed_q.biases`, 0x7fc0), 'bad_file', /embed_q\.biases/],
  ['NaN as a scale', 'gptq', overwrite(`${ATTENTION}.q_proj.scales`, 0x7e00), 'bad_file', /scales holds NaN/],
]

/** Puts this 16-bit number into the fourth place. */
function overwrite(name: string, code: number): Change {
  return tensors((all) => {
    const [dtype, shape, bytes] = entryOf(all, name)
    const changed = bytes.slice()
    new DataView(changed.buffer).setUint16(6, code, true)
    all[name] = [dtype, shape, changed]
  })
}

describeOnAdapters(
  'a quantised folder',
  (adapter) => {
    it.each([...PLANNED, ...LOADED])('with %s (%s) is refused', async (_, kind, change, code, message) => {
      const source = openMemory(change(FILES[kind], kind))
      const gpu = await persistentGpu(adapter.match)
      const error = expect.objectContaining({
        code,
        message: expect.stringMatching(message),
        file: expect.stringMatching(/^(config\.json|model\.safetensors)$/),
        hint: expect.stringMatching(/./),
      })
      await expect(loadEngine(source, { gpu, device: adapter.options })).rejects.toThrow(error)
    })
  },
  ADAPTERS.slice(0, 1),
)
