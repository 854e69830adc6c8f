// Tests that quantised folders whose tensors contradict each other or config.json are refused with one clear
// error, and that what the tensors tell is enough where they do not.
import { describe, expect, it } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import {
  type FileTensors,
  type ModelFiles,
  planFiles,
  readFixture,
  withConfig,
  withTensors,
  zeroTensor,
} from '../support/folder.ts'

const V2_MLX = readFixture('deepseek_v2_lite-mlx4')
const V3_MLX = readFixture('deepseek_v3-mlx4-mixed')
const CT_INT4 = readFixture('deepseek_v3-ct4-experts')
const CT_FP8 = readFixture('qwen3-ctfp8-channel')
const GPTQ = readFixture('qwen2-gptq4')
const AWQ = readFixture('deepseek_v2-awq4')

/** The error of planning, thrown or listed. */
async function failureOf(files: ModelFiles): Promise<{ readonly code: string; readonly message: string }> {
  try {
    const [first] = (await planFiles(files)).unsupported
    if (first) return { code: 'unsupported', message: first.what }
  } catch (error) {
    if (error instanceof HadalError) return error
    throw error
  }
  throw new Error('was accepted')
}

type Change = (tensors: FileTensors) => void

/** A tensor of another shape. */
const reshape =
  (name: string, ...shape: number[]): Change =>
  (tensors) => {
    tensors[name] = zeroTensor(dtypeOf(tensors, name), ...shape)
  }
const retype =
  (name: string, dtype: 'U8' | 'F64' | 'I32'): Change =>
  (tensors) => {
    tensors[name] = zeroTensor(dtype, ...(tensors[name]?.[1] ?? []))
  }
const remove =
  (name: string): Change =>
  (tensors) => {
    delete tensors[name]
  }

const dtypeOf = (tensors: FileTensors, name: string) => {
  const dtype = tensors[name]?.[0]
  for (const known of ['U32', 'I32', 'BF16', 'F16', 'F8_E4M3'] as const) if (dtype === known) return known
  throw new Error(`${name} is not in the folder`)
}

const HEAD = 'lm_head'
const STACK = 'model.layers.1.mlp.switch_mlp.down_proj'
const EMBED_Q = 'model.layers.0.self_attn.embed_q'
const EXPERT = 'model.layers.1.mlp.experts.0.down_proj'
const Q_PROJ = 'model.layers.0.self_attn.q_proj'
const O_PROJ = 'model.layers.0.self_attn.o_proj'

