// Contract of shaders/activation: SwiGLU.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const swiglu = defineKernel({
  path: 'activation/swiglu',
  bindings: {
    step: uniform('Step'),
    x: read('f32'),
    y: write('f32'),
  },
  constants: ['INTERMEDIATE', 'UP', 'X_STRIDE', 'WORKGROUP'],
})
