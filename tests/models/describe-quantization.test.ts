// Tests of describeQuantization: the methods that are read, and by name those that are not.
import { describe, expect, it } from 'vitest'
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'
import { HadalError } from '../../src/lib/error.ts'
import { Notices } from '../../src/lib/notices.ts'
import { describeModel } from '../../src/models/describe.ts'
import { INTEGER_METHODS } from '../../src/models/describe-integers.ts'
import type { StoredQuantization } from '../../src/models/spec.ts'

const BASE = PUBLISHED_CONFIGS['V2-Lite']

/** The quantisation of a config with these keys; notices are not expected. */
function quantizationOf(keys: object): StoredQuantization {
  const notices = new Notices()
  const { quantization } = describeModel({ ...BASE, ...keys }, notices, INTEGER_METHODS)
  expect(notices.texts).toEqual([])
  return quantization
}

function errorOf(keys: object): HadalError {
  try {
    describeModel({ ...BASE, ...keys }, undefined, INTEGER_METHODS)
  } catch (error) {
    if (error instanceof HadalError) return error
    throw error
  }
  throw new Error('was accepted')
}

const MLX = { group_size: 64, bits: 4 }

describe('MLX', () => {
  it('is read from `quantization`, overrides by module included, with or without its copy', () => {
    const quantization = {
      ...MLX,
      mode: 'affine',
      lm_head: { group_size: 32, bits: 6 },
      'model.layers.0.self_attn.o_proj': false,
      'model.layers.1.self_attn.o_proj': true,
    }
    const sorted = Object.fromEntries(Object.entries(quantization).sort().reverse())
    for (const copy of [undefined, quantization, sorted]) {
      expect(quantizationOf({ quantization, ...(copy && { quantization_config: copy }) })).toEqual({
        method: 'mlx',
        everywhere: { bits: 4, groupSize: 64 },
        overrides: new Map<string, unknown>([
          ['lm_head', { bits: 6, groupSize: 32 }],
          ['model.layers.0.self_attn.o_proj', false],
        ]),
        symmetric: false,
      })
    }
  })

  const REFUSED: [string, object, string, RegExp][] = [
    ['7 bits', { quantization: { ...MLX, bits: 7 } }, 'unsupported', /quantization\.bits is 7/],
    ['groups of 48', { quantization: { ...MLX, group_size: 48 } }, 'unsupported', /group_size is 48/],
    ['no bits', { quantization: { group_size: 64 } }, 'unsupported', /bits is missing/],
    ['nvfp4', { quantization: { group_size: 16, bits: 4, mode: 'nvfp4' } }, 'unsupported', /"nvfp4"/],
    ['mxfp4', { quantization: { group_size: 32, bits: 4, mode: 'mxfp4' } }, 'unsupported', /"mxfp4"/],
    ['mxfp8', { quantization: { group_size: 32, bits: 8, mode: 'mxfp8' } }, 'unsupported', /"mxfp8"/],
    ['a text', { quantization: 'mlx' }, 'bad_config', /quantization must be an object/],
    [
      'an override that is a number',
      { quantization: { ...MLX, lm_head: 4 } },
      'bad_config',
      /lm_head must be/,
    ],
    [
      'an empty override',
      { quantization: { ...MLX, lm_head: {} } },
      'unsupported',
      /lm_head\.bits is missing/,
    ],
    [
      'an override in mxfp4',
      { quantization: { ...MLX, lm_head: { ...MLX, mode: 'mxfp4' } } },
      'unsupported',
      /lm_head\.mode is "mxfp4"/,
    ],
    [
      'a copy that differs',
      { quantization: MLX, quantization_config: { ...MLX, bits: 8 } },
      'bad_config',
      /quantization_config must repeat/,
    ],
    [
      'another method beside it',
      { quantization: MLX, quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] } },
      'bad_config',
      /quantization_config must repeat/,
    ],
  ]
  it.each(REFUSED)('refuses %s', (_, keys, code, message) => {
    expect(errorOf(keys)).toMatchObject({ code, message: expect.stringMatching(message) })
  })
})