const CONTRADICTIONS: [string, ModelFiles, Change, string, RegExp][] = [
  [
    'codes of other bits',
    V2_MLX,
    reshape(`${HEAD}.weight`, 331, 48),
    'bad_file',
    /lm_head\.weight.*\[331, 48\].*\[331, 24\]/,
  ],
  [
    'scales of other groups',
    V2_MLX,
    reshape(`${HEAD}.scales`, 331, 6),
    'bad_file',
    /lm_head\.scales.*\[331, 6\]/,
  ],
  ['other biases than scales', V2_MLX, reshape(`${HEAD}.biases`, 331, 2), 'bad_file', /lm_head\.biases/],
  ['no biases', V2_MLX, remove(`${HEAD}.biases`), 'not_found', /lm_head\.biases/],
  [
    'scales of bytes',
    V2_MLX,
    retype(`${HEAD}.scales`, 'U8'),
    'unsupported',
    /lm_head\.scales is stored as U8/,
  ],
  [
    'codes of floats',
    V2_MLX,
    retype(`${HEAD}.weight`, 'F64'),
    'unsupported',
    /lm_head\.weight is stored as F64/,
  ],
  ['no scales', V2_MLX, remove(`${HEAD}.scales`), 'unsupported', /lm_head\.weight is stored as U32/],
  [
    'a stack of fewer experts',
    V2_MLX,
    reshape(`${STACK}.weight`, 6, 192, 8),
    'bad_file',
    /switch_mlp.*stack of 7/,
  ],
  ['a stack of no dimensions', V2_MLX, reshape(`${STACK}.scales`), 'bad_file', /switch_mlp.*stack of 7/],
  ['a stack of empty experts', V2_MLX, reshape(`${STACK}.weight`, 7, 0), 'bad_file', /down_proj.*\[0\]/],
  ['one half of kv_b_proj', V3_MLX, remove(`${EMBED_Q}.weight`), 'not_found', /embed_q/],
  [
    'a half of other heads',
    V3_MLX,
    reshape(`${EMBED_Q}.weight`, 4, 64, 16),
    'bad_file',
    /embed_q.*stack of 3/,
  ],
  [
    'a half that is not transposed',
    V3_MLX,
    reshape(`${EMBED_Q}.weight`, 3, 16, 64),
    'bad_file',
    /embed_q.*\[16, 64\]/,
  ],
  [
    'packed codes that fit no scheme',
    CT_INT4,
    reshape(`${EXPERT}.weight_packed`, 192, 6),
    'bad_file',
    /fits no scheme/,
  ],
  [
    'scales that fit no scheme',
    CT_INT4,
    reshape(`${EXPERT}.weight_scale`, 192, 1),
    'bad_file',
    /fits no scheme/,
  ],
  [
    'zero points of a symmetric scheme',
    CT_INT4,
    (tensors) => {
      tensors[`${EXPERT}.weight_zero_point`] = zeroTensor('I32', 24, 2)
    },
    'bad_file',
    /zero points fits no scheme/,
  ],
  ['no packed codes', CT_INT4, remove(`${EXPERT}.weight_packed`), 'not_found', /down_proj\.weight/],
  [
    'a shape of three numbers',
    CT_INT4,
    (tensors) => {
      tensors[`${EXPERT}.weight_shape`] = zeroTensor('I64', 3)
    },
    'bad_file',
    /weight_shape/,
  ],
  [
    'FP8 scales for half the rows',
    CT_FP8,
    reshape(`${O_PROJ}.weight_scale`, 96, 1),
    'bad_file',
    /weight_scale.*\[96, 1\]/,
  ],
  [
    'FP8 that is bytes',
    CT_FP8,
    retype(`${O_PROJ}.weight`, 'U8'),
    'unsupported',
    /o_proj\.weight is stored as U8/,
  ],
  ['GPTQ codes of 8 bits', GPTQ, reshape(`${Q_PROJ}.qweight`, 48, 192), 'bad_file', /qweight.*\[48, 192\]/],
  ['GPTQ zeros of other groups', GPTQ, reshape(`${Q_PROJ}.qzeros`, 6, 24), 'bad_file', /qzeros/],
  ['GPTQ without zeros', GPTQ, remove(`${Q_PROJ}.qzeros`), 'not_found', /qzeros/],
  ['an order of other columns', GPTQ, reshape(`${Q_PROJ}.g_idx`, 191), 'bad_file', /g_idx/],
  ['AWQ codes that lie as in GPTQ', AWQ, reshape(`${O_PROJ}.qweight`, 24, 192), 'bad_file', /qweight/],
]

describe('a quantised folder', () => {
  it.each(CONTRADICTIONS)('with %s is refused', async (_, files, change, code, message) => {
    expect(await failureOf(withTensors(files, change))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  const mlx = { group_size: 64, bits: 4 }
  const CONFIGS: [string, ModelFiles, object, string, RegExp][] = [
    [
      'no quantisation in its config',
      V2_MLX,
      { quantization: null, quantization_config: null },
      'bad_file',
      /scales of a weight/,
    ],
    ['other bits in its config', V2_MLX, both({ ...mlx, bits: 8 }), 'bad_file', /requires/],
    [
      'an override that its scales contradict',
      V2_MLX,
      both({ ...mlx, lm_head: false }),
      'bad_config',
      /lm_head is not quantised/,
    ],
    [
      'an override of other bits',
      V2_MLX,
      both({ ...mlx, lm_head: { ...mlx, bits: 3 } }),
      'bad_file',
      /lm_head\.weight/,
    ],
    [
      'another method in its config',
      GPTQ,
      { quantization_config: { quant_method: 'awq', bits: 4, group_size: 64 } },
      'bad_file',
      /qweight/,
    ],
  ]
  it.each(CONFIGS)('with %s is refused', async (_, files, config, code, message) => {
    expect(await failureOf(withConfig(files, { ...config }))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('that ignores a module by name, but has it quantised, is refused', async () => {
    const text = CT_FP8['config.json']
    const config = JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text))
    const { quantization_config } = config
    const ignoring = { ...quantization_config, ignore: ['lm_head', O_PROJ] }
    expect(await failureOf(withConfig(CT_FP8, { quantization_config: ignoring }))).toMatchObject({
      code: 'bad_config',
      message: expect.stringContaining(O_PROJ),
    })
  })
})

const both = (quantization: object) => ({ quantization, quantization_config: quantization })
