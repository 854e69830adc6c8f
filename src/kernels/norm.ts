// Contracts of shaders/norm: RMSNorm, of one input and of two side by side.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const rmsNorm = defineKernel({
  path: 'norm/rms_norm',
  bindings: {
    step: uniform('Step'),
    x: read('vec4<f32>'),
    weight: read('vec4<f32>'),
    y: write('vec4<f32>'),
  },
  constants: ['HIDDEN', 'X_STRIDE', 'EPSILON', 'FACTOR', 'LAST', 'WORKGROUP'],
})

export const rmsNormPair = defineKernel({
  path: 'norm/rms_norm_pair',
  bindings: {
    step: uniform('Step'),
    first: read('f32'),
    first_weight: read('f32'),
    second: read('f32'),
    second_weight: read('f32'),
    y: write('f32'),
  },
  constants: ['HIDDEN', 'EPSILON', 'WORKGROUP'],
})