const WEIGHTS = {
  num_bits: 4,
  type: 'int',
  symmetric: true,
  strategy: 'group',
  group_size: 32,
  dynamic: false,
}

/** A compressed-tensors config with one group. */
const compressed = (weights: object, more: object = {}) => ({
  quantization_config: {
    quant_method: 'compressed-tensors',
    format: 'pack-quantized',
    quantization_status: 'compressed',
    config_groups: {
      group_0: { targets: ['Linear'], weights: { ...WEIGHTS, ...weights }, input_activations: null },
    },
    ignore: ['lm_head', 're:.*self_attn.*'],
    sparsity_config: {},
    transform_config: {},
    kv_cache_scheme: null,
    version: '0.12.2',
    ...more,
  },
})

const INT4 = { type: 'int', bits: 4, groupSize: 32, symmetric: true, block: undefined }

describe('compressed-tensors', () => {
  it('is read without evaluating its patterns', () => {
    const hostile = 're:(a+)+$'
    expect(quantizationOf(compressed({}, { ignore: ['lm_head', hostile] }))).toEqual({
      method: 'compressed-tensors',
      schemes: [INT4],
      ignored: new Set(['lm_head']),
    })
  })

  const READ: [string, object, object[]][] = [
    ['asymmetric', compressed({ symmetric: false, actorder: 'weight' }), [{ ...INT4, symmetric: false }]],
    [
      'by row',
      compressed({ num_bits: 8, strategy: 'channel', group_size: null }),
      [{ ...INT4, bits: 8, groupSize: undefined }],
    ],
    [
      'by row, without a strategy',
      compressed({ strategy: undefined, group_size: -1 }),
      [{ ...INT4, groupSize: undefined }],
    ],
    [
      'FP8 in blocks',
      compressed(
        { num_bits: 8, type: 'float', strategy: 'block', group_size: null, block_structure: '128x128' },
        { format: 'float-quantized' },
      ),
      [{ ...INT4, type: 'float', bits: 8, groupSize: undefined, block: { rows: 128, cols: 128 } }],
    ],
    ['a preset', compressed({}, { config_groups: { W4A16: ['Linear'] } }), [{ ...INT4, groupSize: 128 }]],
    [
      'mixed formats',
      compressed(
        {},
        {
          format: 'mixed-precision',
          config_groups: {
            group_0: { targets: [], format: 'pack-quantized', weights: WEIGHTS },
            group_1: {
              targets: [],
              format: 'float-quantized',
              weights: { num_bits: 8, type: 'float', strategy: 'channel' },
            },
          },
        },
      ),
      [INT4, { ...INT4, type: 'float', bits: 8, groupSize: undefined }],
    ],
  ]
  it.each(READ)('reads %s', (_, keys, schemes) => {
    expect(quantizationOf(keys)).toMatchObject({ schemes })
  })

  const REFUSED: [string, object, string, RegExp][] = [
    ['3 bits', compressed({ num_bits: 3 }), 'unsupported', /num_bits is 3/],
    ['act-order', compressed({ actorder: 'group' }), 'unsupported', /actorder is "group"/],
    ['groups of 16', compressed({ group_size: 16 }), 'unsupported', /group_size is 16/],
    ['groups of 0', compressed({ group_size: 0 }), 'unsupported', /group_size is 0/],
    ['nvfp4', compressed({}, { format: 'nvfp4-pack-quantized' }), 'unsupported', /"nvfp4-pack-quantized"/],
    ['mxfp4', compressed({}, { format: 'mxfp4-pack-quantized' }), 'unsupported', /"mxfp4-pack-quantized"/],
    ['mxfp8', compressed({}, { format: 'mxfp8-quantized' }), 'unsupported', /"mxfp8-quantized"/],
    ['marlin', compressed({}, { format: 'marlin-24' }), 'unsupported', /"marlin-24"/],
    [
      'a sparse model',
      compressed({}, { sparsity_config: { format: 'sparse-24-bitmask' } }),
      'unsupported',
      /sparse/,
    ],
    [
      'rotations',
      compressed({}, { transform_config: { config_groups: { u: {} } } }),
      'unsupported',
      /transform_config/,
    ],
    [
      'an unfinished one',
      compressed({}, { quantization_status: 'calibration' }),
      'unsupported',
      /"calibration"/,
    ],
    ['no groups', compressed({}, { config_groups: null }), 'bad_config', /config_groups must be an object/],
    ['another preset', compressed({}, { config_groups: { NVFP4: ['Linear'] } }), 'unsupported', /NVFP4/],
    [
      'a group that is a number',
      compressed({}, { config_groups: { group_0: 4 } }),
      'unsupported',
      /group_0 is 4/,
    ],
    [
      'asymmetric FP8',
      compressed(
        { num_bits: 8, symmetric: false, type: 'float', strategy: 'channel' },
        { format: 'float-quantized' },
      ),
      'unsupported',
      /symmetric is false/,
    ],
    [
      'blocks without a size',
      compressed({ num_bits: 8, type: 'float', strategy: 'block' }, { format: 'float-quantized' }),
      'bad_config',
      /block_structure/,
    ],
    [
      'an ignore that is no list',
      compressed({}, { ignore: 'lm_head' }),
      'bad_config',
      /ignore must be a list/,
    ],
  ]
  it.each(REFUSED)('refuses %s', (_, keys, code, message) => {
    expect(errorOf(keys)).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('refuses more schemes than it would compare with every matrix', () => {
    const groups = Array.from({ length: 65 }, (_, i) => ({
      weights: { ...WEIGHTS, group_size: 32 * i + 32 },
    }))
    expect(errorOf(compressed({}, { config_groups: { ...groups } })).message).toMatch(/at most 64/)
  })
})

const GPTQ = { quant_method: 'gptq', bits: 4, group_size: 128, desc_act: false, sym: true, dynamic: {} }
const AWQ = { quant_method: 'awq', bits: 4, group_size: 128, version: 'gemm', zero_point: true }
const config = (quantization_config: object) => ({ quantization_config })

describe('FP8, GPTQ and AWQ', () => {
  const READ: [string, object, StoredQuantization][] = [
    [
      'FP8 without blocks',
      { quant_method: 'fp8', weight_block_size: null, activation_scheme: 'static' },
      { method: 'fp8', block: undefined },
    ],
    ['GPTQ', GPTQ, { method: 'gptq', groups: { bits: 4, groupSize: 128 }, zeroOffset: 1 }],
    [
      'GPTQ of version 2',
      { ...GPTQ, bits: 8, checkpoint_format: 'gptq_v2' },
      { method: 'gptq', groups: { bits: 8, groupSize: 128 }, zeroOffset: 0 },
    ],
    [
      'GPTQ by row, whose order means nothing',
      { ...GPTQ, group_size: -1, desc_act: true },
      { method: 'gptq', groups: { bits: 4, groupSize: undefined }, zeroOffset: 1 },
    ],
    [
      'AWQ',
      { ...AWQ, modules_to_not_convert: ['kv_b_proj'] },
      { method: 'awq', groups: { bits: 4, groupSize: 128 } },
    ],
  ]
  it.each(READ)('reads %s', (_, keys, quantization) => {
    expect(quantizationOf(config(keys))).toEqual(quantization)
  })

  const REFUSED: [string, object, RegExp][] = [
    ['act-order', { ...GPTQ, desc_act: true }, /desc_act is true/],
    ['GPTQ of 3 bits', { ...GPTQ, bits: 3 }, /bits is 3/],
    ['GPTQ with modules of their own', { ...GPTQ, dynamic: { '+:.*': { bits: 8 } } }, /dynamic/],
    ['marlin', { ...GPTQ, checkpoint_format: 'marlin' }, /"marlin"/],
    ['AWQ gemv', { ...AWQ, version: 'gemv' }, /"gemv"/],
    ['AWQ without zero points', { ...AWQ, zero_point: false }, /zero_point is false/],
    ['e5m2', { quant_method: 'fp8', fmt: 'e5m2' }, /"e5m2"/],
  ]
  it.each(REFUSED)('refuses %s and names what would work', (_, keys, message) => {
    expect(errorOf(config(keys))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('MLX'),
    })
  })
})
