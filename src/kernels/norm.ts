// Contract of shaders/norm: RMSNorm.
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
