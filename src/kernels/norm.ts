// Contract of shaders/norm: RMSNorm.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const rmsNorm = defineKernel({
  path: 'norm/rms_norm',
  bindings: {
    step: uniform('Step'),
    x: read('vec4<f32>', '[tokens, X_STRIDE]'),
    weight: read('vec4<f32>', '[HIDDEN]'),
    y: write('vec4<f32>', '[tokens, HIDDEN]'),
  },
  constants: ['HIDDEN', 'X_STRIDE', 'EPSILON', 'LAST', 'WORKGROUP'],
  slots: ['reduce'],
})
