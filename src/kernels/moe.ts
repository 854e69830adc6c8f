// Contracts of shaders/moe: routing and experts.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

const MATRIX = ['STRIDE', 'SCALES', 'SCALE_STRIDE', 'BLOCK_ROWS', 'BLOCK_COLS', 'SCALE_TYPE'] as const
const EXPERTS = [
  'HIDDEN',
  'EXPERTS',
  'TOP_K',
  'INTERMEDIATE',
  'SHARED_INTERMEDIATE',
  'INTERMEDIATE_STRIDE',
  'SHARED_SCALES',
  'FIRST_BANK',
] as const
const UP = [...MATRIX, ...EXPERTS, 'UP', 'SHARED_UP'] as const
const DOWN = [...MATRIX, ...EXPERTS, 'SHARED_STRIDE', 'SHARED_SCALE_STRIDE'] as const
const GROUPED = ['TILES', 'MAX_TOKENS'] as const

const step = uniform('Step')
const routed = read('u32')
const grouped = read('u32')
const slots = read('u32')
const bank = read('vec4<u32>')
const BANKS = { weights0: bank, weights1: bank, weights2: bank, weights3: bank }

export const routeLogits = defineKernel({
  path: 'moe/route_logits',
  bindings: {
    step,
    x: read('vec4<f32>'),
    norm: read('vec4<f32>'),
    weights: read('vec4<u32>'),
    normed: write('vec4<f32>'),
    logits: write('f32'),
  },
  constants: [...MATRIX, 'HIDDEN', 'EPSILON', 'EXPERTS', 'PER_GROUP', 'WORKGROUP'],
})

export const route = defineKernel({
  path: 'moe/route',
  bindings: {
    step,
    logits: read('f32'),
    bias: read('f32'),
    route: write('u32'),
  },
  constants: [
    'EXPERTS',
    'TOP_K',
    'GROUPS',
    'TOP_GROUPS',
    'SIGMOID',
    'GROUP_TOP2',
    'NORM_TOPK_PROB',
    'SCALE',
    'WORKGROUP',
  ],
})

export const expertUpDecode = defineKernel({
  path: 'moe/expert_up_decode',
  bindings: {
    step,
    x: read('vec4<f32>'),
    route: routed,
    slots,
    inner: write('f32'),
    ...BANKS,
  },
  constants: [...UP, 'WORKGROUP', 'LANES'],
})

export const expertDownDecode = defineKernel({
  path: 'moe/expert_down_decode',
  bindings: {
    step,
    inner: read('vec4<f32>'),
    route: routed,
    slots,
    y: write('f32'),
    ...BANKS,
  },
  constants: [...DOWN, 'WORKGROUP', 'LANES'],
})

export const groupTokens = defineKernel({
  path: 'moe/group_tokens',
  bindings: { step, route: routed, grouped: write('u32') },
  constants: ['EXPERTS', 'TOP_K', 'SHARED_INTERMEDIATE', ...GROUPED, 'TILE_ROWS', 'WORKGROUP'],
})

export const expertUpPrefill = defineKernel({
  path: 'moe/expert_up_prefill',
  bindings: {
    step,
    x: read('vec4<f32>'),
    grouped,
    slots,
    inner: write('f32'),
    ...BANKS,
  },
  constants: [...UP, ...GROUPED],
  slicedAlong: 'x',
})

export const expertDownPrefill = defineKernel({
  path: 'moe/expert_down_prefill',
  bindings: {
    step,
    inner: read('vec4<f32>'),
    grouped,
    slots,
    output: write('f32'),
    ...BANKS,
  },
  constants: [...DOWN, ...GROUPED],
  slicedAlong: 'x',
})

export const combineExperts = defineKernel({
  path: 'moe/combine_experts',
  bindings: {
    step,
    output: read('f32'),
    route: routed,
    grouped,
    y: write('f32'),
  },
  constants: ['HIDDEN', 'TOP_K', 'SHARED_INTERMEDIATE', ...GROUPED, 'WORKGROUP'],
})
