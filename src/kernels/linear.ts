// Answers: what are the contracts of shaders/linear? It must not know which projection of a model they serve.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

const bindings = {
  step: uniform('Step'),
  x: read('vec4<f32>', '[tokens, IN]'),
  weights: read('vec4<u32>', '[OUT, IN]'),
  y: write('f32', '[tokens, Y_STRIDE]'),
}
const constants = [
  'IN',
  'OUT',
  'Y_STRIDE',
  'STRIDE',
  'SCALES',
  'SCALE_STRIDE',
  'BLOCK_ROWS',
  'BLOCK_COLS',
  'ACCUMULATE',
  'WORKGROUP',
] as const

export const linearDecode = defineKernel({
  path: 'linear/linear_decode',
  bindings,
  constants: [...constants, 'LANES'],
  slots: ['weights', 'rows', 'share'],
})

export const linearPrefill = defineKernel({
  path: 'linear/linear_prefill',
  bindings,
  constants,
  slots: ['weights', 'products'],
})
