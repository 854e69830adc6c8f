// Contracts of shaders/sample: penalties, sampling and log-probabilities.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const adjustLogits = defineKernel({
  path: 'sample/adjust_logits',
  bindings: {
    step: uniform('Step'),
    logits: read('f32', '[VOCAB]'),
    counts: read('u32', '[VOCAB]'),
    biases: read('u32', '[entries, 2]'),
    adjusted: write('f32', '[VOCAB]'),
  },
  constants: ['VOCAB', 'WORKGROUP'],
})

export const sampleToken = defineKernel({
  path: 'sample/sample_token',
  bindings: {
    step: uniform('Step'),
    adjusted: read('f32', '[VOCAB]'),
    counts: write('u32', '[VOCAB]'),
    token: write('u32', '[1]'),
    result: write('u32', '[64]'),
  },
  constants: ['VOCAB'],
})

export const topLogprobs = defineKernel({
  path: 'sample/top_logprobs',
  bindings: {
    step: uniform('Step'),
    logits: read('f32', '[VOCAB]'),
    result: write('u32', '[64]'),
  },
  constants: ['VOCAB'],
})
