// Contracts of shaders/bench: the roofline ceilings that kernels are compared with.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

const step = uniform('Step')

export const streamRead = defineKernel({
  path: 'bench/stream_read',
  bindings: { step, words: read('vec4<u32>'), sums: write('u32') },
  constants: ['COUNT', 'VEC4S_PER_INVOCATION', 'CONTIGUOUS', 'WORKGROUP'],
})

export const matvecCeiling = defineKernel({
  path: 'bench/matvec_ceiling',
  bindings: {
    step,
    x: read('vec4<f32>'),
    weights: read('vec4<u32>'),
    sums: write('f32'),
  },
  constants: [
    'IN',
    'OUT',
    'LANES',
    'ROWS_PER_INVOCATION',
    'STRIDE',
    'SCALES',
    'SCALE_STRIDE',
    'BLOCK_ROWS',
    'BLOCK_COLS',
    'SCALE_TYPE',
    'WORKGROUP',
  ],
})

export const matmulCeiling = defineKernel({
  path: 'bench/matmul_ceiling',
  bindings: {
    step,
    x: read('vec4<f32>'),
    weights: read('vec4<f32>'),
    y: write('vec4<f32>'),
  },
  constants: ['IN', 'OUT', 'ROWS', 'WORKGROUP'],
})
