// Contract of shaders/embed: embedding lookup.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const embed = defineKernel({
  path: 'embed/embed',
  bindings: {
    step: uniform('Step'),
    ids: read('u32'),
    weights: read('vec4<u32>'),
    x: write('f32'),
  },
  constants: [
    'HIDDEN',
    'STRIDE',
    'SCALES',
    'SCALE_STRIDE',
    'BLOCK_ROWS',
    'BLOCK_COLS',
    'SCALE_TYPE',
    'FIRST',
    'COUNT',
    'FACTOR',
    'WORKGROUP',
  ],
})
